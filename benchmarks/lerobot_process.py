"""LeRobot for batch_sampling.py and lerobot_reading.py: an environment of its own, and a process in it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "build/lerobot"
REQUIREMENTS = HERE / "lerobot_requirements.txt"


def lerobot_python() -> Path:
    """The interpreter of LeRobot's environment, made anew when its requirements have changed."""
    python, stamp = FOLDER / "bin/python", FOLDER / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"making {FOLDER} (up to 8 GB) ...", file=sys.stderr, flush=True)
        venv.create(FOLDER, clear=True, with_pip=True)
        torch = [line for line in REQUIREMENTS.read_text().split("\n") if line.startswith("torch")]
        subprocess.run([python, "-m", "pip", "install", "-q", *torch], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "-r", REQUIREMENTS], check=True)
        stamp.write_text(wanted)
    return python


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
        self.described = self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise RuntimeError(f"the LeRobot process ended: run {self._process.args} to see why")

    def ask(self, **question: Any) -> dict[str, Any]:
        """One question of lerobot_worker.py."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)
        self._folder.cleanup()
