"""Tensors as programs see them: PyTorch's names, in plain Python. Runs inside the container.

PyTorch itself stays outside, for it can read and write files, load code, and reach the C library. Values are 64-bit
floats, integers and booleans; slices, reshape and expand share memory with their tensor, as PyTorch's do.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from expertgen.programs.operators import BOOL, FLOAT, INT, Operators
from expertgen.programs.shapes import Shape, axis_of, broadcast, common_shape, resolved, select

_CASTS: dict[str, Callable[[Any], Any]] = {FLOAT: float, INT: int, BOOL: bool}
_ORDER = (BOOL, INT, FLOAT)


class Tensor(Operators):
    """Numbers of one dtype in a shape; `positions` are where they are in `storage`, which views share."""

    __slots__ = ("_positions", "_storage", "dtype", "shape")
    device = "cpu"

    def __init__(self, storage: list[Any], shape: Shape, dtype: str, positions: list[int] | None = None) -> None:
        self._storage, self.shape, self.dtype = storage, shape, dtype
        self._positions = list(range(len(storage))) if positions is None else positions

    def _values(self) -> list[Any]:
        storage = self._storage
        return [storage[i] for i in self._positions]

    def _view(self, shape: Shape, positions: list[int]) -> Tensor:
        return Tensor(self._storage, shape, self.dtype, positions)

    # What it is.
    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def T(self) -> Tensor:
        return self.permute(*reversed(range(self.ndim)))

    def dim(self) -> int:
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        return len(self._positions)

    def item(self) -> Any:
        if len(self._positions) != 1:
            raise ValueError(f"item() of {len(self._positions)} elements")
        return self._values()[0]

    def tolist(self) -> Any:
        return self.item() if not self.shape else [row.tolist() for row in self]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a tensor without dimensions")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> builtins.bool:
        if len(self._positions) != 1:
            raise ValueError("a tensor of several values is neither true nor false; use .any() or .all()")
        return builtins.bool(self.item())

    def __float__(self) -> builtins.float:
        return builtins.float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __repr__(self) -> str:
        return "tensor"

    # The same values again.
    def clone(self) -> Tensor:
        return Tensor(self._values(), self.shape, self.dtype)

    def detach(self) -> Tensor:
        return self

    cpu = contiguous = detach

    def to(self, *what: Any, **named: Any) -> Tensor:
        """Another dtype, if one is given; a device is taken as it is, for there is one."""
        found = [name for name in (*what, *named.values()) if isinstance(name, str) and name in _CASTS]
        found += [other.dtype for other in what if isinstance(other, Tensor)]
        return self._as(found[0]) if found and found[0] != self.dtype else self

    def float(self) -> Tensor:
        return self.to(FLOAT)

    double = float

    def long(self) -> Tensor:
        return self.to(INT)

    def bool(self) -> Tensor:
        return self.to(BOOL)

    def _as(self, dtype: str) -> Tensor:
        return Tensor(list(map(_CASTS[dtype], self._values())), self.shape, dtype)

    # Other shapes.
    def reshape(self, *shape: Any) -> Tensor:
        return self._view(resolved(_sizes(shape), len(self._positions)), self._positions)

    view = reshape

    def flatten(self) -> Tensor:
        return self.reshape(-1)

    def unsqueeze(self, dim: int) -> Tensor:
        at = axis_of(dim, self.ndim + 1)
        return self._view((*self.shape[:at], 1, *self.shape[at:]), self._positions)

    def squeeze(self, dim: int | None = None) -> Tensor:
        at = range(self.ndim) if dim is None else [axis_of(dim, self.ndim)]
        shape = tuple(size for i, size in enumerate(self.shape) if size != 1 or i not in at)
        return self._view(shape, self._positions)

    def expand(self, *shape: Any) -> Tensor:
        sizes = _sizes(shape)
        own = (1,) * (len(sizes) - self.ndim) + self.shape
        target = tuple(old if size == -1 else size for size, old in zip(sizes, own, strict=True))
        return self._view(target, broadcast(self._positions, self.shape, target))

    def expand_as(self, other: Tensor) -> Tensor:
        return self.expand(*other.shape)

    def repeat(self, *counts: Any) -> Tensor:
        times = _sizes(counts)
        shape = (1,) * (len(times) - self.ndim) + self.shape
        index = [[i for _ in range(count) for i in range(size)] for count, size in zip(times, shape, strict=True)]
        result = self.reshape(*shape)
        for axis, picks in enumerate(index):
            result = result[(*[slice(None)] * axis, picks)]
        return result.clone()

    def permute(self, *dims: Any) -> Tensor:
        order = [axis_of(dim, self.ndim) for dim in _sizes(dims)]
        if sorted(order) != list(range(self.ndim)):
            raise ValueError(f"permute{tuple(order)} of a tensor with {self.ndim} dimensions")
        strides = [math.prod(self.shape[i + 1 :]) for i in range(self.ndim)]
        where = [0]
        for dim in order:
            where = [base + strides[dim] * i for base in where for i in range(self.shape[dim])]
        return self._view(tuple(self.shape[dim] for dim in order), [self._positions[i] for i in where])

    def transpose(self, first: int, second: int) -> Tensor:
        order = list(range(self.ndim))
        order[first], order[second] = order[second], order[first]
        return self.permute(*order)

    # Parts.
    def __getitem__(self, index: Any) -> Tensor:
        shape, positions, copied = self._select(index)
        part = self._view(shape, positions)
        return part.clone() if copied else part

    def __setitem__(self, index: Any, value: Any) -> None:
        shape, positions, _ = self._select(index)
        self._view(shape, positions)._write(as_tensor(value))

    def _select(self, index: Any) -> tuple[Shape, list[int], builtins.bool]:
        parts = index if isinstance(index, tuple) else (index,)
        shape = self.shape
        if parts and isinstance(parts[0], Tensor) and parts[0].dtype == BOOL:
            mask = parts[0]
            if mask.shape != shape[: mask.ndim]:
                raise IndexError(f"a mask of shape {mask.shape} for a tensor of shape {shape}")
            shape = (len(mask._positions), *shape[mask.ndim :])
            parts = ([i for i, true in enumerate(mask._values()) if true], *parts[1:])
        plain = tuple(part._values() if isinstance(part, Tensor) and part.ndim else part for part in parts)
        plain = tuple(part.item() if isinstance(part, Tensor) else part for part in plain)
        return *select(shape, self._positions, plain), any(isinstance(part, list) for part in plain)

    def _write(self, value: Tensor) -> Tensor:
        if _ORDER.index(value.dtype) > _ORDER.index(self.dtype):
            raise TypeError(f"{value.dtype} values do not fit into a tensor of {self.dtype}")
        cast, values = _CASTS[self.dtype], value._values()
        for to, source in zip(self._positions, broadcast(range(len(values)), value.shape, self.shape), strict=True):
            self._storage[to] = cast(values[source])
        return self

    def fill_(self, value: Any) -> Tensor:
        return self._write(as_tensor(value))

    # Arithmetic.
    def _with(self, other: Any, function: Callable[[Any, Any], Any], dtype: str | None = None) -> Tensor:
        return elementwise(function, self, as_tensor(other), dtype=dtype)

    def _from(self, other: Any, function: Callable[[Any, Any], Any], dtype: str | None = None) -> Tensor:
        return elementwise(function, as_tensor(other), self, dtype=dtype)

    def __neg__(self) -> Tensor:
        return elementwise(operator.neg, self)

    def __invert__(self) -> Tensor:
        return elementwise(operator.not_ if self.dtype == BOOL else operator.invert, self)


def as_tensor(data: Any, dtype: str | None = None) -> Tensor:
    """A tensor of numbers, of (nested) lists and tuples of numbers or tensors, or the tensor itself."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, (bool, int, float)):
        found = BOOL if isinstance(data, bool) else INT if isinstance(data, int) else FLOAT
        return Tensor([_CASTS[dtype or found](data)], (), dtype or found)
    if not isinstance(data, (list, tuple)):
        raise TypeError(f"found {type(data).__name__}, expected numbers, lists of numbers or a tensor")
    result = stack([as_tensor(item) for item in data]) if data else Tensor([], (0,), FLOAT)
    return result if dtype is None else result.to(dtype)


