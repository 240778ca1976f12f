"""The tabletop scene: arm, gripper, table, lights and cameras, and whatever objects a task adds."""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np

from expertgen.errors import InvalidParameter
from expertgen.scenes.panda import VISUAL_GROUP, add_panda
from expertgen.scenes.panda_hand import add_panda_hand

ROBOTS: dict[str, Callable[[mujoco.MjSpec, mujoco.MjsBody], None]] = {"panda_hand": add_panda_hand}


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
    _surroundings(spec)
    ROBOTS[robot](spec, add_panda(spec))
    add_objects(spec)
    return spec.compile()


def _engine(spec: mujoco.MjSpec, timestep: float) -> None:
    option = spec.option
    option.timestep = timestep
    # implicitfast with an elliptic cone and impratio 10 holds a grasp with a creep of micrometres per
    # second; a pyramidal cone lets it slip by centimetres.
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10
    option.iterations = 10
    # A diverged simulation must stay visible as such, not be reset in silence.
    option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
    # One constraint island per scene: finding islands costs more than it saves here.
    option.disableflags |= mujoco.mjtDisableBit.mjDSBL_ISLAND


def _surroundings(spec: mujoco.MjSpec) -> None:
    world = spec.worldbody
    world.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_BOX, pos=[0.35, 0, -0.05], size=[0.65, 0.6, 0.05],
        rgba=[0.62, 0.48, 0.36, 1], contype=1, conaffinity=3, condim=4, friction=[0.8, 0.005, 0.0001],
        group=VISUAL_GROUP,
    )
    world.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, pos=[0, 0, -0.8], size=[3, 3, 0.1],
        rgba=[0.75, 0.77, 0.8, 1], contype=0, conaffinity=0, group=VISUAL_GROUP,
    )
    world.add_light(pos=[0.6, -0.6, 1.8], dir=[-0.1, 0.4, -1], diffuse=[0.6, 0.6, 0.6], castshadow=True)
    world.add_light(pos=[1.2, 0.9, 1.5], dir=[-0.5, -0.6, -1], diffuse=[0.35, 0.35, 0.35], castshadow=False)
    spec.visual.headlight.ambient = [0.35, 0.35, 0.35]
    spec.visual.headlight.diffuse = [0.25, 0.25, 0.25]
    add_camera(world, "front", position=(1.25, -0.55, 0.75), target=(0.42, 0.0, 0.15), fovy=42)
    add_camera(world, "side", position=(0.5, 1.25, 0.55), target=(0.45, 0.0, 0.12), fovy=42)


def add_camera(body: mujoco.MjsBody, name: str, position: tuple, target: tuple, fovy: float) -> None:
    """Add a camera at `position` looking at `target` (m, frame of `body`), upright; `fovy` in degrees."""
    back = np.subtract(position, target) / np.linalg.norm(np.subtract(position, target))
    right = np.cross([0, 0, 1.0], back)
    right /= np.linalg.norm(right)
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, np.stack([right, np.cross(back, right), back], axis=-1).ravel())
    body.add_camera(name=name, pos=position, quat=quat, fovy=fovy)
