"""Shapes and positions of the tensors that programs compute with. Runs inside the container."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Shape = tuple[int, ...]


def common_shape(*shapes: Shape) -> Shape:
    """The shape that all of `shapes` broadcast to. Raises ValueError."""
    result = [1] * max(map(len, shapes))
    for shape in shapes:
        for axis in range(1, len(shape) + 1):
            if shape[-axis] != 1:
                if result[-axis] not in (1, shape[-axis]):
                    raise ValueError(f"shapes {' and '.join(map(str, shapes))} do not fit together")
                result[-axis] = shape[-axis]
    return tuple(result)


def broadcast(positions: Sequence[int], shape: Shape, target: Shape) -> list[int]:
    """`positions` of a tensor of `shape`, repeated to the shape `target`. Raises ValueError."""
    if len(shape) > len(target) or common_shape(shape, target) != target:
        raise ValueError(f"shape {shape} does not broadcast to {target}")
    padded = (1,) * (len(target) - len(shape)) + shape
    picks = [[0] * size if own == 1 else range(size) for own, size in zip(padded, target, strict=True)]
    return [positions[i] for i in _flat(padded, picks)]


def select(shape: Shape, positions: Sequence[int], index: tuple[Any, ...]) -> tuple[Shape, list[int]]:
    """Shape and positions of what `index` picks: integers, slices, None, an Ellipsis, at most one list of integers.

    Raises IndexError and TypeError."""
    kept: list[int] = []
    picks: list[Sequence[int]] = []
    lists = 0
    for part in _complete(index, len(shape)):
        if part is None:
            kept.append(1)
            continue
        if len(picks) == len(shape):
            raise IndexError(f"too many indices for shape {shape}")
        size = shape[len(picks)]
        if isinstance(part, int) and not isinstance(part, bool):
            picks.append([_within(part, size)])
            continue
        lists += isinstance(part, list)
        picks.append(_many(part, size))
        kept.append(len(picks[-1]))
    if lists > 1:
        raise IndexError("at most one list or tensor in an index")
    return tuple(kept), [positions[i] for i in _flat(shape, picks)]


def resolved(shape: Sequence[int], count: int) -> Shape:
    """`shape` with its one -1 replaced, for `count` elements. Raises ValueError."""
    sizes = list(shape)
    if sizes.count(-1) == 1:
        rest = math.prod(size for size in sizes if size != -1)
        if rest > 0:
            sizes[sizes.index(-1)] = count // rest
    if any(size < 0 for size in sizes) or math.prod(sizes) != count:
        raise ValueError(f"{count} elements cannot have the shape {tuple(shape)}")
    return tuple(sizes)


def axis_of(axis: int, dims: int) -> int:
    """A dimension counted from the front, of one that may be counted from the back. Raises IndexError."""
    if not -dims <= axis < dims:
        raise IndexError(f"dimension {axis} of a tensor with {dims}")
    return axis % dims


def _complete(index: tuple[Any, ...], dims: int) -> list[Any]:
    parts = list(index)
    missing = dims - sum(part is not None and part is not Ellipsis for part in parts)
    places = [i for i, part in enumerate(parts) if part is Ellipsis] or [len(parts)]
    if len(places) > 1:
        raise IndexError("more than one ... in an index")
    return parts[: places[0]] + [slice(None)] * missing + parts[places[0] + 1 :]


def _many(part: Any, size: int) -> Sequence[int]:
    if isinstance(part, slice):
        if part.step is not None and part.step < 1:
            raise IndexError("the step of a slice must be positive")
        return range(*part.indices(size))
    if isinstance(part, list):
        return [_within(i, size) for i in part]
    raise TypeError("an index is made of integers, slices, None, ..., a list of integers, a tensor")


def _within(i: Any, size: int) -> int:
    if not isinstance(i, int) or isinstance(i, bool) or not -size <= i < size:
        raise IndexError(f"index {i} in a dimension of {size}")
    return i % size


def _flat(shape: Shape, picks: Sequence[Sequence[int]]) -> list[int]:
    result = [0]
    for size, chosen in zip(shape, picks, strict=True):
        result = [base * size + i for base in result for i in chosen]
    return result
