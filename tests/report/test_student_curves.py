"""The figure of a student's success against samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

from expertgen.metrics.wilson import Rate
from expertgen.report.student_curves import plot_student_curve


def points(*successes: int) -> list[dict[str, Any]]:
    return [{"samples": 20480 * (1 + i), "seeds": [3250000, 3250255], "success_end": Rate(count, 256).to_json()}
            for i, count in enumerate(successes)]  # fmt: skip


def teacher(successes: int) -> dict[str, Any]:
    return {"teacher": {"success_end": Rate(successes, 256).to_json()}}


def test_the_figure_s_bytes_follow_its_content_and_nothing_is_cut_off(tmp_path: Path) -> None:
    first, again, other, below = (tmp_path / "new" / f"{name}.png" for name in "abcd")
    plot_student_curve(first, points(20, 140, 240), teacher(253))
    plot_student_curve(again, points(20, 140, 240), teacher(253))
    plot_student_curve(other, points(20, 140, 200), teacher(253))
    plot_student_curve(below, points(20, 140, 240), teacher(100))
    contents = [path.read_bytes() for path in (first, again, other, below)]
    assert contents[0] == contents[1] and len(set(contents)) == 3
    pixels = matplotlib.image.imread(first)[..., :3]
    assert pixels.shape[1] == 1600 and pixels.std() > 0.05
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert np.all(border == 1.0), "something is cut off at the figure's edge"


@pytest.mark.parametrize("successes", [(0,), (256,), (250, 251)])
def test_any_success_of_student_and_teacher_can_be_drawn(tmp_path: Path, successes: tuple[int, ...]) -> None:
    for count in (0, 256):
        plot_student_curve(tmp_path / "a.png", points(*successes), teacher(count))
        pixels = matplotlib.image.imread(tmp_path / "a.png")[..., :3]
        faint = (np.abs(pixels - np.array([0xDD] * 3) / 255).max(-1) < 0.01).sum(1).max()
        assert faint > 800, "the teacher's line is within the panel"


def test_without_points_there_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one point"):
        plot_student_curve(tmp_path / "a.png", [], teacher(200))
    assert not list(tmp_path.iterdir())
