"""How one episode looks to its cameras: drawn from the ranges of params.yaml (ExpertGen, IV-C and VI-D b).

Every factor has a random stream of its own, keyed by seed and factor: one that is held, or whose range changes, leaves
all others as they were.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.params import RandomiseParams, VisionParams
from expertgen.seeds import generator

Array = NDArray[np.float64]
LAMPS, TEXTURES, DISTRACTOR_KINDS, PLACES = 2, 24, 4, 16  # textures in the bank; places tried for a distractor
FACTORS = (
    "camera_position", "camera_angle", "fovy", "calibration_position", "calibration_angle", "dome", "lamps", "table",
    "background", "robot", "objects", "hsv", "scale", "distractors", "depth_noise", "depth_holes", "blur", "latency",
)  # fmt: skip
_SURFACES = {"table": 1, "background": 2, "robot": 1}  # how many each factor paints: floor and walls are two


@dataclass(frozen=True)
class Paint:
    """A surface's colour (3,) in [0, 1], the share of it mixed into the surface's own, and a texture of the bank, or
    -1 for none."""

    colour: Array
    share: float
    texture: int


@dataclass(frozen=True)
class Distractor:
    """A thing that is seen and not felt: kind (box, ball, cylinder, capsule), size (3,) m, where on the table it may
    stand, (PLACES, 2) in [0, 1] of its area, the first that is free; yaw in rad."""

    kind: int
    size: Array
    places: Array
    yaw: float
    paint: Paint


@dataclass(frozen=True)
class Look:
    """One episode's look, for C cameras and O objects.

    position (C, 3) m and angle (C, 3) rad move a camera from its place, which is known; calibration (C, 6), m and rad,
    is what is not known of it. fovy (C,) deg, vertical. dome: brightness. lamps (2, 6): place m, colour times
    brightness. hsv (C, 3): turns and shares. scale (O,). depth_noise 1/m, depth_holes share, blur (C,) px, latency s.
    """

    seed: int
    position: Array
    angle: Array
    fovy: Array
    calibration: Array
    dome: float
    lamps: Array
    table: Paint
    floor: Paint
    walls: Paint
    robot: Paint
    objects: tuple[Paint, ...]
    hsv: Array
    scale: Array
    distractors: tuple[Distractor, ...]
    depth_noise: float
    depth_holes: float
    blur: Array
    latency: float


def draw_look(params: VisionParams, num_objects: int, seed: int, held: str | None = None) -> Look:
    """The look of the episode that `seed` names; the same arguments give the same look anywhere.

    `held` names one of FACTORS whose every range is drawn at its extremes only. Raises KeyError for another name.
    """
    ranges = params.randomise
    draw = {name: _Draw(generator("look", seed, name), name == held) for name in FACTORS}
    if held is not None and held not in draw:
        raise KeyError(held)
    count = len(params.cameras)
    floor, walls = (_paint(draw["background"], ranges.background, ranges.texture) for _ in range(2))
    return Look(
        seed=seed,
        position=draw["camera_position"].around(ranges.camera_position, (count, 3)),
        angle=np.deg2rad(draw["camera_angle"].around(ranges.camera_angle, (count, 3))),
        fovy=params.fovy + draw["fovy"].around(ranges.fovy, (count,)),
        calibration=np.concatenate([
            draw["calibration_position"].around(ranges.calibration_position, (count, 3)),
            np.deg2rad(draw["calibration_angle"].around(ranges.calibration_angle, (count, 3))),
        ], axis=-1),
        dome=float(draw["dome"].within(ranges.dome, ())),
        lamps=_lamps(draw["lamps"], ranges),
        table=_paint(draw["table"], ranges.table, ranges.texture), floor=floor, walls=walls,
        robot=_paint(draw["robot"], ranges.robot, 0.0),
        objects=tuple(_paint(draw["objects"], ranges.objects, ranges.texture) for _ in range(num_objects)),
        hsv=draw["hsv"].around(1.0, (count, 3)) * [ranges.hsv.hue, ranges.hsv.saturation, ranges.hsv.value],
        scale=1.0 + draw["scale"].around(ranges.scale, (num_objects,)),
        distractors=_distractors(draw["distractors"], ranges),
        depth_noise=float(draw["depth_noise"].within((0.0, ranges.depth_noise), ())),
        depth_holes=float(draw["depth_holes"].within((0.0, ranges.depth_holes), ())),
        blur=draw["blur"].within((0.0, ranges.blur), (count,)),
        latency=ranges.latency[1] if held == "latency" else float(draw["latency"].within(ranges.latency, ())),
    )  # fmt: skip


def plain_look(params: VisionParams, num_objects: int, seed: int = 0) -> Look:
    """The scene as it is built, seen by cameras in their places that err in nothing and at once."""
    count, own = len(params.cameras), Paint(np.zeros(3), 0.0, -1)
    return Look(
        seed, np.zeros((count, 3)), np.zeros((count, 3)), np.full(count, params.fovy), np.zeros((count, 6)), 0.38,
        np.array([[0.9, -0.7, 2.0, 0.5, 0.5, 0.5], [-0.5, 1.0, 1.5, 0.25, 0.25, 0.25]]), own, own, own, own,
        (own,) * num_objects, np.zeros((count, 3)), np.ones(num_objects), (), 0.0, 0.0, np.zeros(count), 0.0,
    )


class _Draw:
    """A factor's stream; `held` at the extremes of its ranges."""

    def __init__(self, stream: np.random.Generator, held: bool) -> None:
        self.stream, self.held = stream, held

    def unit(self, shape: tuple[int, ...]) -> Array:
        """In [0, 1]; held: 0 or 1."""
        value = self.stream.random(shape)
        return np.round(value) if self.held else value

    def around(self, half: float, shape: tuple[int, ...]) -> Array:
        """In [-half, half]; held: either end."""
        return half * (2 * self.unit(shape) - 1)

    def within(self, ends: tuple[float, ...], shape: tuple[int, ...]) -> Array:
        """From the first to the second of `ends`; held: the second, which is the harder one, of a range from zero."""
        low, high = ends
        value = self.unit(shape)
        return np.full(shape, high) if self.held and low == 0 else low + (high - low) * value


