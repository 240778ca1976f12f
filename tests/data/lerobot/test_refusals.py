"""What cannot be released is refused, and a release is there whole or not at all."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expertgen.data.hashing import tree_sha256
from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo
from expertgen.data.lerobot.verify import verify_release
from expertgen.data.lerobot.writer import write_release
from expertgen.errors import ExpertGenError, IncompatibleArtifact, InvalidParameter, MissingInput
from tests.data.lerobot.samples import HEIGHT, INFO, WIDTH, episode, episodes

ROOT = Path(__file__).parents[3]


def refused(tmp_path: Path, made: list[ReleaseEpisode], info: ReleaseInfo, kind: type[ExpertGenError]) -> str:
    with pytest.raises(kind) as caught:
        write_release(tmp_path / "release", made, info)
    assert not list(tmp_path.iterdir())
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"observation": np.zeros((4, 52), np.float32)}, "observation is ('float32', (4, 52)), expected"),
        ({"action": np.zeros((4, 10))}, "action is ('float64', (4, 10))"),
        ({"joints": np.full((4, 7), np.nan, np.float32)}, "joints holds NaN or infinity"),
        ({"success": np.zeros(3, np.bool_)}, "success is ('bool', (3,)), expected ('bool', (4,))"),
        ({"images": {}}, "images of front is None"),
        ({"source": {"store": "demos"}}, "its source has to name the store and the episode"),
        ({"observation": np.zeros((0, 53), np.float32)}, "has no steps"),
    ],
)
def test_episodes_that_do_not_fit(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    made = [episode(0, 4), episode(1, 4, **changes)]
    message = refused(tmp_path, made, INFO, IncompatibleArtifact)
    assert message.startswith("episode 1 (") and expected in message


def test_a_camera_that_is_not_described(tmp_path: Path) -> None:
    assert "found cameras" in refused(tmp_path, [episode(0, 2, ("front", "side", "wrist"))], INFO, IncompatibleArtifact)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fps": 0}, "fps: found 0"),
        ({"fps": 12.5}, "fps: found 12.5"),
        ({"cameras": {}}, "cameras: found none"),
        ({"cameras": {"front/left": (96, 64)}}, "'front/left': expected letters"),
        ({"cameras": {"front": (97, 64)}}, "found 97 x 64 px, expected even numbers"),
        ({"lineage": {"expert": "e"}}, "found no provenance"),
        ({"lineage": {"expert": 3, "provenance": {}}}, "lineage of expert: found 3"),
    ],
)
def test_descriptions_that_cannot_be(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    info = dataclasses.replace(INFO, **changes)
    assert expected in refused(tmp_path, episodes(), info, InvalidParameter)


def test_nothing_to_release(tmp_path: Path) -> None:
    assert "there are no episodes to release" in refused(tmp_path, [], INFO, MissingInput)


def test_images_that_compression_changes_too_much(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4, HEIGHT // 4, WIDTH // 4, 3), dtype=np.uint8)
    noise[..., 1] = 128  # strong colours, weak brightness
    made = episode(0, 4)
    made.images["side"][-1] = noise[-1].repeat(4, 0).repeat(4, 1)
    made.images["side"][-1][::2] = 255 - made.images["side"][-1][::2]
    message = refused(tmp_path, [made], INFO, IncompatibleArtifact)
    assert "episode 0, camera side, frame 3: decoded again it differs from its source by" in message


def test_an_error_on_the_way_leaves_the_earlier_release(release: Path) -> None:
    before = tree_sha256(release)

    def interrupted() -> Iterator[ReleaseEpisode]:
        yield episode(7, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_release(release, interrupted(), INFO)
    assert tree_sha256(release) == before
    assert [path.name for path in release.parent.iterdir()] == ["release"]
    write_release(release, [episode(7, 3)], INFO)
    assert verify_release(release).frames == 3


@pytest.mark.parametrize("limit", [2_000, 9_000, 30_000])
def test_a_full_disk_leaves_nothing(tmp_path: Path, limit: int) -> None:
    output = run(tmp_path, f"""
import resource
from expertgen.data.write_errors import CannotWrite
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    write_release(Path("release"), [episode(number, 9) for number in range(4)], INFO)
except CannotWrite as error:
    print(error)
""")
    assert "release could not be written: file too large" in output
    assert not list(tmp_path.iterdir())


def test_a_kill_leaves_nothing_that_stays(tmp_path: Path) -> None:
    output = run(tmp_path, """
import os, signal
def made():
    yield episode(0, 3)
    os.kill(os.getpid(), signal.SIGKILL)
pid = os.fork()
if pid == 0:
    write_release(Path("release"), made(), INFO)
print(os.waitpid(pid, 0)[1] == signal.SIGKILL, Path("release").exists())
write_release(Path("release"), [episode(0, 3)], INFO)
""")
    assert output.split() == ["True", "False"]
    assert [path.name for path in tmp_path.iterdir()] == ["release"]
    verify_release(tmp_path / "release")


def run(folder: Path, program: str) -> str:
    """The output of `program` in a process of its own, in `folder`."""
    imports = """
from pathlib import Path
from expertgen.data.lerobot.writer import write_release
from tests.data.lerobot.samples import INFO, episode
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", imports + program]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "Exception" not in result.stderr
    return result.stdout
