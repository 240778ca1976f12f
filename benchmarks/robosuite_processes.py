"""robosuite for robosuite_lift.py: an environment of its own, and processes in it that are measured together."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
from own_environment import next_answer, own_environment

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "robosuite_requirements.txt"


def robosuite_python() -> Path:
    """The interpreter of robosuite's environment, made anew when its requirements have changed."""
    return own_environment(REQUIREMENTS, "about 1 GB")


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
        ready = [next_answer(worker) for worker in self._workers]
        self.physics_step = ready[0]["physics_step"]

    def rates(self) -> np.ndarray:
        """Control steps of all workers together per second of wall time, and each second of processor time."""
        for worker in self._workers:
            assert worker.stdin is not None
            worker.stdin.write("\n")
            worker.stdin.flush()
        answers = [next_answer(worker) for worker in self._workers]
        return np.array([
            sum(a["steps"] / a["wall"] for a in answers),
            sum(a["steps"] for a in answers) / sum(a["processor"] for a in answers),
        ])  # fmt: skip

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.communicate(timeout=30)