def _paint(draw: _Draw, share: float, chance: float) -> Paint:
    colour = draw.stream.random(3)
    mixed, textured, texture = draw.stream.random(), draw.stream.random() < chance, draw.stream.integers(TEXTURES)
    return Paint(colour, share * (1.0 if draw.held else mixed), int(texture) if textured and share > 0 else -1)


def _lamps(draw: _Draw, ranges: RandomiseParams) -> Array:
    """Anywhere on the upper part of a sphere of 1.2 to 2.4 m around the table's middle; slightly tinted."""
    stream = draw.stream
    turn, height = stream.uniform(0, 2 * np.pi, LAMPS), stream.uniform(0.35, 1.0, LAMPS)
    flat, radius = np.sqrt(1 - height**2), stream.uniform(1.2, 2.4, LAMPS)
    place = radius[:, None] * np.stack([flat * np.cos(turn), flat * np.sin(turn), height], -1) + [0.45, 0.0, 0.0]
    tint = stream.uniform(0.85, 1.0, (LAMPS, 3))
    return np.concatenate([place, draw.within(ranges.lamps, (LAMPS, 1)) * tint], axis=-1)


def _distractors(draw: _Draw, ranges: RandomiseParams) -> tuple[Distractor, ...]:
    stream, most = draw.stream, ranges.distractors
    count = most if draw.held else int(stream.integers(most + 1))
    drawn = []
    for _ in range(most):
        size, places = stream.uniform([0.015, 0.012, 0.012], [0.06, 0.03, 0.05]), stream.random((PLACES, 2))
        yaw, kind = float(stream.uniform(-np.pi, np.pi)), int(stream.integers(DISTRACTOR_KINDS))
        texture = int(stream.integers(TEXTURES)) if stream.random() < ranges.texture else -1
        drawn.append(Distractor(kind, size, places, yaw, Paint(stream.random(3), 1.0, texture)))
    return tuple(drawn[:count])
