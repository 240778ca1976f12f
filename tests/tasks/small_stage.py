"""A stage of the small project: `python stage.py NAME TASK`. The file behave/NAME@TASK says how it behaves:

sleep S      work for S seconds, a worker process beside it; both write to beats/ ten times a second
stubborn S   the same, and deaf to SIGINT and SIGTERM, the worker in a session of its own
exit N       write what a gate writes, then end with status N
kill N       be killed by SIGKILL, N times in all, then end well
flood N      print N progress lines
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PICTURE = bytes.fromhex(  # one red pixel
    "89504e470d0a1a0a0000000d494844520000000100000001080200000090"
    "7753de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def beat(name: str, seconds: float) -> None:
    path = Path("beats") / name
    path.parent.mkdir(exist_ok=True)
    end = time.monotonic() + seconds
    step = 0
    while time.monotonic() < end:
        with path.open("a") as file:
            file.write(f"{os.getpid()}\n")
        if step % 20 == 0:
            print(f"{name}: {step}/{int(10 * seconds)} beats, loss 0.1, 10.0 beats/s", file=sys.stderr, flush=True)
        step += 1
        time.sleep(0.1)


def work(name: str, kind: str, seconds: str) -> None:
    stubborn = kind == "stubborn"
    if stubborn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    worker = subprocess.Popen([sys.executable, __file__, "worker", name, seconds], start_new_session=stubborn)
    beat(name, float(seconds))
    worker.wait()


def behave(name: str) -> int:
    control = Path("behave") / name
    if not control.exists():
        return 0
    kind, number = control.read_text().split()
    if kind in ("sleep", "stubborn"):
        work(name, kind, number)
    elif kind == "exit":
        return int(number)
    elif kind == "kill" and int(number) > 0:
        control.write_text(f"kill {int(number) - 1}")
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "flood":
        for step in range(int(number) + 1):
            print(f"{name}: {step}/{number} steps, 1.0 steps/s", file=sys.stderr, flush=True)
    return 0


def main() -> int:
    if sys.argv[1] == "worker":
        beat(f"{sys.argv[2]}.worker", float(sys.argv[3]))
        return 0
    stage, task = sys.argv[1:]
    with Path("ran").open("a") as file:
        file.write(f"{stage}@{task}\n")
    print(f"hello from {stage} {task}", flush=True)
    status = behave(f"{stage}@{task}")
    if stage.startswith("gate_"):
        folder = Path("reports") / stage.removeprefix("gate_") / task
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "gate.json").write_text(json.dumps({"passed": status == 0, "episodes": {"n": 3, "at_fault": [1, 2]}}))
        (folder / "gate.md").write_text(f"| expectation | found |\n|---|---|\n| success | {status} |\n")
        return status
    if status:
        return status
    data, reports = Path("data") / task, Path("reports") / task
    for folder in (data, reports):
        folder.mkdir(parents=True, exist_ok=True)
    (data / f"{stage}.txt").write_text(f"{stage} {task}\n")
    if stage == "evaluate":
        (reports / "metrics.json").write_text(json.dumps({"expert": {"success": 0.996, "n": 1024}}))
        (reports / "table.md").write_text("| policy | success |\n|---|---|\n| expert | 99.6 % |\n\n![map](map.png)\n")
        (reports / "map.png").write_bytes(PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
