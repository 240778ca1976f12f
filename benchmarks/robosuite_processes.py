"""robosuite for robosuite_lift.py: an environment of its own, and processes in it that are measured together."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "build/robosuite"
REQUIREMENTS = HERE / "robosuite_requirements.txt"


def robosuite_python() -> Path:
    """The interpreter of robosuite's environment, made anew when its requirements have changed."""
    python, stamp = FOLDER / "bin/python", FOLDER / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"making {FOLDER} (about 1 GB) ...", file=sys.stderr, flush=True)
        venv.create(FOLDER, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "-r", REQUIREMENTS], check=True)
        stamp.write_text(wanted)
    return python


class Robosuite:
    """As many workers as cores, measured together."""

    def __init__(self, python: Path, rate: float, seconds: float, count: int) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        environment.pop("PYTHONPATH", None)
        self._workers = [
            subprocess.Popen(
                [python, HERE / "robosuite_worker.py", str(rate), str(seconds), str(seed)], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
            )
            for seed in range(count)
        ]  # fmt: skip
        ready = [self._answer(worker) for worker in self._workers]
        self.physics_step = ready[0]["physics_step"]

    @staticmethod
    def _answer(worker: subprocess.Popen[str]) -> dict[str, float]:
        assert worker.stdout is not None
        for line in worker.stdout:
            if line.startswith("{"):  # robosuite prints notices of its own
                answer: dict[str, float] = json.loads(line)
                return answer
        raise RuntimeError(f"a robosuite worker ended: run {worker.args} to see why")

    def rates(self) -> np.ndarray:
        """Control steps of all workers together per second of wall time, and each second of processor time."""
        for worker in self._workers:
            assert worker.stdin is not None
            worker.stdin.write("\n")
            worker.stdin.flush()
        answers = [self._answer(worker) for worker in self._workers]
        return np.array([
            sum(a["steps"] / a["wall"] for a in answers),
            sum(a["steps"] for a in answers) / sum(a["processor"] for a in answers),
        ])  # fmt: skip

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.communicate(timeout=30)
