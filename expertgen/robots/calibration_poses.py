"""Poses of the hand from which a calibration can be told: what to suggest, and whether those taken differ enough.

A camera's place follows from how the hand turned. Views that turn about a single axis, however many, leave the place
along that axis open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.geometry import rotation_log
from expertgen.robots.calibration_transforms import inverse, mean_pose, pose, turned

Array = NDArray[np.float64]
# As seen by who looks at the board from the camera: x right, y down, z away.
_TURNS = (
    ((0, 0, 0), "square to the camera"), ((-1, 0, 0), "top edge away"), ((1, 0, 0), "top edge nearer"),
    ((0, -1, 0), "right edge away"), ((0, 1, 0), "left edge away"), ((0, 0, 1), "clockwise"),
    ((0, 0, -1), "anticlockwise"), ((-1, -1, 0), "top right corner away"), ((1, 1, 0), "top right corner nearer"),
    ((-1, 1, 0), "top left corner away"), ((1, -1, 0), "top left corner nearer"),
)  # fmt: skip
_SHIFTS = (
    ((0, 0, 0), "in the middle"), ((1, 0, 0), "to the right"), ((-1, 0, 0), "to the left"), ((0, -1, 0), "up"),
    ((0, 1, 0), "down"), ((0, 0, 1), "farther away"), ((0, 0, -1), "nearer"), ((1, -1, 1), "right, up, away"),
    ((-1, 1, -1), "left, down, nearer"),
)  # fmt: skip


@dataclass(frozen=True)
class Suggestion:
    """How to hold the board next, from its first place: `turn` (3,) rad and `shift` (3,) m along the axes of who looks
    at it from the camera; `words` for a person."""

    turn: Array
    shift: Array
    words: str


def suggestions(count: int, tilt: float, travel: float) -> list[Suggestion]:
    """`count` different ways to hold the board, turned by up to `tilt` deg and moved by `travel` m along an axis."""
    found = []
    for i in range(count):
        (axis, turn_words), (way, shift_words) = _TURNS[i % len(_TURNS)], _SHIFTS[i % len(_SHIFTS)]
        # Further rounds turn by less, then by more, so that no two are alike.
        share = 1.0 - 0.3 * ((i // len(_TURNS)) % 3)
        length = np.linalg.norm(axis)
        turn = np.deg2rad(share * tilt) * np.array(axis) / max(length, 1.0)
        words = turn_words if not length else f"{turn_words} by {share * tilt:.0f} deg"
        if any(way):
            shift_words = f"{1e2 * travel:.0f} cm {shift_words}"
        found.append(Suggestion(turn, travel * np.array(way, dtype=float), f"{words}, {shift_words}"))
    return found


def tool_targets(first: Array, tool_R_board: Array, chosen: list[Suggestion]) -> Array:
    """`first` (4, 4) base_T_tool, turned about the tool's own point and moved as suggested → (N, 4, 4).

    `tool_R_board` (3, 3) says which way the board faces in the hand; roughly is enough.
    """
    axes = first[:3, :3] @ tool_R_board
    turns = turned(np.stack([axes @ each.turn for each in chosen]))
    shifts = np.stack([axes @ each.shift for each in chosen])
    return pose(turns @ first[:3, :3], first[:3, 3] + shifts)


@dataclass(frozen=True)
class Diversity:
    """How different N poses of the hand are: root mean square turns (3,) in deg about the axes of most, next and least
    turning, and root mean square distance from their middle in m."""

    turns: Array
    travel: float


def diversity(base_T_tool: Array) -> Diversity:
    """Of (N, 4, 4), N at least 1."""
    middle = mean_pose(base_T_tool)
    vectors = np.rad2deg(rotation_log(inverse(middle)[:3, :3] @ base_T_tool[:, :3, :3]))
    spread = np.sqrt(np.clip(np.linalg.eigvalsh(vectors.T @ vectors / len(vectors))[::-1], 0, None))
    away = base_T_tool[:, :3, 3] - middle[:3, 3]
    return Diversity(spread, float(np.sqrt((away**2).sum(-1).mean())))


def too_alike(base_T_tool: Array, turn: float) -> str:
    """What a person should change about the poses (N, 4, 4); "" where they turn enough about a second axis."""
    found = diversity(base_T_tool).turns
    if found[1] >= turn:
        return ""
    about = "hardly turns at all" if found[0] < turn else "turns about one axis only"
    return (
        f"the hand {about}: {found[0]:.0f}, {found[1]:.0f} and {found[2]:.0f} deg (root mean square) about its axes, "
        f"expected {turn:g} or more about two: tilt the board sideways as well as forwards, by 20 deg and more"
    )
