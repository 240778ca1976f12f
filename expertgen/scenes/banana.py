"""A procedural banana: a tapered tube swept along an arc to look at, capsules along it to touch.

Size and mass follow a medium banana (USDA FoodData Central: 7 to 7 7/8 inches, 118 g edible portion; about 0.16 m
along its curve without the stem and 34 mm thick here).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import mujoco
import numpy as np

from expertgen.scenes.panda import COLLISION_GROUP, VISUAL_GROUP


@dataclass(frozen=True)
class Banana:
    """Arc of radius `bend` (m) over `angle` (rad), lying in the body's xy plane, centre of its box at 0.

    The body's x axis runs along the chord; the arc bulges towards +y.
    """

    bend: float = 0.10
    angle: float = 1.6
    radius: float = 0.017
    tip_radius: float = 0.011
    mass: float = 0.12
    segments: int = 5
    friction: float = 0.8

    @property
    def sagitta(self) -> float:
        """Height of the arc over its chord, m."""
        return self.bend * (1 - np.cos(self.angle / 2))

    def midline(self, s: np.ndarray) -> np.ndarray:
        """s in [-1, 1] along the arc → (..., 3) points, m, body frame."""
        phi = np.asarray(s) * self.angle / 2
        # The box spans y from the tips' inner side to the apex's outer side.
        low = self.bend * np.cos(self.angle / 2) - self.tip_radius * np.cos(self.angle / 2)
        centre = (low + self.bend + self.radius) / 2
        y = self.bend * np.cos(phi) - centre
        return np.stack([self.bend * np.sin(phi), y, np.zeros_like(y)], axis=-1)

    def thickness(self, s: np.ndarray) -> np.ndarray:
        """Radius of the tube in m at s in [-1, 1]."""
        return self.tip_radius + (self.radius - self.tip_radius) * np.sqrt(np.clip(1 - np.abs(s) ** 4, 0, 1))


def add_banana(spec: mujoco.MjSpec, name: str = "object", shape: Banana | None = None) -> mujoco.MjsBody:
    """Add a free banana called `name`, its frame's origin in the centre of its bounding box."""
    shape = shape or Banana()
    body = spec.worldbody.add_body(name=name, pos=[0.5, 0, shape.radius])
    body.add_freejoint(name=name)
    ends = np.linspace(-1, 1, shape.segments + 1)
    # Pull the outermost capsule centres in, so that their round ends stay inside the tube's tips.
    ends[[0, -1]] *= 1 - shape.tip_radius / (shape.bend * shape.angle / 2)
    for low, high in itertools.pairwise(ends):
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[*shape.midline(low), *shape.midline(high)],
            size=[float(shape.thickness((low + high) / 2)), 0, 0], mass=shape.mass / shape.segments,
            contype=2, conaffinity=1, condim=4, friction=[shape.friction, 0.005, 0.0001],
            group=COLLISION_GROUP, rgba=[0.95, 0.8, 0.2, 1],
        )
    vertices, faces = tube_mesh(shape)
    spec.add_mesh(name=f"{name}_skin", uservert=vertices.ravel(), userface=faces.ravel())
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH, meshname=f"{name}_skin", contype=0, conaffinity=0, mass=0,
        group=VISUAL_GROUP, rgba=[0.96, 0.82, 0.18, 1],
    )
    return body


def tube_mesh(shape: Banana, rings: int = 25, sides: int = 14) -> tuple[np.ndarray, np.ndarray]:
    """Swept tube: vertices (V, 3) in m, body frame, and triangles (F, 3), outward, closed by two tips."""
    s = np.linspace(-1, 1, rings)
    phi, theta = s * shape.angle / 2, np.linspace(0, 2 * np.pi, sides, endpoint=False)
    outward = np.stack([np.sin(phi), np.cos(phi), np.zeros(rings)], axis=-1)
    circle = np.cos(theta)[None, :, None] * outward[:, None] + np.sin(theta)[None, :, None] * np.array([0, 0, 1.0])
    points = shape.midline(s)[:, None] + shape.thickness(s)[:, None, None] * circle
    tips = shape.midline(np.array([-1.06, 1.06]))
    vertices = np.concatenate([points.reshape(-1, 3), tips])
    faces = []
    for ring in range(rings - 1):
        for side in range(sides):
            a, b = ring * sides + side, ring * sides + (side + 1) % sides
            faces += [(a, b, a + sides), (b, b + sides, a + sides)]
    last = (rings - 1) * sides
    for side in range(sides):
        after = (side + 1) % sides
        faces += [(after, side, rings * sides), (last + side, last + after, rings * sides + 1)]
    return vertices, np.array(faces)
