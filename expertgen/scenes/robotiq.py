"""The Robotiq 2F-85 on the Panda's flange, from the model in the gym-hil wheel where that is installed.

Its mass, linkage, tendon and actuator are the package's. Of its bodies only the pads, the fingers that carry them
and a box for the base touch anything: the other links lie behind these.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import mujoco

from expertgen.errors import MissingInput
from expertgen.scenes.panda import COLLISION_GROUP, VISUAL_GROUP

PACKAGE, VERSION, MODEL = "gym_hil", "0.1.14", "assets/panda.xml"
PREFIX = "robotiq_"  # of every name in the scene
LINKS = ("driver", "coupler", "spring_link", "follower")  # whose joints make up a finger
# m, tool centre point along z of the flange: the pads' tips move along an arc, from 1 mm above it when open to 11 mm
# below it when closed. That is where the Panda's fingertips end below theirs, so one script serves both.
TCP_OFFSET = 0.155
FINGER_FRICTION = [1.0, 0.01, 0.0001]  # of the pads' rubber, as for the Panda's own fingertips
PADS = {f"{PREFIX}{side}_pad{i}" for side in ("right", "left") for i in (1, 2)}


def robotiq_file() -> Path:
    """The MJCF with the gripper, found without importing its package, whose dependencies are not needed.

    Raises MissingInput where it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / MODEL).is_file():
            return path
    raise MissingInput(
        f"simulation.robot: panda_robotiq needs the gripper's model, {MODEL} of the Python package {PACKAGE}, which "
        f"{'lacks it' if spec else 'is not installed'}. Install it: pip install --no-deps gym-hil=={VERSION}; or take "
        "simulation.robot: panda_hand."
    )


def add_robotiq(spec: mujoco.MjSpec, hand: mujoco.MjsBody) -> None:
    """Add the gripper and its servo (actuator `gripper`: 0 open to 255 closed) to the flange's body."""
    child = mujoco.MjSpec.from_file(str(robotiq_file()))
    _keep_gripper(child)
    # Half a turn, so that the fingers close along the hand's y, as the Panda's own do.
    base = hand.add_frame(quat=[0, 0, 0, 1]).attach_body(child.body("base_mount"), PREFIX, "")
    for body in [base, *base.find_all(mujoco.mjtObj.mjOBJ_BODY)]:
        body.gravcomp = 1
    for geom in base.find_all(mujoco.mjtObj.mjOBJ_GEOM):
        _dress(spec, geom)
    spec.body(f"{PREFIX}base").add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, pos=[0, 0, 0.045], size=[0.03, 0.04, 0.045], mass=0, contype=1, conaffinity=2,
        condim=4, friction=FINGER_FRICTION, group=COLLISION_GROUP,
    )
    spec.actuator(f"{PREFIX}fingers_actuator").name = "gripper"


def _keep_gripper(child: mujoco.MjSpec) -> None:
    """Drop sensors and the arm's meshes, which attaching would carry along."""
    for sensor in list(child.sensors):
        child.delete(sensor)
    used = {geom.meshname for geom in child.body("base_mount").find_all(mujoco.mjtObj.mjOBJ_GEOM)}
    for geom in list(child.geoms):
        if geom.meshname and geom.meshname not in used:
            child.delete(geom)
    for mesh in list(child.meshes):
        if mesh.name not in used:
            child.delete(mesh)


def _dress(spec: mujoco.MjSpec, geom: mujoco.MjsGeom) -> None:
    """Group, contact and friction of one of the package's geoms; those that need neither are removed."""
    if not geom.contype:
        geom.group = VISUAL_GROUP
        return
    pad = geom.name in PADS
    if not pad and not geom.meshname.endswith("follower"):
        spec.delete(geom)
        return
    geom.contype, geom.conaffinity, geom.condim, geom.group = 1, 2, 4, COLLISION_GROUP
    if pad:
        geom.friction = FINGER_FRICTION
