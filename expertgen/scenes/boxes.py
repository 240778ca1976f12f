"""Brick and can: boxes as the YCB set's foam brick and potted meat can (Calli et al. 2015, table I)."""

from __future__ import annotations

import mujoco

from expertgen.scenes.rigid import STANDING, add_free_body, add_look, add_shape

BOX = mujoco.mjtGeom.mjGEOM_BOX
BRICK_SIZE, BRICK_MASS, BRICK_FRICTION = (0.075, 0.050, 0.050), 0.028, 0.9  # m, kg; foam on wood and rubber
CAN_SIZE, CAN_MASS, CAN_FRICTION = (0.097, 0.050, 0.082), 0.370, 0.5  # m, kg; painted tin


def add_brick(spec: mujoco.MjSpec, name: str = "object") -> None:
    """Add a free foam brick, its long side along the body's x."""
    body = add_free_body(spec, name, BRICK_SIZE[2] / 2)
    half = [length / 2 for length in BRICK_SIZE]
    add_shape(body, BOX, half, BRICK_MASS, BRICK_FRICTION)
    add_look(body, BOX, half, [0.70, 0.22, 0.16, 1])


def add_can(spec: mujoco.MjSpec, name: str) -> None:
    """Add a free, standing can, its wide side along the body's x."""
    body = add_free_body(spec, name, CAN_SIZE[2] / 2)
    half = [length / 2 for length in CAN_SIZE]
    add_shape(body, BOX, half, CAN_MASS, CAN_FRICTION, touches=STANDING)
    add_look(body, BOX, [half[0], half[1], half[2] - 0.004], [0.16, 0.28, 0.55, 1])
    for side in (-1, 1):
        lid = [half[0] - 0.002, half[1] - 0.002, 0.004]
        add_look(body, BOX, lid, [0.78, 0.79, 0.80, 1], pos=[0, 0, side * (half[2] - 0.004)])
    add_look(body, BOX, [half[0] + 0.0005, half[1] + 0.0005, 0.018], [0.93, 0.80, 0.25, 1])
