"""A bank of procedural textures, grey, so that a surface's colour tints them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.seeds import generator
from expertgen.vision.look import TEXTURES

SIDE = 64  # px


def texture_bank() -> NDArray[np.uint8]:
    """(TEXTURES, SIDE, SIDE, 3): checks, stripes, dots, clouds, wood and marble in turn; the same on any machine."""
    makers = (_checks, _stripes, _dots, _clouds, _wood, _marble)
    grey = np.stack([makers[i % len(makers)](generator("texture", i)) for i in range(TEXTURES)])
    levels = np.clip(np.rint(255 * grey), 0, 255).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    axis = (np.arange(SIDE) + 0.5) / SIDE
    return tuple(np.meshgrid(axis, axis, indexing="ij"))  # type: ignore[return-value]


def _checks(draw: np.random.Generator) -> NDArray[np.float64]:
    (y, x), count = _grid(), int(draw.integers(2, 7))
    return _levels((np.floor(y * count) + np.floor(x * count)) % 2, draw)


def _stripes(draw: np.random.Generator) -> NDArray[np.float64]:
    (y, x), turn, count = _grid(), draw.uniform(0, np.pi), draw.uniform(2, 9)
    return _levels(0.5 + 0.5 * np.sin(2 * np.pi * count * (np.cos(turn) * x + np.sin(turn) * y)), draw)


def _dots(draw: np.random.Generator) -> NDArray[np.float64]:
    (y, x), count, radius = _grid(), int(draw.integers(2, 6)), draw.uniform(0.2, 0.45)
    return _levels(np.hypot(y * count % 1 - 0.5, x * count % 1 - 0.5) < radius, draw)


def _clouds(draw: np.random.Generator) -> NDArray[np.float64]:
    return _levels(_noise(draw), draw)


def _wood(draw: np.random.Generator) -> NDArray[np.float64]:
    (y, _), count = _grid(), draw.uniform(3, 9)
    return _levels(0.5 + 0.5 * np.sin(2 * np.pi * (count * y + 1.5 * _noise(draw))), draw)


def _marble(draw: np.random.Generator) -> NDArray[np.float64]:
    y, x = _grid()
    return _levels(np.abs(np.sin(np.pi * (3 * x + 2 * y + 3 * _noise(draw)))), draw)


def _noise(draw: np.random.Generator) -> NDArray[np.float64]:
    """Smooth noise in [0, 1]: random amplitudes that fall with the frequency."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE))) * SIDE
    spectrum = np.fft.fft2(draw.standard_normal((SIDE, SIDE))) / (1 + frequency) ** 1.6
    spectrum[0, 0] = 0
    noise = np.real(np.fft.ifft2(spectrum))
    return (noise - noise.min()) / (noise.max() - noise.min())


def _levels(pattern: NDArray, draw: np.random.Generator) -> NDArray[np.float64]:
    """[0, 1] to between a dark and a bright level."""
    dark, bright = draw.uniform(0.2, 0.6), draw.uniform(0.75, 1.0)
    return dark + (bright - dark) * np.asarray(pattern, dtype=np.float64)
