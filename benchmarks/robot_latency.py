"""How long each part of the control loop takes: python benchmarks/robot_latency.py [--trials 2] [--out reports/robot]

Emulated trials of Lift Banana's released student through the real clients, each part timed in wall time. Devices are
emulated, so what arm, hand and cameras take of hardware's own is not in it; and cameras are drawn in software, which is
told apart. Starts are not those of any protocol. Writes latency.json and latency.md.
"""

from __future__ import annotations

import argparse
import functools
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.emulation.views import Views
from expertgen.env import start_generator
from expertgen.params import load_params
from expertgen.robots.realsense import RealSenseCamera
from expertgen.robots.rig import Rig
from expertgen.seeing import Seeing
from expertgen.stages.robot_trial_emulation import open_session
from expertgen.trials.session import TrialOrder
from expertgen.trials.starts import StartPose
from expertgen.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
TASK, SEED, SECONDS = "lift_banana", 777_000, 6.4
# Part → (as the loop or this file times it, how often it comes, what it is)
PARTS = {
    "observe the arm": ("observe", "100 Hz", "state through franky's process"),
    "observe or order the hand": ("gripper", "10 Hz", "its state comes up to 5 ms late of itself, in emulation"),
    "draw the cameras": ("draw", "30 Hz", "three of 192 x 108, colour and depth, in software: no part of hardware"),
    "grab: rig of three": ("grab", "30 Hz", "syncer, threads, and the next line"),
    "grab: align one camera": ("align", "30 Hz", "filters, depth registered to colour, copies"),
    "cloud": ("cloud", "1.25 Hz", "three depth images to 512 points in the base frame"),
    "student": ("policy", "1.25 Hz", "inference of a chunk of eight actions, one thread"),
    "filter": ("decide", "10 Hz", "all checks, and the log of the decision on the disk's way"),
    "send": ("send", "100 Hz", "interpolate, and a target through franky's process"),
}


def timed(owner: type, name: str, kept: list[float]) -> None:
    """From now on, how long each call of a method takes is kept."""
    method: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(method)
    def call(*args: Any, **more: Any) -> Any:
        begun = time.perf_counter()
        try:
            return method(*args, **more)
        finally:
            kept.append(time.perf_counter() - begun)

    setattr(owner, name, call)


def start(seed: int) -> StartPose:
    drawn = TASKS[TASK].reset_distribution(start_generator(seed))
    return StartPose(0, seed, drawn.joints, drawn.fingers, np.asarray(drawn.objects), ())


def figures(seconds: list[float]) -> dict[str, float]:
    median, most, worst = (1000 * np.percentile(seconds, share) for share in (50, 95, 100))
    return {"n": len(seconds), "median_ms": round(float(median), 2), "p95_ms": round(float(most), 2),
            "max_ms": round(float(worst), 2)}  # fmt: skip


def page(found: dict[str, Any]) -> str:
    lines = [
        "# Latency of the control loop", "",
        f"Wall time of each part in {found['trials']} emulated trials of Lift Banana's student, through the real "
        f"clients, on {found['cores']} cores, at a load of {found['load']:.1f} by them and other "
        "work. **Not hardware**: devices are emulated on the same cores, the robot's clock stands still meanwhile, "
        "and an emulated trial does not depend on these figures.", "",
        "| part | how often | n | median ms | 95 % ms | max ms | what |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for part, (key, rate, what) in PARTS.items():
        row = found["parts"][key]
        lines.append(f"| {part} | {rate} | {row['n']} | {row['median_ms']:.2f} | {row['p95_ms']:.2f} | "
                     f"{row['max_ms']:.2f} | {what} |")  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "robot")
    args = parser.parse_args()
    own: dict[str, list[float]] = {"draw": [], "grab": [], "align": [], "cloud": []}
    timed(Views, "_draw", own["draw"])
    timed(Rig, "observe", own["grab"])
    timed(RealSenseCamera, "_registered", own["align"])
    timed(Seeing, "_points", own["cloud"])
    student = ROOT / "data" / TASK / "student"
    session = open_session(load_params(ROOT / "params.yaml", task=TASK), Workspace(ROOT, TASK), [student])
    try:
        for number in range(args.trials):
            place = start(SEED + number)
            session.prepare(place)
            session.run(TrialOrder(1, 1, student, place, SECONDS, SEED + number))
    finally:
        session.close()
    parts = session.timings | own
    keys = [key for key, _, _ in PARTS.values()]
    found = {"trials": args.trials, "cores": os.cpu_count(), "machine": platform.machine(), "load": os.getloadavg()[1],
             "parts": {key: figures(parts[key]) for key in keys}}  # fmt: skip
    atomic_write_json(args.out / "latency.json", found)
    atomic_write_text(args.out / "latency.md", page(found))
    print(page(found))


if __name__ == "__main__":
    main()
