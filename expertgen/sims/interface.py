"""What every simulation engine offers: batched physics that knows nothing of reward, success or policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SimState:
    """Kinematic state of B environments; SI units, wxyz quaternions, base frame.

    joints (B, 7) rad, fingers (B, 2) m, each finger's opening from the middle plane whatever the gripper, objects
    (B, O, 7) position and quaternion, velocities (B, nv) in the engine's order.
    """

    joints: Array
    fingers: Array
    objects: Array
    velocities: Array


@dataclass(frozen=True)
class ChunkTrace:
    """State at the end of each of S control steps: joints (B, S, 7), fingers (B, S, 2), objects (B, S, O, 7)."""

    joints: Array
    fingers: Array
    objects: Array


@dataclass(frozen=True)
class Health:
    """ok (B,): False where the engine met NaN, divergence or an overflow; reasons name each such environment."""

    ok: NDArray[np.bool_]
    reasons: dict[int, str]


class Simulator(Protocol):
    """A batch of B copies of one scene. Results never depend on the number of threads."""

    num_envs: int
    control_dt: float
    fingers_open: float

    def reset(self, ids: NDArray[np.int64], joints: Array, fingers: Array, objects: Array) -> None:
        """Put environments `ids` (sorted, unique) at rest in the given state: (n, 7), (n, 2), (n, O, 7)."""

    def randomize(self, ids: NDArray[np.int64], fields: dict[str, NDArray[Any]]) -> None:
        """Set physical fields of environments `ids`; a field an engine does not know is an InvalidParameter."""

    def step(self, joint_targets: Array, gripper: Array) -> ChunkTrace:
        """Run S control steps: joint_targets (B, S, 7) rad, gripper (B, S) opening of one finger in m.

        Targets are approached linearly within each control step, from the last commanded one.
        """

    def push(self, forces: Array) -> None:
        """Apply forces (B, 3) N, base frame, to the gripper's base, in every later step until the next call; `reset`
        ends the force on what it resets, and `save` keeps it."""

    def state(self) -> SimState:
        """The current kinematic state."""

    def jacobian(self) -> Array:
        """(B, 6, 7) Jacobian of the tool centre point."""

    def health(self) -> Health:
        """What went wrong since the last reset of each environment."""

    def save(self) -> dict[str, NDArray[Any]]:
        """Everything needed to go on bit for bit, as arrays with leading dimension B; of a model that `randomize`
        has changed, all but those changes."""

    def restore(self, saved: dict[str, NDArray[Any]]) -> None:
        """Go back to what `save` returned."""

    def render(self, env: int, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """(height, width, 3) image of one environment."""
