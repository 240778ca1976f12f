"""Faults of a robot, drawn by a seed: does each end in hold or stop within two control periods?

    python benchmarks/robot_faults.py [--n 12] [--seed 0] [--robot MODULE:FUNCTION] [--out reports/robot]

Each of the kinds of fault is injected N times, at a moment and of a size that the seed draws, while the control loop of
expertgen.robots moves a robot. --robot names what makes one: FUNCTION(seed, params) gives a Rig, as
robot_faults_kinematic:make does, which is the default, a robot of pure Python. The delay runs from the moment at which
the fault begins (of an action: is due; of a policy's call: is asked for) to the decision to hold or stop, and to the
target's rest. Every target that reached the arm is checked against the limits. Writes faults.json and faults.md, and
exits with 1 if a fault went unheeded or a limit was broken.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.geometry import rotation_log
from expertgen.params import RobotParams, load_params
from expertgen.robots.control import ControlLoop
from expertgen.robots.control_eyes import CameraEyes
from expertgen.robots.control_policy import InlinePolicy

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parent))

from robot_faults_injector import KINDS, FaultyArm, FaultyAsker, FaultyCamera, FaultyGripper, Injection  # noqa: E402

NONE = "none"  # the same runs without a fault
PERIODS = 2.0  # within which each fault has to be answered
_AFTER = 0.5  # s, for which a run goes on after its fault has begun


@dataclass(frozen=True)
class Result:
    """outcome: hold, stop, or "" for neither; delays in control periods; early: holds before the fault; broken: what
    the worst target broke."""

    kind: str
    outcome: str
    decided: float
    rested: float
    early: int
    broken: str
    commands: int


def inject(kind: str, number: int, seed: int, make: Callable[[int, RobotParams], Any], params: RobotParams) -> Result:
    """One run with one fault, or none of kind NONE."""
    draw = np.random.default_rng([seed, number])
    rig = make(int(draw.integers(2**31)), params)
    at = rig.clock.now() + draw.uniform(0.25, 1.1)
    injection = Injection(kind, at, rig.clock, draw, once=bool(draw.random() < 0.5))
    arm, cameras = FaultyArm(rig.arm, injection), list(rig.cameras)
    if cameras:
        chosen = int(draw.integers(len(cameras)))
        cameras[chosen] = FaultyCamera(cameras[chosen], injection)
    period = 1 / params.rates.control
    asker = FaultyAsker(InlinePolicy(rig.policy), injection, period, params.policy.patience)
    log: list[dict[str, Any]] = []
    eyes = CameraEyes(cameras, rig.picture, params.frozen_travel)
    if kind == "camera: still picture":  # which can be told while the arm moves, so it shall not wait for its fingers
        params = replace(params, gripper_wait=0.0)
    loop = ControlLoop(arm, FaultyGripper(rig.gripper, injection), eyes, asker, rig.clock, params, log.append)
    injection.operator = loop.stop
    end = at + 1.6 + _AFTER if kind != NONE else at + 2.0
    loop.run(end - rig.clock.now(), lambda: injection.began is not None and rig.clock.now() > injection.began + _AFTER)
    rig.close()
    return judged(kind, injection.began, period, log, arm, params)


def judged(kind: str, began: float | None, period: float, log: list[dict[str, Any]], arm: FaultyArm,
           params: RobotParams) -> Result:  # fmt: skip
    """What became of one run."""
    answers = [entry for entry in log if entry["event"] == "decision" and entry["outcome"] in ("hold", "stop")]
    late = [entry for entry in answers if began is not None and entry["time"] >= began - 1e-6]
    decided = (late[0]["time"] - began) / period if late else float("inf")
    rested = (rest(arm, late[0]["time"]) - began) / period if late else float("inf")
    return Result(kind, late[0]["outcome"] if late else "", max(decided, 0.0), max(rested, 0.0),
                  len(answers) - len(late), broken(arm, params), len(arm.sent))  # fmt: skip


def rest(arm: FaultyArm, since: float) -> float:
    """When the target first stood still, or the arm was stopped, from the decision on."""
    times = [] if arm.stopped is None else [max(arm.stopped, since)]
    last = None
    for time, target in arm.sent:
        if time >= since and last is not None and np.abs(target.position - last).max() < 1e-9:
            times.append(time)
            break
        last = target.position
    return min(times, default=float("inf"))


def broken(arm: FaultyArm, params: RobotParams) -> str:
    """Which limit a target that reached the arm broke, "" if none: box, speed, rotation."""
    low, high = np.array(params.workspace.low), np.array(params.workspace.high)
    for (before, last), (now, target) in zip(arm.sent, arm.sent[1:], strict=False):
        passed = now - before + 1e-9
        if not np.isfinite(target.position).all() or not np.isfinite(target.rotation).all():
            return "a number"
        if (target.position < low - 1e-9).any() or (target.position > high + 1e-9).any():
            return "workspace"
        if np.linalg.norm(target.position - last.position) > params.speed.position * passed * 1.001:
            return "speed"
        if np.linalg.norm(rotation_log(last.rotation.T @ target.rotation)) > params.speed.rotation * passed * 1.001:
            return "speed of rotation"
        if np.abs(target.rotation @ target.rotation.T - np.eye(3)).max() > 1e-6:
            return "a rotation"
    return ""


def table(results: list[Result]) -> dict[str, dict[str, Any]]:
    """Figures of each kind; delays rounded up to a hundredth of a period."""
    rows = {}
    for kind in dict.fromkeys(result.kind for result in results):
        own = [result for result in results if result.kind == kind]
        row: dict[str, Any] = {
            "n": len(own), "held": sum(r.outcome == "hold" for r in own),
            "stopped": sum(r.outcome == "stop" for r in own),
            "early": sum(r.early for r in own), "broken": sum(bool(r.broken) for r in own),
        }  # fmt: skip
        if kind != NONE:
            row["within_two_periods"] = sum(r.decided <= PERIODS + 1e-6 for r in own)
            for name in ("decided", "rested"):
                worst = max(getattr(r, name) for r in own)
                row[f"worst_{name}"] = round(worst, 2) if np.isfinite(worst) else None
        rows[kind] = row
    return rows


def page(rows: dict[str, dict[str, Any]], robot: str, seed: int, commands: int) -> str:
    """faults.md."""
    faults = {kind: row for kind, row in rows.items() if kind != NONE}
    total, heeded = (sum(row[key] for row in faults.values()) for key in ("n", "within_two_periods"))
    lines = [
        "# Injected faults", "",
        f"{total} faults of {len(faults)} kinds, seed {seed}, against `{robot}`; not run on hardware. {heeded} of "
        f"{total} ended in hold or stop within two control periods. {commands} targets reached the arm; "
        f"{sum(row['broken'] for row in rows.values())} runs had one that broke a limit of the workspace or of speed. "
        f"Without a fault, {rows[NONE]['n']} runs had "
        f"{rows[NONE]['held'] + rows[NONE]['stopped'] + rows[NONE]['early']} holds or stops.", "",
        "Delays in control periods from the fault's beginning: until the decision, and until the target is at rest or "
        "the arm was told to stop. How each is drawn stands in `benchmarks/robot_faults_injector.py`. The arm does not "
        "wait for fingers in these runs (`robot.gripper_wait` 0), for a waiting arm stands still and asks no policy: "
        "every fault shall meet an arm on its way.", "",
        "| fault | what happens | n | held | stopped | worst delay | at rest |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    return "\n".join([*lines, *lines_of(faults, KINDS)]) + "\n"


def lines_of(faults: dict[str, dict[str, Any]], about: dict[str, str]) -> list[str]:
    """The table's body."""
    lines = []
    for kind, row in faults.items():
        worst = [row["worst_decided"], row["worst_rested"]]
        delays = " | ".join("never" if delay is None else f"{delay:.2f}" for delay in worst)
        lines.append(f"| {kind} | {about[kind]} | {row['n']} | {row['held']} | {row['stopped']} | {delays} |")
    return lines


