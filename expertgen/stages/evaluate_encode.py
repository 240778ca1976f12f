"""Frames to H.264, with a line of text above them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

Frames = NDArray[np.uint8]  # (T, H, W, 3)
LABEL_HEIGHT = 32  # px


def write_mp4(path: Path, frames: Frames, fps: float) -> None:
    """Write frames (T, H, W, 3), RGB with even H and W, as H.264 in yuv420p, which every player and browser shows."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "23", "preset": "medium"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode(None))


def side_by_side(films: Sequence[Frames], labels: Sequence[str]) -> Frames:
    """Films (T, H, W, 3) of one size beside one another, each below its label."""
    labelled = []
    for film, text in zip(films, labels, strict=True):
        strip = _label(text, film.shape[2])
        labelled.append(np.concatenate([np.broadcast_to(strip, (len(film), *strip.shape)), film], axis=1))
    return np.concatenate(labelled, axis=2)


def _label(text: str, width: int) -> NDArray[np.uint8]:
    """(LABEL_HEIGHT, width, 3): text on white."""
    figure = Figure(figsize=(width / 100, LABEL_HEIGHT / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    figure.text(0.02, 0.5, text, va="center", fontsize=11, family="DejaVu Sans")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]
