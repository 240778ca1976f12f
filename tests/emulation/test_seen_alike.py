"""What a student is shown through the drivers of an emulated rig is what it was shown in simulation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

try:
    import pyrealsense2  # noqa: F401
except ImportError:  # absent, or without libusb
    pytest.skip("pyrealsense2 cannot be loaded", allow_module_level=True)
from scipy.spatial import cKDTree

from expertgen.camera_env import CameraEnv, Seen
from expertgen.emulation.rig import EmulatedRig
from expertgen.emulation.views import Views, look_of
from expertgen.emulation.world import STEP, World
from expertgen.make_env import make_env
from expertgen.params import as_dict, load_params
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import ArmState, GripperState
from expertgen.seeing import Seeing
from expertgen.sims.kinematics import Kinematics
from expertgen.vision.look import draw_look, plain_look

PARAMS, TASK, SEED = load_params(Path(__file__).parents[2] / "params.yaml"), "lift_banana", 17


class Resting:
    """A world in which time passes and nothing moves, and its clock."""

    def __init__(self, seed: int) -> None:
        self._world, self._time = World(TASK, PARAMS.simulation), 1.0
        self._world.reset(seed, arm=True)

    def snapshot(self, age: float = 0.0):
        return dataclasses.replace(self._world.snapshot(), time=max(self._time - age, 0.0))

    def now(self) -> float:
        return self._time

    def sleep_until(self, moment: float) -> None:
        self._time = max(moment, self._time + STEP)


@pytest.fixture(scope="module")
def world() -> Resting:
    return Resting(SEED)


@pytest.fixture(scope="module")
def rig(world: Resting) -> Iterator[EmulatedRig]:
    views = Views(world.snapshot, TASK, PARAMS, look_of(TASK, PARAMS, SEED, None))
    opened = EmulatedRig(views, (PARAMS.vision.width, PARAMS.vision.height), world)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cameras() -> Iterator[CameraEnv]:
    simulation = dataclasses.replace(PARAMS.simulation, num_threads=1)
    opened = CameraEnv(make_env(TASK, simulation, 1, PARAMS.prior.execute), PARAMS.vision, "points")
    yield opened
    opened.close()


def told_by(rig: EmulatedRig, world: Resting, sees: str) -> Seen:
    """What a student is shown by the rig, and by an arm as its client tells it."""
    seen = world.snapshot()
    position, rotation = (value[0] for value in Kinematics().forward(seen.joints[None]))
    arm = ArmState(world.now(), seen.joints, np.zeros(7), position, rotation, np.zeros(6), np.zeros(7), "idle")
    gripper = GripperState(world.now(), float(seen.fingers.sum()), False, False)
    seeing = Seeing(as_dict(PARAMS.vision), sees, rig.serials, rig.calibrations)
    return seeing(rig.observe().frames, arm, gripper)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The larger of the mean distances from each point of a cloud to the nearest of the other, m."""
    return float(max(cKDTree(b).query(a)[0].mean() for a, b in ((one, other), (other, one))))


@pytest.mark.parametrize("look", [None, 3, 4])
def test_points_and_proprioception_are_those_of_the_simulation(rig, world, cameras, look) -> None:
    """Under a plain look, and under drawn ones with their noise, lenses and errors of calibration."""
    objects = cameras.env.benchmark.num_objects
    chosen = plain_look(PARAMS.vision, objects) if look is None else draw_look(PARAMS.vision, objects, look)
    rig.wear(chosen)
    cameras.sees = "points"
    cameras.reset(np.array([SEED]))
    cameras.looks = [chosen]
    simulated, emulated = cameras.see(), told_by(rig, world, "points")
    np.testing.assert_allclose(emulated.proprioception, simulated.proprioception, atol=1e-5)
    assert emulated.points.shape == simulated.points.shape and emulated.points.dtype == simulated.points.dtype
    # Two draws of points of the simulation's own are up to 4 mm apart.
    assert apart(emulated.points[0].numpy(), simulated.points[0].numpy()) < 0.0065


def test_images_are_those_of_the_simulation(rig, world, cameras) -> None:
    chosen = plain_look(PARAMS.vision, cameras.env.benchmark.num_objects)
    rig.wear(chosen)
    cameras.sees = "images"
    cameras.reset(np.array([SEED]))
    cameras.looks = [chosen]
    simulated, emulated = cameras.see(), told_by(rig, world, "images")
    assert np.abs(emulated.images.numpy().astype(int) - simulated.images.numpy()).max() <= 1


def test_a_lost_camera_is_told_of_and_the_others_are_not(rig, world) -> None:
    rig.wear(plain_look(PARAMS.vision, 1))
    before = rig.observe()
    world.sleep_until(world.now() + 0.2)
    assert rig.observe().frames[0].number > before.frames[0].number
    rig.lost = {rig.serials["side"]}
    try:
        with pytest.raises(RobotFault, match="side"):
            for _ in range(30):
                world.sleep_until(world.now() + 0.05)
                rig.observe()
    finally:
        rig.lost = set()
