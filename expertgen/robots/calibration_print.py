"""The board on paper, at its true size: PDF, or PNG of 600 dots an inch."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from expertgen.data.atomic import atomic_write_bytes
from expertgen.errors import InvalidParameter
from expertgen.robots.charuco import Board

_PAPER = {"A4": (0.297, 0.210), "A3": (0.420, 0.297), "A2": (0.594, 0.420)}  # m, landscape
_QUIET = 0.010  # m of white around the pattern, at least
_INCH, _DOTS = 0.0254, 600


def write_board(board: Board, path: Path) -> str:
    """Write the sheet to `path`, .pdf or .png; the name of the paper it is for.

    Raises InvalidParameter for another ending and for a board larger than A2, and CannotWrite.
    """
    kind = path.suffix.lower()
    if kind not in (".pdf", ".png"):
        raise InvalidParameter(f"{path}: found the ending {kind or 'none'!r}, expected .pdf or .png.")
    paper = _paper(board)
    stream = io.BytesIO()
    # Without dates, so that the same board gives the same bytes.
    metadata = {"CreationDate": None, "Producer": None, "Creator": None} if kind == ".pdf" else {"Software": None}
    _sheet(board, paper).savefig(stream, format=kind[1:], dpi=_DOTS, metadata=metadata)
    atomic_write_bytes(path, stream.getvalue())
    return paper


def _paper(board: Board) -> str:
    width, height = board.size
    for name, (across, down) in _PAPER.items():
        if width + 2 * _QUIET <= across and height + 2 * _QUIET <= down:
            return name
    raise InvalidParameter(
        f"calibration.board: found {1e3 * width:.0f} x {1e3 * height:.0f} mm, expected at most 574 x 400, which A2 "
        "holds: take smaller or fewer squares."
    )


def _sheet(board: Board, paper: str) -> Figure:
    across, down = _PAPER[paper]
    width, height = board.size
    figure = Figure(figsize=(across / _INCH, down / _INCH))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, across)
    axes.set_ylim(down, 0)  # y down, as in the board's frame
    axes.axis("off")
    left, top = (across - width) / 2, (down - height) / 2
    # One outline for all: of many, a viewer would show the seams.
    corners = [
        [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]
        for x, y, w, h in np.add(board.black, [left, top, 0, 0])
    ]
    codes = [Outline.MOVETO, Outline.LINETO, Outline.LINETO, Outline.LINETO, Outline.CLOSEPOLY] * len(corners)
    axes.add_patch(PathPatch(Outline(np.concatenate(corners), codes), facecolor="black", linewidth=0))
    _caption(axes, board, left, top + height)
    return figure


def _caption(axes: Any, board: Board, left: float, bottom: float) -> None:
    params = board.params
    y = bottom + 0.55 * _QUIET
    axes.plot([left, left + 0.1], [y, y], color="black", linewidth=0.6)
    for end in (left, left + 0.1):
        axes.plot([end, end], [y - 0.0015, y + 0.0015], color="black", linewidth=0.6)
    text = (
        f"100 mm. Print at 100 %, then measure. ChArUco {params.columns} x {params.rows}, squares "
        f"{1e3 * params.square:g} mm, markers {1e3 * params.marker:g} mm, {params.dictionary}"
    )
    axes.text(left + 0.104, y, text, fontsize=6, va="center")
