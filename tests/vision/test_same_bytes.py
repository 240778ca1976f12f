"""The same episode is seen alike, to the last bit, in any process and beside any number of others."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from expertgen.camera_env import CameraEnv
from expertgen.vision import canvas
from expertgen.vision.canvas import egl_works
from tests.vision.made import ROOT, SMALL, environment, moved, open_painter

TASK, SEEDS = "lift_brick", [5, 9]
ELSEWHERE = """
import json
from tests.vision.test_same_bytes import SEEDS, sums
from expertgen.vision.canvas import egl_works
print(json.dumps({"egl": egl_works(), "sums": sums(SEEDS)}))
"""


def sums(seeds: list[int]) -> list[list[str]]:
    """Of each episode the sums of what is told of it, at its start and later, and of its depth images."""
    found: list[list[str]] = [[] for _ in seeds]

    def add(values: np.ndarray) -> None:
        for row, value in enumerate(values):
            found[row].append(hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:16])

    env = environment(TASK, len(seeds))
    with open_painter(TASK, SMALL) as painter:
        for sees in ("images", "points"):
            cameras = CameraEnv(env, SMALL, sees, painter=painter)
            cameras.reset(np.array(seeds))
            for steps in (0, 8):
                if steps:
                    moved(cameras, seeds, steps)
                seen = cameras.see()
                add(seen.proprioception.numpy())
                add((seen.images if seen.points is None else seen.points).numpy())  # type: ignore[union-attr]
        add(np.stack([cameras.views(row, False, True).depth for row in range(len(seeds))]))  # type: ignore[misc]
    return found


@pytest.fixture(scope="module")
def here() -> list[list[str]]:
    return sums(SEEDS)


def test_beside_any_number_of_other_episodes(here: list[list[str]]) -> None:
    among_others = sums([3, *SEEDS])
    assert among_others[1:] == here and among_others[0] != here[0]


def test_in_another_process(here: list[list[str]], tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    variables.pop("MUJOCO_GL", None)
    command = [sys.executable, "-c", ELSEWHERE]
    done = subprocess.run(command, check=True, env=variables, cwd=tmp_path, timeout=120, capture_output=True, text=True)
    assert json.loads(done.stdout.strip().split("\n")[-1]) == {"egl": egl_works(), "sums": here}


def test_where_opengl_is_missing_rays_are_cast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "egl_works", lambda: False)
    with open_painter(TASK, SMALL) as painter:
        assert isinstance(painter.canvas, canvas.RayCanvas)
