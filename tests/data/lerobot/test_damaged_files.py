"""Files that are damaged, missing, added or empty of meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from expertgen.data.lerobot.verify import VerifyReport, verify_release
from expertgen.errors import MissingInput
from tests.data.lerobot import damage
from tests.data.lerobot.damage import problems
from tests.data.lerobot.samples import CAMERAS


def test_a_sound_release_is_reported(written: Path) -> None:
    size = sum(path.stat().st_size for path in written.rglob("*") if path.is_file())
    names = tuple(f"observation.images.{camera}" for camera in CAMERAS)
    assert verify_release(written) == VerifyReport(3, 16, 2, names, 32, 11, size)


def test_what_the_hub_and_git_add_does_no_harm(release: Path) -> None:
    (release / ".gitattributes").write_text("*.mp4 filter=lfs\n")
    (release / ".cache/huggingface").mkdir(parents=True)
    (release / ".cache/huggingface/x.lock").touch()
    verify_release(release)


def test_an_absent_release_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="no release at"):
        verify_release(tmp_path / "release")
    assert "SHA256SUMS is missing" in problems(tmp_path)


@pytest.mark.parametrize("name", [damage.DATA, damage.EPISODES, damage.video("side"), "meta/stats.json", "README.md"])
def test_a_flipped_bit_does_not_match_its_sum(release: Path, name: str) -> None:
    damage.flip_bit(release / name, (release / name).stat().st_size // 2)
    assert f"{name} is damaged: its SHA-256 is" in problems(release)


@pytest.mark.parametrize("name", [damage.DATA, damage.video("side"), "meta/stats.json", "README.md"])
def test_a_missing_file(release: Path, name: str) -> None:
    (release / name).unlink()
    assert f"{name} is missing" in problems(release)
    damage.sum_again(release)
    assert name in problems(release)


@pytest.mark.parametrize("name", ["data/chunk-000/file-001.parquet", "notes.txt", "videos/x.mp4"])
def test_an_extra_file(release: Path, name: str) -> None:
    (release / name).write_bytes(b"x")
    assert f"{name} is not part of the release: SHA256SUMS does not list it" in problems(release)
    damage.sum_again(release)
    assert f"{name} is not part of the release: nothing points at it" in problems(release)


def test_many_problems_fit_on_a_screen(release: Path) -> None:
    for number in range(50):
        (release / f"extra-{number:02d}").touch()
    lines = problems(release).splitlines()
    assert len(lines) == 15 and lines[-2] == "  and more"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("README.md", "# no front matter\n", "it has no front matter"),
        ("README.md", "---\ntags: [LeRobot]\n---\n", "lacks the tag LeRobot or the category robotics"),
        ("README.md", "---\ntags: 3\nconfigs: 5\n---\n", "it cannot be checked any further (TypeError"),
        ("meta/lineage.json", '{"expert": "f"}', "column lineage/demos: found string, expected None"),
        ("meta/lineage.json", "[]", "meta/episodes"),
        ("meta/provenance.json", "{", "meta/provenance.json cannot be read"),
        ("meta/stats.json", "{}", "does not hold exactly the features"),
        ("SHA256SUMS", "nothing\n", "SHA256SUMS cannot be read"),
    ],
)
def test_texts_that_say_nothing(release: Path, name: str, text: str, expected: str) -> None:
    (release / name).write_text(text)
    if name != "SHA256SUMS":
        damage.sum_again(release)
    assert expected in problems(release)
