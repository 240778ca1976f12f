"""An environment of its own for a program that needs other packages than this project, and what it answers."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

BUILD = Path(__file__).resolve().parents[1] / "build"


def own_environment(requirements: Path, size: str, whole: str | None = None) -> Path:
    """The interpreter of build/NAME for the file NAME_requirements.txt, made anew when that has changed.

    Installed is what the file lists and nothing that it would draw in; only the packages whose names begin with
    `whole` come with all they need. `size`: how much space that takes, to tell who waits for it.
    """
    folder = BUILD / requirements.name.removesuffix("_requirements.txt")
    python, stamp = folder / "bin/python", folder / "requirements.sha256"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"making {folder} ({size}) ...", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        install = [python, "-m", "pip", "install", "-q"]
        if whole is not None:
            lines = requirements.read_text().split("\n")
            subprocess.run([*install, *(line for line in lines if line.startswith(whole))], check=True)
        subprocess.run([*install, "--no-deps", "-r", requirements], check=True)
        stamp.write_text(wanted)
    return python


def next_answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next line of JSON that `process` prints; other lines are notices of the packages it uses."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            answer: dict[str, Any] = json.loads(line)
            return answer
    raise RuntimeError(f"a process that was asked has ended: run {process.args} to see why")
