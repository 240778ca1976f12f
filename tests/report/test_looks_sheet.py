"""The contact sheet of looks: a PNG whose bytes depend on its content alone, with one cell for each draw."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from expertgen.params import load_params
from expertgen.report.looks_sheet import COLUMNS, GAP, write_looks

PARAMS = load_params(Path(__file__).resolve().parents[2] / "params.yaml")


def test_the_sheet_is_the_same_each_time_and_has_a_cell_for_each_draw(tmp_path: Path) -> None:
    first, again, more = (tmp_path / f"{name}.png" for name in "abc")
    write_looks(first, PARAMS, "push_pear", COLUMNS + 1)
    write_looks(again, PARAMS, "push_pear", COLUMNS + 1)
    assert first.read_bytes() == again.read_bytes()
    assert b"Software" not in first.read_bytes() and b"tIME" not in first.read_bytes()
    write_looks(more, PARAMS, "push_pear", 2 * COLUMNS + 1)
    small, large = matplotlib.image.imread(first), matplotlib.image.imread(more)
    assert small.shape[1] == large.shape[1] == 1600
    assert large.shape[0] - small.shape[0] == PARAMS.vision.height + GAP, "one row more"
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])[:, :3]
    assert np.all(border == 1.0), "something is cut off at the figure's edge"


def test_no_draws_are_refused_and_leave_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one draw"):
        write_looks(tmp_path / "a.png", PARAMS, "push_pear", 0)
    assert not list(tmp_path.iterdir())
