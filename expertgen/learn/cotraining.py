"""A student goes on learning, from simulated samples and real ones in one batch (Ankile et al. 2024, 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.learn.dagger import Dagger
from expertgen.learn.sample_memory import SampleMemory
from expertgen.params import CotrainParams, DistillParams, StudentParams
from expertgen.policies.student import NORMALISERS, StudentPolicy

_PLACES = 2**40  # so many that what is left of a place by division falls evenly on all samples


class MixedMemory(SampleMemory):
    """Goes on with the files of `simulated`; what is drawn from it holds a fixed share of `real` samples (fields as in
    a SampleMemory, R each), which stay in memory and are never given way to."""

    def __init__(self, simulated: SampleMemory, real: Mapping[str, NDArray[Any]], share: float) -> None:
        """`share` in [0, 1); above 0 there is at least one real sample in a batch. With 0 `real` is never read."""
        self.directory, self.capacity, self.seed = simulated.directory, simulated.capacity, simulated.seed
        self.inserted, self.found, self._files = simulated.inserted, simulated.found, simulated._files
        self._real, self._share = real, share
        if share > 0 and not len(real.get("chunk", ())):
            raise ValueError("a share of real samples, and none of them")

    def __len__(self) -> int:
        """Places to draw from, far more than samples."""
        return _PLACES if self.inserted else 0

    def reals(self, count: int) -> int:
        """How many of a batch of `count` samples are real."""
        return min(count, max(1, round(self._share * count))) if self._share > 0 else 0

    def draw(self, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """The samples in these places, each field (n, *shape); the first `reals(n)` of them are real."""
        split = self.reals(len(rows))
        kept = super().draw(np.sort(rows[split:] % super().__len__()))
        if not split:
            return kept
        places = rows[:split] % len(self._real["chunk"])
        return {name: np.concatenate([self._real[name][places].astype(kept[name].dtype, copy=False), kept[name]])
                for name in kept}  # fmt: skip


def cotraining(
    student: StudentPolicy, distill: DistillParams, cotrain: CotrainParams, params: StudentParams,
    seen: tuple[int, ...], directory: Path, seed: int, real: Mapping[str, NDArray[Any]],
) -> Dagger:  # fmt: skip
    """A Dagger that begins where `student` is: its weights, its normalisers, an optimiser at rest.

    `insert` simulated samples, then `finish`: `cotrain.updates` updates, the learning rate falling from
    `cotrain.learning_rate` to zero along a cosine, with `real` samples in each batch. The rest is as `distill` says.
    """
    lessons = replace(
        distill, samples=cotrain.samples, memory=cotrain.samples, final_updates=cotrain.updates,
        learning_rate=cotrain.learning_rate,
    )  # fmt: skip
    dagger = Dagger(lessons, params, student.config, student.vision, seen, directory, seed)
    weights = student.network.state_dict()
    dagger.network.load_state_dict(weights)
    dagger.average.load_state_dict(weights, 0)
    dagger.normalisers = {name: getattr(student, f"{name}_normaliser") for name in NORMALISERS}
    dagger.memory = MixedMemory(dagger.memory, real, cotrain.real_share)
    return dagger
