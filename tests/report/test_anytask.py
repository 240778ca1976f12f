"""The tables and figures of the report on all tasks, and the paper's numbers in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expertgen.metrics.success_map import SuccessMap
from expertgen.metrics.wilson import Rate
from expertgen.report.anytask_figures import (
    plot_demonstrations,
    plot_maps,
    plot_perturbation_bars,
    plot_success_bars,
)
from expertgen.report.anytask_tables import demonstrations_table, smoothness_table, success_table
from expertgen.report.disturbance_tables import perturbation_table, recovery_table
from expertgen.report.failing_starts import failing_table
from expertgen.report.paper import TABLE_I, TABLE_II, TABLE_III, TASKS


def rates(any_time: int, at_end: int) -> dict[str, Any]:
    return {"success_any": Rate(any_time, 100).to_json(), "success_end": Rate(at_end, 100).to_json()}


METRICS = {
    "policies": {
        "script": rates(50, 40) | {"dtw": {"mean": 0.03}, "jerk": {"mean": 130.0}},
        "prior": rates(70, 60) | {"dtw": None, "jerk": {"mean": 240.0}},
        "expert": rates(99, 98) | {"dtw": {"mean": 0.05}, "jerk": {"mean": 200.0}},
    }
}  # fmt: skip
EVENT = rates(60, 50) | {
    "drop": {"success_any": {"rate": 0.1}, "success_end": {"rate": -0.02}},
    "hit": {"episodes": 90, "recovered": Rate(45, 90).to_json()},
    "felt": {"episodes": 80, "recovered": Rate(40, 80).to_json()}, "dropped": {"episodes": 0, "recovered": None},
}  # fmt: skip
KINDS = {"undisturbed": rates(70, 48), "opening": EVENT, "force": EVENT}
DISTURBED = {"policies": {"prior": KINDS, "expert": KINDS}}


def row(table: str, *begins: str) -> list[str]:
    """The cells of the one line whose first cells are `begins`."""
    lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()]
    found = [cells for cells in lines if tuple(cells[: len(begins)]) == begins]
    assert len(found) == 1
    return found[0]


def test_the_paper_s_table_ii_has_the_averages_that_it_prints() -> None:
    for policy, printed in {"prior": (0.126, 7.31), "expert": (0.139, 5.97)}.items():
        assert np.allclose(np.mean(list(TABLE_II[policy].values()), axis=0), printed, atol=(0.0011, 0.011))


def test_the_paper_s_tables_name_all_eight_tasks() -> None:
    assert all(list(column) == list(TASKS) and len(column) == 8 for column in (*TABLE_I.values(), *TABLE_II.values()))
    assert TABLE_III["push_pear"]["expert"]["opening"].undisturbed == pytest.approx(84.2)


def test_each_cell_has_ours_beside_the_paper_s_and_the_mean_is_over_the_same_tasks() -> None:
    table = success_table(list(TASKS), {"lift_banana": METRICS, "open_drawer": METRICS}, "success_end")
    assert row(table, "Lift Banana")[1:] == ["40.0 [30.9, 49.8] / 56.3 ± 3.1", "60.0 [50.2, 69.1] / 69.8 ± 2.8",
                                            "98.0 [93.0, 99.4] / 99.8 ± 0.3"]  # fmt: skip
    assert row(table, "Lift Brick")[1] == "not measured / 66.4 ± 3.0"
    assert row(table, "mean of the 2 measured")[1:] == ["40.0 / 42.2", "60.0 / 73.7", "98.0 / 99.9"]
    assert "not measured" in row(success_table(["lift_peach"], {}, "success_any"), "mean of the 0 measured")[1]


def test_dtw_and_jerk_may_be_missing_one_by_one() -> None:
    table = smoothness_table(["lift_banana", "lift_brick"], {"lift_banana": METRICS})
    assert row(table, "Lift Banana")[1:] == ["0.030 / -", "not measured / 0.114", "0.050 / 0.134", "130.00 / -",
                                            "240.00 / 8.14", "200.00 / 2.80"]  # fmt: skip
    assert row(table, "Lift Brick")[3] == "not measured / 0.146"


def test_events_are_shown_with_their_drops() -> None:
    table = perturbation_table(["lift_banana", "push_pear"], {"lift_banana": DISTURBED}, "success_end")
    assert row(table, "Lift Banana", "prior")[2:] == [
        "48.0 [38.5, 57.7] / 80.1 or 81.8", "50.0 [40.4, 59.6] (2.0↑) / 72.5 (7.6↓)",
        "50.0 [40.4, 59.6] (2.0↑) / 1.9 (79.9↓)",
    ]  # fmt: skip
    assert row(table, "Push Pear to Center", "expert")[3] == "not measured / 85.4 (1.2↑)"
    recovered = recovery_table(["lift_banana"], {"lift_banana": DISTURBED})
    assert row(recovered, "Lift Banana", "expert", "hand pushed")[3:] == ["90", "80", "50.0 % [39.3, 60.7]", "0", "-"]
    assert recovery_table(["lift_banana"], {}) == demonstrations_table(["lift_banana"], {}) == "Not measured.\n"


def built_map(successes: int) -> SuccessMap:
    counts = np.full((2, 3), 9)
    return SuccessMap(np.linspace(0.4, 0.6, 3), np.linspace(-0.2, 0.2, 4), counts, np.full((2, 3), successes))


def test_where_experts_fail_is_told_with_what_the_prior_reaches() -> None:
    failing = built_map(9)
    failing.successes[1, 2] = 3
    metrics = METRICS | {"success_map": {"expert": failing.to_json()}}
    preflight = {"best_of_n": Rate(90, 100).to_json(), "noises": 16}
    table = failing_table(list(TASKS), {"lift_banana": metrics, "push_pear": metrics}, {"lift_banana": preflight})
    assert row(table, "Lift Banana")[1:] == [
        "90.0 [82.6, 94.5] of 16", "98.0 [93.0, 99.4]", "2", "x 0.50 to 0.60, y 0.07 to 0.20: 3 of 9",
    ]  # fmt: skip
    assert row(table, "Push Pear to Center")[1] == "not measured"
    assert failing_table(["lift_peach"], {}, {}) == "Not measured.\n"


FIGURES: dict[str, Callable[[Path, int], None]] = {
    "success": lambda path, k: plot_success_bars(
        path, {"A": {"prior": Rate(k, 9)}, "B": {}}, {"A": {"prior": 50.0, "expert": 99.0}}, "c"
    ),
    "events": lambda path, k: plot_perturbation_bars(path, {"A": {"prior": {"force": Rate(k, 9)}}}, {}, "c"),
    "maps": lambda path, k: plot_maps(
        path, {name: {"prior": built_map(k), "expert": built_map(9)} for name in "AB"}, "c"
    ),
    "demonstrations": lambda path, k: plot_demonstrations(
        path, {"A": {"prior": {50: Rate(k, 9), 200: Rate(5, 9)}}}, "c"
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_s_bytes_follow_its_content(name: str, tmp_path: Path) -> None:
    for file, content in (("a", 2), ("b", 2), ("c", 7)):
        FIGURES[name](tmp_path / f"{file}.png", content)
    first, same, other = ((tmp_path / f"{file}.png").read_bytes() for file in "abc")
    assert first == same != other and first.startswith(b"\x89PNG")