def emulated_page(found: dict[str, Any]) -> str:
    """The second table, of robot_faults_emulated.py."""
    rows = found["kinds"]
    faults = {kind: row for kind, row in rows.items() if kind != NONE}
    total, heeded = (sum(row[key] for row in faults.values()) for key in ("n", "within_two_periods"))
    lines = [
        "", "## Against the emulated robot", "",
        f"{total} faults of {len(faults)} kinds, seed {found['seed']}, made in the emulated robot and told by its real "
        f"clients (franky, librealsense) alone; not run on hardware. {heeded} of {total} ended in hold or stop within "
        f"two control periods of the robot's clock. {found['commands']} targets reached the arm; "
        f"{sum(row['broken'] for row in rows.values())} runs had one that broke a limit of the workspace or of speed. "
        f"Without a fault, {rows[NONE]['n']} runs had "
        f"{rows[NONE]['held'] + rows[NONE]['stopped'] + rows[NONE]['early']} holds or stops. "
        "(`benchmarks/robot_faults_emulated.py`)", "",
        "| fault | what happens | n | held | stopped | worst delay | at rest |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    return "\n".join([*lines, *lines_of(faults, found["about"])]) + "\n"


def write_page(out: Path) -> None:
    """faults.md in the folder `out`, of what has been measured there."""
    from expertgen.data.atomic import atomic_write_text

    own, emulated = out / "faults.json", out / "faults_emulated.json"
    found = json.loads(own.read_text(encoding="utf-8"))
    text = page(found["kinds"], found["robot"], found["seed"], found["commands"])
    if emulated.exists():
        text += emulated_page(json.loads(emulated.read_text(encoding="utf-8")))
    atomic_write_text(out / "faults.md", text)


def main() -> None:
    from expertgen.data.atomic import atomic_write_json

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=12, help="faults of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--robot", default="robot_faults_kinematic:make")
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "robot")
    args = parser.parse_args()
    params = dataclasses.replace(load_params(ROOT / "params.yaml").robot, gripper_wait=0.0)
    module, function = args.robot.split(":")
    make = getattr(importlib.import_module(module), function)
    kinds = [kind for _ in range(args.n) for kind in (NONE, *KINDS)]
    results = [inject(kind, number, args.seed, make, params) for number, kind in enumerate(kinds)]
    rows = table(sorted(results, key=lambda result: (NONE, *KINDS).index(result.kind)))
    commands = sum(result.commands for result in results)
    atomic_write_json(args.out / "faults.json", {"robot": args.robot, "seed": args.seed, "commands": commands,
                                                 "kinds": rows})  # fmt: skip
    write_page(args.out)
    print(page(rows, args.robot, args.seed, commands))
    faults = [row for kind, row in rows.items() if kind != NONE]
    if any(row["within_two_periods"] < row["n"] for row in faults) or any(row["broken"] for row in rows.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