def stack(parts: Sequence[Tensor]) -> Tensor:
    """Tensors of one shape along a new first dimension."""
    if len({part.shape for part in parts}) != 1:
        raise ValueError(f"expected tensors or lists of one shape, found {[part.shape for part in parts][:8]}")
    dtype = max((part.dtype for part in parts), key=_ORDER.index)
    values = [_CASTS[dtype](value) for part in parts for value in part._values()]
    return Tensor(values, (len(parts), *parts[0].shape), dtype)


def elementwise(function: Callable[..., Any], *tensors: Tensor, dtype: str | None = None) -> Tensor:
    """`function` of the values of tensors that are broadcast; dtype: of the result, by default the widest of theirs."""
    shape = common_shape(*(tensor.shape for tensor in tensors))
    columns = []
    for tensor in tensors:
        storage = tensor._storage
        columns.append([storage[i] for i in broadcast(tensor._positions, tensor.shape, shape)])
    dtype = dtype or max((tensor.dtype for tensor in tensors), key=_ORDER.index)
    cast = _CASTS[dtype]
    return Tensor([cast(value) for value in map(function, *columns)], shape, dtype)


def _sizes(given: tuple[Any, ...]) -> list[int]:
    sizes = list(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple)) else list(given)
    if not all(isinstance(size, int) and not isinstance(size, bool) for size in sizes):
        raise TypeError("sizes are integers")
    return sizes
