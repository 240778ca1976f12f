"""Bodies of revolution: fruit, bowls and cans to look at."""

from __future__ import annotations

import numpy as np


def lathe_mesh(profile: np.ndarray, sides: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Turn `profile` (P, 2), radius and height in m from one end of the axis to the other, about z: vertices (V, 3) in
    m and triangles (F, 3), outward where the profile runs upward, closed at both ends by points on the axis."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    rings = np.concatenate(
        [
            profile[:, None, :1] * circle[None],
            np.broadcast_to(profile[:, None, 1:], (len(profile), sides, 1)),
        ],
        axis=-1,
    )
    ends = np.array([[0, 0, profile[0, 1]], [0, 0, profile[-1, 1]]])
    vertices = np.concatenate([rings.reshape(-1, 3), ends])
    faces = []
    for ring in range(len(profile) - 1):
        for side in range(sides):
            a, b = ring * sides + side, ring * sides + (side + 1) % sides
            faces += [(a, b, b + sides), (a, b + sides, a + sides)]
    last, bottom, top = (len(profile) - 1) * sides, len(vertices) - 2, len(vertices) - 1
    for side in range(sides):
        after = (side + 1) % sides
        faces += [(bottom, after, side), (top, last + side, last + after)]
    return vertices, np.array(faces)
