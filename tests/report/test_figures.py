"""Figures are readable PNG files of 1600 pixels' width whose bytes depend on their content alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib
import matplotlib.image
import numpy as np
import pytest

from expertgen.metrics.success_map import SuccessMap, success_map
from expertgen.metrics.wilson import Rate
from expertgen.report.figures import (
    Curve,
    plot_ddim,
    plot_learning_curves,
    plot_rates,
    plot_steerability,
    plot_success_map,
)


def built_map(seed: int, n: int = 300, yaw_bins: int = 0) -> SuccessMap:
    rng = np.random.default_rng(seed)
    x, y, yaw = rng.uniform(0.4, 0.6, n), rng.uniform(-0.2, 0.2, n), rng.uniform(-3, 3, n)
    extent = ((0.4, 0.6), (-0.2, 0.2))
    return success_map(x, y, rng.random(n) < 0.7, extent=extent, yaw=yaw, yaw_bins=yaw_bins)


def curves(top: float) -> list[Curve]:
    decisions = (0.0, 1e4, 2e4, 3e4)
    return [
        Curve(recipe, seed, decisions, tuple(d * (1 + seed) / 50 for d in decisions), (0.7, 0.8, 0.9, top))
        for recipe in ("cpu", "paper")
        for seed in (0, 1)
    ]


REFERENCES = {"prior": 0.7, "zero noise": 0.8, "95 %": 0.95, "99 %": 0.99}
# name -> draws the figure of content 0 or 1
FIGURES: dict[str, Callable[[Path, int], None]] = {
    "map": lambda path, k: plot_success_map(path, {"prior": built_map(k), "expert": built_map(5, 9, 2)}),
    "curves": lambda path, k: plot_learning_curves(path, curves(0.96 + 0.03 * k), REFERENCES, caption="c"),
    "rates": lambda path, k: plot_rates(
        path,
        {"script": {"any time": Rate(56, 100)}, "other": {"any time": Rate(70 + k, 100), "end": Rate(0, 9)}},
        references={"99 %": 0.99},
    ),
    "ddim": lambda path, k: plot_ddim(
        path, {"zero noise": {1: Rate(5 + k, 20), 8: Rate(9, 20)}, "b": {2: Rate(3, 9)}}
    ),
    "steerability": lambda path, k: plot_steerability(path, [0, 1, 4, 4, k], 4, zero_noise=Rate(3, 5)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_bytes_follow_content_alone(name: str, tmp_path: Path) -> None:
    draw = FIGURES[name]
    first, again, other = (tmp_path / "new" / f"{which}.png" for which in "abc")
    draw(first, 0)
    # A person's matplotlibrc must not show in a report.
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        draw(again, 0)
    draw(other, 1)
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    assert b"Software" not in first.read_bytes() and b"tIME" not in first.read_bytes()
    pixels = matplotlib.image.imread(first)
    assert pixels.shape[1] == 1600
    assert pixels[..., :3].std() > 0.05
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])[:, :3]
    assert np.all(border == 1.0), "something is cut off at the figure's edge"


def test_drawing_leaves_matplotlib_as_it_was(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    plot_ddim(tmp_path / "a.png", {"zero noise": {1: Rate(5, 20)}})
    assert dict(matplotlib.rcParams) == before


def test_a_single_curve_and_no_references_can_be_drawn(tmp_path: Path) -> None:
    plot_learning_curves(tmp_path / "a.png", curves(0.9)[:1], {})
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_nothing_to_draw_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for draw in (
        lambda: plot_success_map(path, {}),
        lambda: plot_learning_curves(path, [], {}),
        lambda: plot_rates(path, {}),
        lambda: plot_ddim(path, {}),
        lambda: plot_steerability(path, [], 4),
        lambda: plot_steerability(path, [5], 4),
    ):
        with pytest.raises(ValueError, match=r"need|expected"):
            draw()
    assert not path.exists()
