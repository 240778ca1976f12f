"""The tabletop scene: arm, gripper, table, lights and cameras, and whatever objects a task adds."""

from __future__ import annotations

from collections.abc import Callable

import mujoco

from expertgen.errors import InvalidParameter
from expertgen.scenes.panda import add_panda
from expertgen.scenes.panda_hand import add_panda_hand
from expertgen.scenes.robotiq import add_robotiq
from expertgen.scenes.surroundings import CAMERAS, add_surroundings

__all__ = ["CAMERAS", "ROBOTS", "build_tabletop"]
# panda_hand is the default: it needs no further package, its bananas creep by 0.14 mm/s in a grasp where the Robotiq's
# do by 1.3, and its scene runs 1.6 times as fast. Success of the imperfect script is the same within the intervals
# (52 and 48 % of 256), of a well-aimed one 100 % with both; only without pose noise does the Robotiq's wider opening
# help (61 and 74 %). Measured by benchmarks/grippers.py, see reports/benchmarks/grippers.json.
ROBOTS: dict[str, Callable[[mujoco.MjSpec, mujoco.MjsBody], None]] = {
    "panda_hand": add_panda_hand,
    "panda_robotiq": add_robotiq,
}


def build_tabletop(
    robot: str, timestep: float, add_objects: Callable[[mujoco.MjSpec], None]
) -> mujoco.MjModel:
    """Compile the scene: `robot` names the gripper, `timestep` in s. The base frame is the world frame,
    its z = 0 the table's top."""
    if robot not in ROBOTS:
        raise InvalidParameter(f"simulation.robot: found {robot!r}, expected one of {sorted(ROBOTS)}.")
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    _engine(spec, timestep)
    add_surroundings(spec)
    ROBOTS[robot](spec, add_panda(spec))
    add_objects(spec)
    return spec.compile()


def _engine(spec: mujoco.MjSpec, timestep: float) -> None:
    option = spec.option
    option.timestep = timestep
    # implicitfast with an elliptic cone and impratio 10 holds a grasp with a creep of 0.14 mm a second; a pyramidal
    # cone lets it slip by centimetres.
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10
    option.iterations = 10
    # A diverged simulation must stay visible as such, not be reset in silence.
    option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
    # One constraint island per scene: finding islands costs more than it saves here.
    option.disableflags |= mujoco.mjtDisableBit.mjDSBL_ISLAND
