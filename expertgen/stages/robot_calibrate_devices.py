"""The arm and the cameras that views are recorded with."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from expertgen.errors import InvalidParameter
from expertgen.robots.robot import Arm, Camera


@contextmanager
def open_devices(args: argparse.Namespace) -> Iterator[tuple[Arm, list[Camera]]]:
    """The arm at `args.arm` and the cameras `args.camera`, closed in the end. Raises InvalidParameter, RobotFault."""
    if not args.arm or not args.camera:
        raise InvalidParameter(
            "expected --arm ADDRESS and --camera SERIAL, once for each camera: what views are recorded with."
        )
    # Drivers import their client libraries, which only a machine with a robot has.
    franka = importlib.import_module("expertgen.robots.franka_arm")
    realsense = importlib.import_module("expertgen.robots.realsense")
    with ExitStack() as stack:
        arm = stack.enter_context(closing(franka.FrankaArm(args.arm)))
        cameras = [
            stack.enter_context(closing(realsense.RealSenseCamera(realsense.find_device(serial))))
            for serial in args.camera
        ]
        yield arm, cameras
