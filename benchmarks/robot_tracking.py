"""How far the emulated arm stays behind streamed targets: python benchmarks/robot_tracking.py OUT.json [--host ADDRESS]

A straight move of 0.15 m in a second and 0.5 s of rest are streamed through the real client to its Cartesian impedance
tracker (2000 N/m, 150 Nm/rad), at the interpolator's 100 Hz and at a policy's 12.5 Hz; and once more with the arm's
internal controller in place of the tracker (a joint motion by 0.2 rad). Robot time throughout, so the machine's speed
is no matter. Printed, and not kept: how long a millisecond of the robot took here, client and emulation together.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from pathlib import Path
from typing import Any

import franky
import numpy as np

from expertgen.emulation.process import emulation
from expertgen.emulation.remote import EmulatedClock, Remote
from expertgen.sims.kinematics import Kinematics

READY = np.array([0.0, -0.26, 0.0, -2.43, 0.0, 2.17, np.pi / 4])
MOVE, SECONDS, REST = np.array([0.03, 0.14, -0.045]), 1.0, 0.5
STIFFNESS = {"translational_stiffness": 2000.0, "rotational_stiffness": 150.0}


def path(seconds: float) -> np.ndarray:
    """The minimum-jerk move, (3,) m from its start."""
    share = float(np.clip(seconds / SECONDS, 0, 1))
    return MOVE * (10 * share**3 - 15 * share**4 + 6 * share**5)


def streamed(world: Remote, robot: Any, rate: float) -> dict[str, float]:
    """Errors and lag of a stream at `rate` Hz, each target where the path will be when the next one comes."""
    clock = EmulatedClock(world)
    world.ask("reset", seed=0, joints=READY.tolist())
    clock.motions = world.ask("state")["motions"] + 1
    tracker = franky.CartesianImpedanceTracker(robot, **STIFFNESS)
    pose = robot.current_pose.end_effector_pose
    start, begin, seen, hold = np.array(pose.translation), clock.now(), [], round(100 / rate)
    wall = time.perf_counter()
    for step in range(round((SECONDS + REST) * 100)):
        if step % hold == 0:
            tracker.set_target(franky.Affine(start + path(step / 100 + 1 / rate), pose.quaternion))
        clock.sleep_until(begin + (step + 1) / 100)
        place, _ = Kinematics().forward(np.array(world.ask("state")["joints"])[None])
        seen.append(place[0] - start)
    wall = (time.perf_counter() - wall) / (SECONDS + REST)
    print(f"{rate:g} Hz: a millisecond of the robot took {wall:.2f} ms")
    clock.free()
    tracker.stop()
    return behind(np.array(seen))


def behind(seen: np.ndarray) -> dict[str, float]:
    """(T, 3) m every 10 ms → lag in ms, by which the path fits best what was seen; what is left at rest and then."""
    times = (np.arange(len(seen)) + 1) / 100
    lags = np.arange(0, 0.4, 0.002)
    errors = [np.linalg.norm(seen - [path(t - lag) for t in times], axis=-1) for lag in lags]
    best = int(np.argmin([np.square(error).mean() for error in errors]))
    return {"lag_ms": float(lags[best] * 1000), "off_path_mm": round(float(errors[best].max()) * 1000, 2),
            "at_rest_mm": round(float(np.linalg.norm(seen[-1] - MOVE)) * 1000, 2)}  # fmt: skip


def joint_motion(world: Remote, robot: Any) -> dict[str, float]:
    """How near the internal controller brings the arm to a joint goal."""
    world.ask("reset", seed=0, joints=READY.tolist())
    goal = READY + 0.2
    robot.relative_dynamics_factor = 0.3
    before = world.ask("state")["now"]
    robot.move(franky.JointMotion(goal.tolist()))
    told = world.ask("state")
    worst = float(np.abs(np.array(robot.state.q) - goal).max())
    return {"seconds": round(told["now"] - before, 3), "at_rest_mrad": round(worst * 1000, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--host", help="a running emulation's address (default: start one)")
    args = parser.parse_args()
    started = Remote(args.host) if args.host else emulation("lift_banana", Path("params.yaml"), "127.0.13.37")
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(started)
        robot = franky.Robot(world.host, realtime_config=franky.RealtimeConfig.Ignore)
        found = {"stream_100_hz": streamed(world, robot, 100.0), "stream_12.5_hz": streamed(world, robot, 12.5),
                 "joint_motion": joint_motion(world, robot)}  # fmt: skip
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(found, indent=2) + "\n")
    print(args.out.read_text())


if __name__ == "__main__":
    main()
