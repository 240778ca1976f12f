"""What `import torch` and `import math` give a program: names of these modules, and nothing else of them.

Runs inside the container.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from expertgen.programs import reductions, tensor
from expertgen.programs.operators import BOOL, FLOAT, INT
from expertgen.programs.shapes import axis_of
from expertgen.programs.tensor import Tensor, as_tensor, elementwise


def _filled(value: Any) -> Callable[..., Tensor]:
    def make(*size: Any, dtype: str | None = None, device: Any = None) -> Tensor:
        return full(size[0] if len(size) == 1 and not isinstance(size[0], int) else size, value, dtype)

    return make


def _filled_like(value: Any) -> Callable[..., Tensor]:
    def make(other: Tensor, dtype: str | None = None, device: Any = None) -> Tensor:
        return full(other.shape, value, dtype or other.dtype)

    return make


def full(size: Any, fill_value: Any, dtype: str | None = None, device: Any = None) -> Tensor:
    """`size` times one value."""
    shape = tuple(int(part) for part in size)
    value = as_tensor(fill_value, dtype)
    return Tensor([value.item()] * math.prod(shape), shape, value.dtype)


def full_like(other: Tensor, fill_value: Any, dtype: str | None = None, device: Any = None) -> Tensor:
    """One value in the shape of another tensor."""
    return full(other.shape, fill_value, dtype or other.dtype)


def new(data: Any, dtype: str | None = None, device: Any = None) -> Tensor:
    """A tensor of its own."""
    return as_tensor(data, dtype).clone()


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors one after the other along a dimension that they have."""
    parts = [as_tensor(part) for part in tensors]
    axis = axis_of(dim, parts[0].ndim)
    front = [part.transpose(0, axis) for part in parts]
    return tensor.stack([row for part in front for row in part]).transpose(0, axis)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape along a new dimension."""
    joined = tensor.stack([as_tensor(part) for part in tensors])
    axis = axis_of(dim, joined.ndim)
    order = list(range(1, joined.ndim))
    return joined.permute(*order[:axis], 0, *order[axis:])


def arange(*bounds: Any, dtype: str | None = None, device: Any = None) -> Tensor:
    """Start, end and step, of integers or floats."""
    start, end, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    count = max(math.ceil((end - start) / step), 0)
    return as_tensor([start + step * i for i in range(count)], dtype)


def linspace(start: float, end: float, steps: int, dtype: str | None = None, device: Any = None) -> Tensor:
    """`steps` values at equal distances, both ends included."""
    gap = (end - start) / max(steps - 1, 1)
    return as_tensor([start + gap * i for i in range(steps)], FLOAT)


def where(condition: Tensor, first: Any, second: Any) -> Tensor:
    """Values of the first where the condition holds, else of the second."""
    first, second = as_tensor(first), as_tensor(second)
    wide = max(first.dtype, second.dtype, key=(BOOL, INT, FLOAT).index)
    return elementwise(lambda yes, one, other: one if yes else other, as_tensor(condition), first, second, dtype=wide)


def _each(function: Callable[..., Any], dtype: str | None = FLOAT) -> Callable[..., Tensor]:
    return lambda *values: elementwise(function, *map(as_tensor, values), dtype=dtype)


def _sign(value: Any) -> Any:
    return (value > 0) - (value < 0)


_FLOAT_FUNCTIONS = {
    **{name: getattr(math, name) for name in ("sqrt", "sin", "cos", "tan", "exp", "floor", "ceil", "hypot")},
    "atan2": math.atan2, "arctan2": math.atan2, "atan": math.atan, "acos": math.acos, "asin": math.asin,
    "deg2rad": math.radians, "rad2deg": math.degrees,
}  # fmt: skip
_METHODS: dict[str, Callable[..., Any]] = {
    "sum": reductions.total, "mean": reductions.mean, "norm": reductions.norm, "all": reductions.every,
    "any": reductions.some, "min": reductions.smallest, "max": reductions.largest, "amin": reductions.amin,
    "amax": reductions.amax, "argmin": reductions.argmin, "argmax": reductions.argmax,
    "clamp": reductions.clamp, "clip": reductions.clamp,
    "abs": _each(abs, None), "sign": _each(_sign, None), "round": _each(round, None),
    **{name: _each(function) for name, function in _FLOAT_FUNCTIONS.items()},
}  # fmt: skip
for _name, _function in _METHODS.items():
    setattr(Tensor, _name, _function)
Tensor.__abs__ = _METHODS["abs"]  # type: ignore[attr-defined]

TORCH = SimpleNamespace(
    **_METHODS,
    tensor=new, as_tensor=new, full=full, full_like=full_like, cat=cat, concat=cat, concatenate=cat, stack=stack,
    zeros=_filled(0.0), ones=_filled(1.0), empty=_filled(0.0), zeros_like=_filled_like(0), ones_like=_filled_like(1),
    empty_like=_filled_like(0), arange=arange, linspace=linspace, where=where,
    minimum=_each(min, None), maximum=_each(max, None),
    logical_and=_each(lambda a, b: a and b, BOOL), logical_or=_each(lambda a, b: a or b, BOOL),
    logical_not=_each(lambda a: not a, BOOL), isfinite=_each(math.isfinite, BOOL), isnan=_each(math.isnan, BOOL),
    float32=FLOAT, float64=FLOAT, double=FLOAT, float=FLOAT, int64=INT, long=INT, int32=INT, bool=BOOL,
    device=lambda name="cpu": "cpu", linalg=SimpleNamespace(norm=reductions.norm), pi=math.pi,
)  # fmt: skip
MATH = SimpleNamespace(**{
    name: getattr(math, name)
    for name in ("pi", "tau", "inf", "sqrt", "sin", "cos", "tan", "atan", "atan2", "asin", "acos", "hypot", "floor",
                 "ceil", "radians", "degrees", "exp", "log", "fabs", "isfinite", "copysign")
})  # fmt: skip
