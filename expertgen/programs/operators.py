"""Python's operators on tensors, in terms of what a tensor does element by element. Runs inside the container."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Self

FLOAT, INT, BOOL = "float64", "int64", "bool"  # dtypes


class Operators:
    """Operators between a tensor and what can be made one, broadcast; the in-place ones write into their tensor."""

    __slots__ = ()

    def _with(self, other: Any, function: Callable[[Any, Any], Any], dtype: str | None = None) -> Self:
        raise NotImplementedError

    def _from(self, other: Any, function: Callable[[Any, Any], Any], dtype: str | None = None) -> Self:
        raise NotImplementedError

    def _write(self, value: Self) -> Self:
        raise NotImplementedError

    def __add__(self, other: Any) -> Self:
        return self._with(other, operator.add)

    def __sub__(self, other: Any) -> Self:
        return self._with(other, operator.sub)

    def __mul__(self, other: Any) -> Self:
        return self._with(other, operator.mul)

    def __truediv__(self, other: Any) -> Self:
        return self._with(other, divide, FLOAT)

    def __floordiv__(self, other: Any) -> Self:
        return self._with(other, operator.floordiv)

    def __mod__(self, other: Any) -> Self:
        return self._with(other, operator.mod)

    def __pow__(self, other: Any) -> Self:
        return self._with(other, operator.pow)

    def __radd__(self, other: Any) -> Self:
        return self._from(other, operator.add)

    def __rsub__(self, other: Any) -> Self:
        return self._from(other, operator.sub)

    def __rmul__(self, other: Any) -> Self:
        return self._from(other, operator.mul)

    def __rtruediv__(self, other: Any) -> Self:
        return self._from(other, divide, FLOAT)

    def __iadd__(self, other: Any) -> Self:
        return self._write(self + other)

    def __isub__(self, other: Any) -> Self:
        return self._write(self - other)

    def __imul__(self, other: Any) -> Self:
        return self._write(self * other)

    def __itruediv__(self, other: Any) -> Self:
        return self._write(self / other)

    def __lt__(self, other: Any) -> Self:
        return self._with(other, operator.lt, BOOL)

    def __le__(self, other: Any) -> Self:
        return self._with(other, operator.le, BOOL)

    def __gt__(self, other: Any) -> Self:
        return self._with(other, operator.gt, BOOL)

    def __ge__(self, other: Any) -> Self:
        return self._with(other, operator.ge, BOOL)

    def __eq__(self, other: Any) -> Self:  # type: ignore[override]
        return self._with(other, operator.eq, BOOL)

    def __ne__(self, other: Any) -> Self:  # type: ignore[override]
        return self._with(other, operator.ne, BOOL)

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: Any) -> Self:
        return self._with(other, operator.and_)

    def __or__(self, other: Any) -> Self:
        return self._with(other, operator.or_)


def divide(first: Any, second: Any) -> float:
    """Division of floats, by zero too."""
    if second:
        return float(first / second)
    return math.nan if first == 0 or first != first else math.copysign(math.inf, first) * math.copysign(1.0, second)
