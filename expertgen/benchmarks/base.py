"""What a task is: a scene, where it starts, what is observed, what counts as success, and how a script does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Start:
    """One start: joints (7,) rad, fingers (2,) m opening, objects (O, 7) position and wxyz quaternion, base frame."""

    joints: Array
    fingers: Array
    objects: Array


@dataclass(frozen=True)
class Benchmark:
    """A task, as pure functions.

    `condition` is success in words, as reports state it: a phrase that says what holds of the objects.
    Objects are all bodies that matter, O = num_objects: free ones first; where `articulated`, the last two are an
    articulated object (its base, whose x axis points out of its front and whose origin is where the closed part is
    grasped) and its sliding part.

    add_objects(spec) puts the task's objects into an MjSpec. reset_distribution(generator) draws a Start.
    success(objects (B, S, O, 7), start (B, O, 7)) -> (B, S) judges object poses against their start poses.
    script(env) is the scripted policy, written against expertgen.skills. start_pose(objects (B, O, 7)) gives
    the x, y (m) and yaw (rad) by which success maps are drawn.
    """

    name: str
    index: int
    instruction: str
    condition: str
    num_objects: int
    add_objects: Callable[[Any], None]
    reset_distribution: Callable[[np.random.Generator], Start]
    success: Callable[[Array, Array], NDArray[np.bool_]]
    script: Callable[[Any], None]
    start_pose: Callable[[Array], Array]
    articulated: bool = False
    grasp_symmetry: float = np.pi

    @property
    def num_free(self) -> int:
        """How many of the objects move freely."""
        return self.num_objects - 2 * self.articulated

    @property
    def frames(self) -> tuple[int, ...]:
        """In whose frames a learner may see the tool: 0 and 1 for the objects that the observation holds, 2 for the
        articulated one's part."""
        return (*range(min(self.num_free, 2)), *([2] if self.articulated else []))


# Length of the one-hot task index in the priors of ExpertGen's eight AnyTask tasks. A task of a higher index has a
# longer one of its own, and the shape of the others' checkpoints stays.
TASK_SLOTS = 8
