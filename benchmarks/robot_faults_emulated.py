"""Faults of the emulated robot itself, through its real clients: does each end in hold or stop in two control periods?

    python benchmarks/robot_faults_emulated.py [--n 4] [--seed 0] [--out reports/robot]

As robot_faults.py, but nothing stands between the control loop and the drivers: the cable is pulled, the arm's reflex
trips, the stop button is pressed, the hand is pushed, its motor fails, cameras fall silent or show the same for ever.
Delays are in control periods of the robot's clock from that moment to the decision, and to rest. Writes
faults_emulated.json, and its table into faults.md. Exits with 1 if a fault went unheeded or a limit was broken.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.data.atomic import atomic_write_json
from expertgen.emulation.views import look_of
from expertgen.params import Params, load_params
from expertgen.robots.control import ControlLoop
from expertgen.robots.control_eyes import RigEyes
from expertgen.robots.control_policy import InlinePolicy
from expertgen.robots.robot import ArmState
from expertgen.trials.emulated import EmulatedDevices

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parent))

import robot_faults  # noqa: E402
from robot_faults import NONE, PERIODS, Result, judged, table  # noqa: E402
from robot_faults_injector import FaultyArm, Injection  # noqa: E402
from robot_faults_kinematic import HOME, wandering  # noqa: E402

TASK = "lift_banana"
KINDS = {
    "cable out": "no packet of arm and hand goes through any more",
    "reflex": "the arm reports a joint's speed, ends the motion and takes no other",
    "stop button": "the arm's emergency stop",
    "commands lost": "25 commands in a row do not arrive, which the arm's own watch ends",
    "push": "80 N on the hand, above the arm's own thresholds of collision",
    "dead gripper": "the hand's motor fails while it moves",
    "camera silent": "one of three cameras sends no picture any more",
    "camera still": "one of three cameras sends the very same picture under new numbers",
}
_AFTER = 0.5  # s that a run goes on after its fault


class Trouble:
    """Makes a fault of `kind` at time `at` of the world's clock, and clears it."""

    def __init__(self, devices: EmulatedDevices, kind: str, at: float, camera: int) -> None:
        self._devices, self._kind, self._at, self.began = devices, kind, at, None
        self._serial = list(devices.serials.values())[camera]

    def look(self) -> None:
        """Called before the arm is asked: whether it is time."""
        now = self._devices.clock.now()
        if self._kind == NONE or self.began is not None or now < self._at:
            return
        if self._kind == "dead gripper" and not self._devices.gripper.observe().moving:
            return
        self.began = now
        ask, rig = self._devices.remote.ask, self._devices.rig
        actions: dict[str, Callable[[], object]] = {
            "cable out": lambda: ask("link", cut=True),
            "reflex": lambda: ask("reflex", error="joint_velocity_violation"),
            "stop button": lambda: ask("button", pressed=True),
            "commands lost": lambda: ask("lose", commands=25),
            "push": lambda: ask("push", force=[0.0, 80.0, 0.0]),
            "dead gripper": lambda: ask("hand", dead=True),
            "camera silent": lambda: rig.lost.add(self._serial),
            "camera still": lambda: rig.still.add(self._serial),
        }
        actions[self._kind]()

    def clear(self) -> None:
        """As a person would, before the arm is recovered."""
        ask, rig = self._devices.remote.ask, self._devices.rig
        for what, values in (("link", {"cut": False}), ("button", {"pressed": False}), ("lose", {"commands": 0}),
                             ("push", {"force": [0.0, 0.0, 0.0]}), ("hand", {"dead": False})):  # fmt: skip
            ask(what, **values)
        rig.lost.clear()
        rig.still.clear()


class Watched:
    """The arm's driver, which has `trouble` look at the time before it is asked."""

    def __init__(self, arm: Any, trouble: Trouble) -> None:
        self._arm, self._trouble = arm, trouble

    def observe(self) -> ArmState:
        self._trouble.look()
        return self._arm.observe()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._arm, name)


def grasping(seed: int, period: float) -> Callable[[Any], np.ndarray]:
    """As `wandering`, and the hand opens and closes each second."""
    act = wandering(seed, period)

    def chunk(seen: Any) -> np.ndarray:
        actions = act(seen)
        actions[:, 9] = np.where(((seen[0] + np.arange(8) * period) % 2) < 1, 1.0, -1.0)
        return actions

    return chunk


def inject(devices: EmulatedDevices, kind: str, number: int, seed: int, params: Params) -> Result:
    """One run with one fault, or none of kind NONE."""
    draw = np.random.default_rng([seed, number])
    settle(devices)
    clock, period = devices.clock, 1 / params.robot.rates.control
    trouble = Trouble(devices, kind, clock.now() + draw.uniform(0.25, 1.1), int(draw.integers(3)))
    arm = FaultyArm(Watched(devices.arm, trouble), Injection("", np.inf, clock, draw, once=True))
    eyes = RigEyes(devices.rig, lambda frames, arm, gripper: (arm.time, arm.position), params.robot.frozen_travel)
    log: list[dict[str, Any]] = []
    asker = InlinePolicy(grasping(int(draw.integers(2**31)), period))
    limits = params.robot
    if kind == "camera still":  # which can be told while the arm moves, so it shall not wait for its fingers
        limits = replace(limits, gripper_wait=0.0)
    loop = ControlLoop(arm, devices.gripper, eyes, asker, clock, limits, log.append)
    loop.run(3.5, lambda: trouble.began is not None and clock.now() > trouble.began + _AFTER)
    trouble.clear()
    return judged(kind, trouble.began, period, log, arm, params.robot)


def settle(devices: EmulatedDevices) -> None:
    """Everything ready, and the arm at home: what a person does after a fault."""
    devices.clock.sleep_until(devices.clock.now() + _AFTER)  # until nothing pushes any more
    devices.arm.recover()
    devices.gripper.recover()
    devices.arm.move_to_joints(HOME, 0.2)
    devices.gripper.send(0.08)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=4, help="faults of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=[NONE, *KINDS], choices=[NONE, *KINDS])
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "robot")
    args = parser.parse_args()
    params = load_params(ROOT / "params.yaml", task=TASK)
    params = dataclasses.replace(params, robot=dataclasses.replace(params.robot, gripper_wait=0.0))
    devices, results = EmulatedDevices(params, TASK), []
    try:
        devices.rig.wear(look_of(TASK, params, args.seed, args.seed))
        for number, kind in enumerate(kind for _ in range(args.n) for kind in args.kinds):
            results.append(inject(devices, kind, number, args.seed, params))
            print(results[-1], flush=True)
    finally:
        devices.close()
    rows = table(sorted(results, key=lambda result: (NONE, *KINDS).index(result.kind)))
    found = {"robot": "emulated, through its real clients", "seed": args.seed, "about": KINDS, "kinds": rows,
             "commands": sum(result.commands for result in results)}  # fmt: skip
    atomic_write_json(args.out / "faults_emulated.json", found)
    robot_faults.write_page(args.out)
    faults = [row for kind, row in rows.items() if kind != NONE]
    if any(row["within_two_periods"] < row["n"] for row in faults) or any(row["broken"] for row in rows.values()):
        sys.exit(f"a fault was not answered within {PERIODS:g} periods, or a limit was broken")


if __name__ == "__main__":
    main()
