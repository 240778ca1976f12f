"""What is read off learning curves."""

from __future__ import annotations

import numpy as np
import pytest

from expertgen.report.curves import Curve, by_recipe, format_thousands, mean_curve, reaching_text


def curve(seed: int, success: tuple[float, ...], recipe: str = "ours", pace: float = 1.0) -> Curve:
    decisions = tuple(1000.0 * step for step in range(len(success)))
    return Curve(recipe, seed, decisions, tuple(pace * value for value in decisions), success)


def test_first_evaluation_at_the_target() -> None:
    run = curve(0, (0.7, 0.95, 0.9, 0.99), pace=0.5)
    assert run.first_reaching(0.95) == 1000.0
    assert run.first_reaching(0.95, "wall_time_s") == 500.0
    assert run.first_reaching(0.995) is None


def test_every_run_that_misses_the_target_is_said() -> None:
    runs = [curve(0, (0.7, 0.9, 0.96)), curve(1, (0.7, 0.96, 0.97)), curve(2, (0.7, 0.8, 0.9))]
    assert reaching_text(runs, 0.95) == "95 % after 1k, 2k decisions; 1 of 3 runs never"
    assert reaching_text(runs[:2], 0.95) == "95 % after 1k, 2k decisions"
    assert reaching_text(runs[2:], 0.95) == "95 % not reached"


@pytest.mark.parametrize(("value", "text"), [(300, "300"), (21504, "21.5k"), (120000, "120k")])
def test_thousands(value: float, text: str) -> None:
    assert format_thousands(value) == text


def test_mean_covers_only_what_all_runs_cover() -> None:
    positions, mean = mean_curve([curve(0, (0.0, 1.0, 1.0)), curve(1, (0.5, 0.5), pace=1.5)], "wall_time_s")
    assert positions.tolist() == [0.0, 1000.0, 1500.0]
    assert mean == pytest.approx([0.25, 0.75, 0.75])


def test_mean_of_one_run_is_the_run() -> None:
    positions, mean = mean_curve([curve(0, (0.2, 0.4, 0.9))], "decisions")
    assert np.array_equal(positions, [0.0, 1000.0, 2000.0])
    assert mean == pytest.approx([0.2, 0.4, 0.9])


def test_recipes_keep_their_order_and_seeds_are_sorted() -> None:
    runs = [curve(2, (0.1,), "plain"), curve(1, (0.1,), "ours"), curve(0, (0.1,), "plain")]
    groups = by_recipe(runs)
    assert list(groups) == ["plain", "ours"]
    assert [run.seed for run in groups["plain"]] == [0, 2]


def test_ragged_curves_are_refused() -> None:
    with pytest.raises(ValueError, match="'ours', seed 3"):
        Curve("ours", 3, (0.0, 1.0), (0.0,), (0.5, 0.6))
    with pytest.raises(ValueError, match="seed 3"):
        Curve("ours", 3, (), (), ())
