"""What brings the values of a tensor together: sums, extremes, norms. Runs inside the container."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from expertgen.programs.operators import BOOL, FLOAT, INT
from expertgen.programs.shapes import axis_of
from expertgen.programs.tensor import Tensor, as_tensor, elementwise


class Extreme(NamedTuple):
    """The extreme values along a dimension, and where they are."""

    values: Tensor
    indices: Tensor


def reduce(
    function: Callable[[list[Any]], Any], tensor: Any, dim: Any = None, keepdim: bool = False, dtype: str | None = None
) -> Tensor:
    """`function` of the values along `dim` (an integer, several, or all for None)."""
    tensor = as_tensor(tensor)
    dims = range(tensor.ndim) if dim is None else dim if isinstance(dim, (list, tuple)) else [dim]
    gone = sorted({axis_of(axis, tensor.ndim) for axis in dims})
    rest = [axis for axis in range(tensor.ndim) if axis not in gone]
    rows = tensor.permute(*rest, *gone) if tensor.ndim else tensor
    kept, each = tuple(tensor.shape[axis] for axis in rest), math.prod(tensor.shape[axis] for axis in gone)
    values = rows.clone()._values()
    results = [function(values[i * each : (i + 1) * each]) for i in range(math.prod(kept))]
    result = as_tensor(results, dtype or tensor.dtype).reshape(*kept) if kept else as_tensor(results[0], dtype)
    if keepdim:
        result = result.reshape(*(1 if axis in gone else size for axis, size in enumerate(tensor.shape)))
    return result


def total(tensor: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    dtype = FLOAT if as_tensor(tensor).dtype == FLOAT else INT
    return reduce(sum, tensor, dim, keepdim, dtype)


def mean(tensor: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    return reduce(lambda values: sum(values) / len(values) if values else math.nan, tensor, dim, keepdim, FLOAT)


def norm(tensor: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    return reduce(lambda values: math.hypot(*values), tensor, dim, keepdim, FLOAT)


def every(tensor: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    return reduce(all, tensor, dim, keepdim, BOOL)


def some(tensor: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    return reduce(any, tensor, dim, keepdim, BOOL)


def smallest(tensor: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return _extreme(min, tensor, dim, keepdim)


def largest(tensor: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return _extreme(max, tensor, dim, keepdim)


def amin(tensor: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    return reduce(min, tensor, dim, keepdim)


def amax(tensor: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    return reduce(max, tensor, dim, keepdim)


def argmin(tensor: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    return reduce(lambda values: values.index(min(values)), tensor, dim, keepdim, INT)


def argmax(tensor: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    return reduce(lambda values: values.index(max(values)), tensor, dim, keepdim, INT)


def clamp(tensor: Any, min: Any = None, max: Any = None) -> Tensor:
    result = as_tensor(tensor).clone()
    if min is not None:
        result = elementwise(lambda value, bound: bound if value < bound else value, result, as_tensor(min))
    if max is not None:
        result = elementwise(lambda value, bound: bound if value > bound else value, result, as_tensor(max))
    return result


def _extreme(function: Callable[..., Any], tensor: Any, dim: Any, keepdim: bool) -> Any:
    if dim is None:
        return reduce(function, tensor)
    if isinstance(dim, Tensor):  # torch.max(a, b)
        return elementwise(function, as_tensor(tensor), dim)
    indices = reduce(lambda values: values.index(function(values)), tensor, dim, keepdim, INT)
    return Extreme(reduce(function, tensor, dim, keepdim), indices)
