"""`expertgen release verify`: a short summary, or what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from expertgen.data.lerobot.writer import write_release
from expertgen.errors import CorruptArtifact
from expertgen.stages.release_verify import verify
from tests.data.lerobot.samples import INFO, episodes


def test_a_release_is_summed_up_and_damage_is_named(tmp_path: Path, capsys) -> None:
    path = tmp_path / "release"
    write_release(path, episodes(), INFO)
    verify(path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{path} is sound:" and len(lines) == 6
    assert "3 episodes, 16 frames" in lines[2] and "32 images of 2 cameras (front, side)" in lines[3]
    (path / "README.md").write_text("")
    with pytest.raises(CorruptArtifact, match=r"README.md is damaged"):
        verify(path)
    assert capsys.readouterr().out == ""
