"""A small cabinet with a drawer that slides and has a bar for a handle; it stands on the table and does not move.

Boxes throughout. Measures below are from the middle of the front, on the table, x out of the front. The frame's origin
is in the middle of the closed drawer's handle; the drawer's frame is the cabinet's when it is closed. Plywood of 9 mm;
the drawer weighs 0.6 kg and runs with the friction of cheap rails, 2 to 3 N.
"""

from __future__ import annotations

import mujoco
import numpy as np

from expertgen.scenes.rigid import STANDING, add_look, add_shape
from expertgen.sims.layout import SLIDE

BOX, CAPSULE = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CAPSULE
DEPTH, WIDTH, HEIGHT, BOARD = 0.22, 0.28, 0.20, 0.009  # m
LOWER = 0.105  # m, where the upper drawer begins
TRAVEL = 0.18  # m
HANDLE = np.array([0.042, 0.0, 0.186])  # m, middle of the bar
HANDLE_LENGTH, HANDLE_RADIUS = 0.11, 0.006
DRAWER_CENTRE = np.array([-0.095, 0.0, 0.12])  # m, middle of the drawer's floor
DRAWER_MASS, RAIL_FRICTION, RAIL_DAMPING = 0.6, 2.0, 4.0  # kg, N, N s/m
BODY_COLOUR, FRONT_COLOUR, METAL = [0.80, 0.78, 0.74, 1], [0.45, 0.58, 0.62, 1], [0.25, 0.25, 0.27, 1]


def add_cabinet(spec: mujoco.MjSpec, name: str = "cabinet") -> None:
    """Add the cabinet as a mocap body, with its drawer as the joint `slide`, open by 0 to TRAVEL m."""
    base = spec.worldbody.add_body(name=name, mocap=True, pos=[0.6, 0, HANDLE[2]], quat=[0, 0, 0, 1])
    for pos, half in _carcass():
        _board(base, pos, half, BODY_COLOUR, 0.0)
    lower = LOWER / 2 - 0.004
    _board(base, (BOARD / 2 - 0.004, 0, lower + 0.002), (BOARD / 2, WIDTH / 2 - 0.004, lower), FRONT_COLOUR, 0.0)
    add_look(base, CAPSULE, [0.004, 0, 0], METAL, fromto=_between([0.014, -0.03, 0.06], [0.014, 0.03, 0.06]))
    drawer = base.add_body(name=f"{name}_drawer")
    drawer.add_joint(
        name=SLIDE, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[1, 0, 0], range=[0, TRAVEL], limited=True,
        damping=RAIL_DAMPING, frictionloss=RAIL_FRICTION,
    )
    for pos, half in _tray():
        _board(drawer, pos, half, FRONT_COLOUR if pos[0] > 0 else BODY_COLOUR, DRAWER_MASS / 6)
    _add_handle(drawer)
    spec.add_exclude(bodyname1=name, bodyname2=f"{name}_drawer")


def _carcass() -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Sides, back, top and bottom: middle and half size, m."""
    b, x, side = BOARD / 2, -DEPTH / 2 - BOARD / 2, WIDTH / 2 - BOARD / 2
    return [
        ((x, side, HEIGHT / 2), (DEPTH / 2, b, HEIGHT / 2)), ((x, -side, HEIGHT / 2), (DEPTH / 2, b, HEIGHT / 2)),
        ((-DEPTH - b, 0, HEIGHT / 2), (b, WIDTH / 2, HEIGHT / 2)),
        ((x, 0, HEIGHT - b), (DEPTH / 2, WIDTH / 2, b)), ((x, 0, LOWER - b), (DEPTH / 2, WIDTH / 2, b)),
    ]  # fmt: skip


def _tray() -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """The drawer's front, floor, sides and back."""
    b, low, top = BOARD / 2, LOWER + 0.004, HEIGHT - 0.004
    middle, half = (low + top) / 2, (top - low) / 2
    inner = WIDTH / 2 - 2 * BOARD
    length = DEPTH / 2 - BOARD
    wall = 0.030  # m, half the height of sides and back
    return [
        ((b - 0.004, 0, middle), (b, WIDTH / 2 - 0.004, half)),
        ((-length - b, 0, low + b), (length, inner, b)),
        ((-length - b, inner, low + wall), (length, b, wall)), ((-length - b, -inner, low + wall), (length, b, wall)),
        ((-2 * length, 0, low + wall), (b, inner, wall)),
    ]  # fmt: skip


def _add_handle(drawer: mujoco.MjsBody) -> None:
    x, _, z = HANDLE
    half = HANDLE_LENGTH / 2
    ends = _between([x, -half, z], [x, half, z])
    add_shape(drawer, CAPSULE, [HANDLE_RADIUS, 0, 0], DRAWER_MASS / 6, 0.6, touches=STANDING, fromto=ends)
    add_look(drawer, CAPSULE, [HANDLE_RADIUS, 0, 0], METAL, fromto=ends)
    for y in (-half, half):
        add_look(drawer, CAPSULE, [HANDLE_RADIUS * 0.8, 0, 0], METAL, fromto=_between([0.0, y, z], [x, y, z]))


def _between(first: list[float], second: list[float]) -> list[float]:
    """A capsule's ends, in the body's frame."""
    return [*(np.array(first) - HANDLE), *(np.array(second) - HANDLE)]


def _board(body: mujoco.MjsBody, pos: tuple, half: tuple, rgba: list[float], mass: float) -> None:
    middle = list(np.array(pos) - HANDLE)
    add_shape(body, BOX, list(half), mass, 0.5, touches=STANDING, pos=middle)
    add_look(body, BOX, list(half), rgba, pos=middle)
