"""Where the tool is, and is sent, as an object sees it: what success of manipulation depends on.

A learner can find these out from Table X's poses, but only to the few millimetres that decide a grasp after many
episodes. They are functions of the state alone and add no knowledge of the task.
"""

from __future__ import annotations

import torch
from torch import Tensor

from expertgen.benchmarks.observation import (
    ARTICULATED_JOINT,
    ARTICULATED_POSITION,
    ARTICULATED_ROTATION,
    EE_POSITION_COLUMNS,
    OBJECT_POSITIONS,
    OBJECT_ROTATIONS,
    PART,
)

FAR, NEAR = 0.1, 0.02  # m: one scale for approaching, one for grasping
POSITION_FEATURES, ROTATION_FEATURES = 6, 6
TOOL_FEATURES = POSITION_FEATURES + ROTATION_FEATURES  # for each object


def tool_features(observation: Tensor, frames: tuple[int, ...]) -> Tensor:
    """(B, 53) → (B, 12 * len(frames)): the tool's position and rotation in each of `frames`, see Benchmark."""
    pose = observation[:, :16].unflatten(1, (4, 4))
    first, second = pose[:, :3, 0], pose[:, :3, 1]
    position = observation[:, None, EE_POSITION_COLUMNS]
    return torch.cat([
        part for index in frames
        for part in (_positions(observation, index, position), _rotation(observation, index, first, second))
    ], -1)  # fmt: skip


def chunk_features(observation: Tensor, chunk: Tensor, frames: tuple[int, ...]) -> Tensor:
    """What the executed chunk (B, S, 10) commands from (B, 53): (B, D), differentiable in `chunk`.

    For each of `frames` the tool positions at the end of each quarter of the chunk and its last rotation, in that
    frame; and all gripper commands.
    """
    steps = chunk.shape[1]
    quarters = [max(steps * part // 4 - 1, 0) for part in (1, 2, 3, 4)]
    positions, last = chunk[:, quarters, :3], chunk[:, -1, 3:9]
    parts = [chunk[:, :, 9].clamp(-1.5, 1.5)]
    for index in frames:
        parts.append(_positions(observation, index, positions))
        parts.append(_rotation(observation, index, last[:, :3], last[:, 3:]))
    return torch.cat(parts, -1)


def chunk_features_dim(steps: int, frames: int) -> int:
    """D of `chunk_features`."""
    return steps + frames * (4 * POSITION_FEATURES + ROTATION_FEATURES)


def _frame(observation: Tensor, index: int) -> tuple[Tensor, Tensor]:
    """(B, 3) origin and (B, 3, 3) rotation of an object, or of the part of an articulated one."""
    if index == PART:
        x, y = observation[:, ARTICULATED_ROTATION:ARTICULATED_JOINT].split(3, 1)
        base = observation[:, ARTICULATED_POSITION:ARTICULATED_ROTATION]
        slid = base + observation[:, ARTICULATED_JOINT, None] * x
        return slid, torch.stack((x, y, torch.linalg.cross(x, y)), -1)
    start, turn = OBJECT_POSITIONS + 3 * index, OBJECT_ROTATIONS + 6 * index
    x, y = observation[:, turn : turn + 3], observation[:, turn + 3 : turn + 6]
    return observation[:, start : start + 3], torch.stack((x, y, torch.linalg.cross(x, y)), -1)


def _positions(observation: Tensor, index: int, positions: Tensor) -> Tensor:
    """(B, S, 3) → (B, S * 6), at both scales."""
    origin, rotation = _frame(observation, index)
    local = (positions - origin[:, None]) @ rotation
    return torch.cat((local / FAR, torch.tanh(local / NEAR)), -1).flatten(1)


def _rotation(observation: Tensor, index: int, first: Tensor, second: Tensor) -> Tensor:
    """Two columns of a rotation, (B, 3) each → (B, 6)."""
    _, rotation = _frame(observation, index)
    return (torch.stack((first, second), 1) @ rotation).flatten(1)
