"""The look shared by all figures, and their deterministic files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import matplotlib.style
from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart under the common colour blindnesses. A policy, and the kind of noise
# that makes it, keeps one colour in all figures.
POLICY_COLOURS = {
    "script": "#E69F00",
    "prior": "#0072B2",
    "prior, zero noise": "#56B4E9",
    "expert": "#D55E00",
    "Gaussian noise": "#0072B2",
    "zero noise": "#56B4E9",
}
SERIES_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MUTED = "#666666"
FAINT = "#DDDDDD"
# 8 inches are 800 px at 100 dpi, the width figures are read at; 200 dpi keeps them sharp on dense screens.
WIDTH = 8.0
DPI = 200
STYLE = {
    "font.family": "DejaVu Sans",  # ships with matplotlib, so that bytes do not depend on installed fonts
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "legend.fontsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
}


@contextmanager
def figure(path: Path, height: float, caption: str) -> Iterator[Figure]:
    """A figure of the shared style, `height` inches high, written to `path` as PNG when the block ends well.

    Built without pyplot: no display, no global state, whatever matplotlibrc says. Equal content gives equal
    bytes with equal matplotlib. `caption` stands below, small: success definition, n, seed.
    """
    with matplotlib.style.context(["default", STYLE]):
        canvas = Figure(figsize=(WIDTH, height))
        yield canvas
        if caption:
            canvas.supxlabel(caption, fontsize=8, color=MUTED)
        buffer = BytesIO()
        canvas.savefig(buffer, format="png", metadata={"Software": None})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def policy_colour(name: str, index: int) -> str:
    """The fixed colour of a known policy, else the index-th of the palette."""
    return POLICY_COLOURS.get(name, SERIES_COLOURS[index % len(SERIES_COLOURS)])
