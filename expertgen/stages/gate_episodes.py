"""Episode stores as gates judge them: reading them in the meaning of benchmarks.observation."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from expertgen.benchmarks import TASKS
from expertgen.data.episodes import EpisodeStore
from expertgen.env import WORKSPACE
from expertgen.gates import expect_episodes as expect
from expertgen.gates.measure_motion import ArmLimits
from expertgen.gates.table_episodes import IDS, episode_table, unreadable_table
from expertgen.gates.verdict import Part
from expertgen.params import Params
from expertgen.stages.gate_recordings import recordings, unlike
from expertgen.stages.gate_seeds import seed_uses

_IMAGE = re.compile(r"image_(.+)")


def demos_parts(params: Params, task: str, directory: Path) -> list[Part]:
    """The store of demonstrations in `directory`, every byte checked. Raises MissingInput, CorruptArtifact."""
    store = EpisodeStore.open(directory)
    expected = expect.demos(params.gates.demos, params.simulation.episode_steps)
    return [Part("episodes", _table(params, task, store, []), tuple(IDS), expected)]


def rollouts_parts(params: Params, task: str, directory: Path) -> list[Part]:
    """The store of rollouts in `directory`, every byte checked. Raises MissingInput, CorruptArtifact."""
    store = EpisodeStore.open(directory)
    cameras = [match[1] for name in store.step_names if (match := _IMAGE.fullmatch(name))]
    expected = expect.rollouts(params.gates.rollouts, params.simulation.episode_steps, cameras)
    table = expect.abrupt(expected, _table(params, task, store, cameras, objects=True))
    return [Part("episodes", table, tuple(IDS), expected)]


def _table(
    params: Params, task: str, store: EpisodeStore, cameras: list[str], objects: bool = False
) -> pd.DataFrame:
    benchmark = TASKS[task]
    problem = unlike(store.directory, benchmark.num_objects, cameras, objects)
    if problem:
        seeds = store.read_episodes("seed") if "seed" in store.episode_names else None
        return unreadable_table(store.num_episodes, seeds, problem)
    return episode_table(
        recordings(store.directory, benchmark, cameras, objects), benchmark.success,
        ArmLimits.panda(WORKSPACE), params.simulation.control_hz, seed_uses(params),
    )
