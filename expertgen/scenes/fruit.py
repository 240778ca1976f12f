"""Peach, pear and strawberry: turned about their axis to look at, spheres along it to touch.

Sizes and masses are those of the plastic fruit of the YCB set (Calli et al. 2015, "Benchmarking in Manipulation
Research", table I: peach 59 mm, 33 g; pear 66 x 100 mm, 49 g; strawberry 44 x 55 mm, 18 g), friction as of smooth
plastic on wood and rubber. They lie on their side, axis along the body's x, except the peach, which stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from expertgen.scenes.lathe import lathe_mesh
from expertgen.scenes.rigid import add_free_body, add_look, add_shape, add_skin

SPHERE = mujoco.mjtGeom.mjGEOM_SPHERE
STALK = [0.35, 0.24, 0.12, 1]
LEAF = [0.25, 0.50, 0.18, 1]


@dataclass(frozen=True)
class Fruit:
    """Spheres of the given radii (m), the thickest first, along the axis at `places` (m from the frame's origin)."""

    radii: tuple[float, ...]
    places: tuple[float, ...]
    mass: float
    friction: float
    rolling: float
    rgba: tuple[float, float, float, float]
    lying: bool = True

    @property
    def tilt(self) -> float:
        """Angle by which the axis points down, rad, when the fruit lies on the table: the thin end rests too."""
        first, *others = zip(self.radii, self.places, strict=True)
        slopes = [(first[0] - radius) / (place - first[1]) for radius, place in others]
        return float(np.arcsin(min(slopes, default=0.0)))

    @property
    def rest(self) -> float:
        """Height of the origin, m, when the fruit lies on the table."""
        return float(self.radii[0] + self.places[0] * np.sin(self.tilt))

    def profile(self, rings: int = 25) -> np.ndarray:
        """(P, 2) radius and place along the axis of the skin: the envelope of spheres blended between places."""
        places, radii = np.array(self.places), np.array(self.radii)
        low, high = places[0] - radii[0], places[-1] + radii[-1]
        s = low + (high - low) * (1 - np.cos(np.linspace(0.02, np.pi - 0.02, rings))) / 2
        fine = np.linspace(places[0], places[-1], 60) if len(places) > 1 else places
        blend = np.interp(fine, places, radii)
        inside = blend[None] ** 2 - (s[:, None] - fine[None]) ** 2
        return np.stack([np.sqrt(np.clip(inside.max(1), 1e-8, None)), s], axis=-1)


PEACH = Fruit((0.0295,), (0.0,), 0.033, 0.7, 0.001, (0.95, 0.62, 0.36, 1), lying=False)
PEAR = Fruit((0.033, 0.024, 0.016), (-0.017, 0.019, 0.034), 0.049, 0.6, 0.001, (0.80, 0.78, 0.22, 1))
STRAWBERRY = Fruit((0.021, 0.021, 0.009), (-0.0065, 0.0065, 0.0185), 0.018, 0.8, 0.0008, (0.85, 0.12, 0.13, 1))


def add_fruit(spec: mujoco.MjSpec, fruit: Fruit, name: str) -> mujoco.MjsBody:
    """Add a free fruit called `name`."""
    body = add_free_body(spec, name, fruit.rest)
    for radius, place in zip(fruit.radii, fruit.places, strict=True):
        position = [place, 0, 0] if fruit.lying else [0, 0, place]
        add_shape(
            body, SPHERE, [radius, 0, 0], fruit.mass / len(fruit.radii), fruit.friction, rolling=fruit.rolling,
            pos=position,
        )
    vertices, faces = lathe_mesh(fruit.profile())
    if fruit.lying:
        vertices = vertices[:, [2, 0, 1]]  # a cyclic change of axes keeps triangles outward
    add_skin(spec, body, f"{name}_skin", (vertices, faces), list(fruit.rgba))
    return body


def add_peach(spec: mujoco.MjSpec, name: str = "object") -> None:
    """Add a free peach with a stalk."""
    body = add_fruit(spec, PEACH, name)
    _stalk(body, [0, 0, 0.029, 0.004, 0, 0.037], 0.002, STALK)


def add_pear(spec: mujoco.MjSpec, name: str = "object") -> None:
    """Add a free pear with a stalk at its thin end."""
    body = add_fruit(spec, PEAR, name)
    _stalk(body, [0.048, 0, 0, 0.064, 0.003, 0], 0.002, STALK)


def add_strawberry(spec: mujoco.MjSpec, name: str = "object") -> None:
    """Add a free strawberry with leaves at its thick end."""
    body = add_fruit(spec, STRAWBERRY, name)
    for turn in np.linspace(0, 2 * np.pi, 6, endpoint=False):
        side = 0.014 * np.array([np.cos(turn), np.sin(turn)])
        _stalk(body, [-0.026, 0, 0, -0.022, *side], 0.003, LEAF)


def _stalk(body: mujoco.MjsBody, ends: list[float], radius: float, rgba: list[float]) -> None:
    add_look(body, mujoco.mjtGeom.mjGEOM_CAPSULE, [radius, 0, 0], rgba, fromto=ends)
