"""LeRobot 0.3.3 and robomimic 0.3.0 for export_reading.py: an environment of their own, and a process in it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from own_environment import next_answer, own_environment

HERE = Path(__file__).resolve().parent


def readers_python() -> Path:
    """The interpreter of the readers' environment, made anew when its requirements have changed."""
    return own_environment(HERE / "export_reading_requirements.txt", "up to 8 GB", whole="torch")


def readers_environment() -> dict[str, str]:
    """Variables of a process in it, which shall not find this project's packages."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HF_HUB_OFFLINE": "1"}


class Reader:
    """A process that reads an export with another library; `described` is what it made of it."""

    def __init__(self, python: Path, worker: str, *arguments: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [python, HERE / worker, *arguments], text=True, env=readers_environment() | {"HF_HOME": self._folder.name},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.described = next_answer(self._process)

    def arrays(self, **question: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Its answer to one question, and the arrays that it wrote; "|" in their names is "/"."""
        path = Path(self._folder.name) / "read.npz"
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({**question, "to": str(path)}) + "\n")
        self._process.stdin.flush()
        answer = next_answer(self._process)
        with np.load(path) as read:
            return answer, {name.replace("|", "/"): read[name] for name in read.files}

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)
        self._folder.cleanup()
