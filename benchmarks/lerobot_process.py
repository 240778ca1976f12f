"""LeRobot for batch_sampling.py and lerobot_reading.py: an environment of its own, and a process in it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from own_environment import next_answer, own_environment

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "lerobot_requirements.txt"


def lerobot_python() -> Path:
    """The interpreter of LeRobot's environment, made anew when its requirements have changed."""
    return own_environment(REQUIREMENTS, "up to 8 GB", whole="torch")


class LeRobot:
    """A process that reads the dataset in `root` with LeRobot; windows of `horizon` actions, or single steps."""

    def __init__(self, python: Path, root: Path, horizon: int | None) -> None:
        self._folder = tempfile.TemporaryDirectory()
        environment = {**os.environ, "HF_HOME": self._folder.name, "HF_HUB_OFFLINE": "1"}
        environment.pop("PYTHONPATH", None)
        self._process = subprocess.Popen(
            [python, HERE / "lerobot_worker.py", str(root), json.dumps(horizon)], text=True, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.described = next_answer(self._process)

    def ask(self, **question: Any) -> dict[str, Any]:
        """One question of lerobot_worker.py."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return next_answer(self._process)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)
        self._folder.cleanup()
