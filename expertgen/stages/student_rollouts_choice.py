"""Which of a student's episodes are released: by the rules of the expert's release and the gate of its rollouts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.env import WORKSPACE
from expertgen.errors import MissingInput
from expertgen.gates import expect_episodes as expect
from expertgen.gates.measure_motion import ArmLimits
from expertgen.gates.recording import Recording
from expertgen.gates.table_episodes import episode_table
from expertgen.metrics.wilson import Rate
from expertgen.params import Params
from expertgen.rollout import Episodes
from expertgen.stages.demos_shard import shard_arrays
from expertgen.stages.gate_recordings import _recording as recording  # the gate's own, so that both measure the same
from expertgen.stages.rollouts_shard import as_executed


@dataclass(frozen=True)
class Choice:
    """The numbers `released` of the episodes that were played; how many succeeded at their end, how many could not be
    simulated, and how many successes were left out as too abrupt."""

    released: list[int]
    success: Rate
    unhealthy: int
    abrupt: int


def choose(params: Params, task: str, episodes: Episodes, everything: bool) -> Choice:
    """The successes at the end that move no more abruptly than gates.rollouts allows; with `everything` all that could
    be simulated. Raises MissingInput where that is none."""
    healthy, succeeded = episodes.healthy, episodes.success_end & episodes.healthy
    left_out = np.zeros_like(healthy) if everything else succeeded & _abrupt(params, task, episodes)
    released = healthy if everything else succeeded & ~left_out
    if not released.any():
        what = "could be simulated" if everything else "succeeded at its end and moved as a robot may"
        more = "" if everything else ", or keep failures too with --all"
        raise MissingInput(
            f"there is nothing to release: of {len(healthy)} episodes of the student none {what}. Take more "
            f"--episodes, teach it longer{more}."
        )
    return Choice([int(index) for index in released.nonzero()[0]], Rate.of(succeeded), int((~healthy).sum()),
                  int(left_out.sum()))  # fmt: skip


def _abrupt(params: Params, task: str, episodes: Episodes) -> NDArray[np.bool_]:
    expected = expect.rollouts(params.gates.rollouts, params.simulation.episode_steps, [])
    table = episode_table(_recordings(task, episodes), TASKS[task].success, ArmLimits.panda(WORKSPACE),
                          params.simulation.control_hz, {})  # fmt: skip
    return (expect.abrupt(expected, table)[expect.ABRUPT] == 1).to_numpy()


def _recordings(task: str, episodes: Episodes) -> Iterator[Recording]:
    steps, marks, ends = shard_arrays(episodes)
    steps["action"] = as_executed(steps["action"])
    for number, (start, stop) in enumerate(pairwise([0, *ends.tolist()])):
        yield recording({name: array[start:stop] for name, array in steps.items()},
                        {name: array[number] for name, array in marks.items()}, {}, TASKS[task])  # fmt: skip
