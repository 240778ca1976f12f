"""Which demonstrations a prior is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from expertgen.data.episodes import EpisodeStore
from expertgen.errors import MissingInput


@dataclass(frozen=True)
class Demonstrations:
    """The chosen of `of` episodes, one after the other: observations (N, 53), actions (N, 10), episode_ends (E,)."""

    observations: np.ndarray
    actions: np.ndarray
    episode_ends: np.ndarray
    of: int

    @property
    def episodes(self) -> int:
        return len(self.episode_ends)


def load_demonstrations(directory: Path, train_on: Literal["successes", "all"]) -> Demonstrations:
    """The episodes of the store in `directory` that succeed at their end, or all; never one that failed to simulate.

    Every byte is checked first. Raises MissingInput without a store or without such episodes, CorruptArtifact.
    """
    store = EpisodeStore.open(directory, verify=True)
    chosen = store.read_episodes("healthy").astype(bool)
    if train_on == "successes":
        chosen &= store.successes(at_end=True)
    if not chosen.any():
        raise MissingInput(_none(directory, store, train_on))
    lengths = store.lengths
    rows = np.repeat(chosen, lengths)
    return Demonstrations(
        store.read_steps("observation")[rows], store.read_steps("action")[rows], np.cumsum(lengths[chosen]),
        store.num_episodes,
    )


def _none(directory: Path, store: EpisodeStore, train_on: str) -> str:
    found = f"found no episode to train on among the {store.num_episodes} in {directory}"
    if train_on == "all":
        return f"{found}: the simulation of each failed. Take a smaller simulation.timestep and make them again."
    return (
        f"{found}, expected at least one that is a success at its end (prior.train_on: successes). Ease the script's "
        "flaws (script.*) or collect more (demos.episodes) and run `expertgen demos` again, or train on failures too "
        "(prior.train_on: all)."
    )
