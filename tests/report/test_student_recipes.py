"""Students taught in different ways: their figure and their table."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertgen.metrics.wilson import Rate
from expertgen.report.student_recipes import StudentCurve, plot_student_recipes, spread
from expertgen.report.student_recipes_table import comparison, outcomes_text, read_outcomes, recipes_page

LABELS = {"position_median": 0.004, "position_95": 0.0213, "rotation_median": 0.01, "rotation_95": 0.1,
          "gripper": 0.987, "loss": 0.1}  # fmt: skip


def curve(label: str, *successes: int) -> StudentCurve:
    return StudentCurve(label, "#D55E00", "-", tuple(range(5000, 5000 * len(successes) + 1, 5000)),
                        tuple(Rate(count, 40) for count in successes))  # fmt: skip


def made_run(end: str, code: str = "a") -> dict[str, Any]:
    return {"key": "k", "code": code, "seed": 0, "samples": 20480, "updates": 4638, "seconds": 90.0, "cores": 2,
            "starts": [7, 6 + len(end)], "points": [{"labels": LABELS}],
            "outcomes": {"success_end": end, "success_any": "1" * len(end)},
            "teacher": dict.fromkeys(("success_end", "success_any"), "1" * len(end))}  # fmt: skip


def test_the_figure_s_bytes_follow_its_content_and_nothing_is_cut_off(tmp_path: Path) -> None:
    first, again, other = (tmp_path / "new" / f"{which}.png" for which in "abc")
    for path, last in ((first, 39), (again, 39), (other, 20)):
        panels = {"shares": [curve("cloning", 10, 20, last), curve("a long name", 10, 30, 40)], "none": [],
                  "sights": [curve("points", 5, 6, 7)]}  # fmt: skip
        plot_student_recipes(path, panels, teacher=Rate(40, 40), decay=(4000, 8000), caption="told\nin two lines")
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    pixels = matplotlib.image.imread(first)[..., :3]
    assert pixels.shape[1] == 1600 and pixels.std() > 0.05
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert np.all(border == 1.0), "something is cut off at the figure's edge"


def test_one_point_and_no_teacher_can_be_drawn_and_nothing_cannot(tmp_path: Path) -> None:
    plot_student_recipes(tmp_path / "a.png", {"alone": [StudentCurve("x", "black", ":", (64,), (Rate(0, 1),))]})
    assert (tmp_path / "a.png").stat().st_size > 5_000
    with pytest.raises(ValueError, match="at least one curve"):
        plot_student_recipes(tmp_path / "b.png", {"none": []})
    assert not (tmp_path / "b.png").exists()
    with pytest.raises(ValueError, match="as many rates as samples"):
        StudentCurve("x", "black", "-", (1, 2), (Rate(0, 1),))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6))
def test_labels_stay_apart_in_order_and_below_the_top(heights: list[float]) -> None:
    placed = spread(sorted(heights), 6.0, 101.0)
    assert all(above - below >= 6.0 - 1e-9 for below, above in itertools.pairwise(placed))
    assert max(placed) <= 101.0 + 1e-9


def test_labels_with_room_stay_and_those_too_near_share_the_way() -> None:
    assert spread([10.0, 50.0, 90.0], 6.0, 101.0) == [10.0, 50.0, 90.0]
    assert spread([10.0, 50.0, 50.0], 6.0, 101.0) == pytest.approx([10.0, 47.0, 53.0])


def test_outcomes_are_read_as_they_were_written() -> None:
    outcomes = np.array([True, False, True])
    assert outcomes_text(outcomes) == "101"
    assert np.array_equal(read_outcomes("101"), outcomes)
    for wrong in ("", "1021"):
        with pytest.raises(ValueError, match="text of 0 and 1"):
            read_outcomes(wrong)


def test_a_comparison_counts_the_starts_on_which_two_differ() -> None:
    ours, theirs = ({"success_end": end} for end in ("1111111100", "0000000010"))
    assert comparison(ours, theirs) == "+70.0 points (8 : 1), p = 0.039"
    assert comparison(ours, ours) == "+0.0 points (0 : 0), p = 1.00"


def test_the_page_compares_with_the_first_and_says_what_was_measured() -> None:
    groups = {"Shares": {"cloning": made_run("1100"), "dagger": made_run("1110")}, "Nobody": {}}
    page = recipes_page("Lift Banana", "lift_banana.png", groups)
    rows = {cells[0]: cells for line in page.splitlines() if line.startswith("| ")
            for cells in [[cell.strip() for cell in line.strip("|").split("|")]]}  # fmt: skip
    assert rows["student"][-1] == "at the end, against cloning"
    assert rows["cloning"][1:] == ["20480", "4638", "1.5", "2", str(Rate(2, 4)), str(Rate(4, 4)), "4", "4.0 / 21.3",
                                   "0.6 / 5.7", "98.7", "-"]  # fmt: skip
    assert rows["dagger"][-1] == "+25.0 points (1 : 0), p = 1.00"
    assert rows["the teacher"][-1] == "+50.0 points (2 : 0), p = 0.50"
    assert "(lift_banana.png)" in page and "Nobody" not in page
    assert "same 4 starts (seeds 7 to 10)" in page and "with seed 0" in page and "same code" not in page
    groups["Nobody"] = {"x": made_run("1100", code="b")}
    assert "same code" in recipes_page("Lift Banana", "lift_banana.png", groups)
    with pytest.raises(ValueError, match="at least one run"):
        recipes_page("Lift Banana", "lift_banana.png", {"Nobody": {}})
