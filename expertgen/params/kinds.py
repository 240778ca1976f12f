"""The kinds of number that several sections share."""

from __future__ import annotations

from typing import Annotated

from expertgen.params.checks import Range

Count = Annotated[int, Range(minimum=1)]
CountOrZero = Annotated[int, Range(minimum=0)]
Counts = Annotated[tuple[int, ...], Range(minimum=1)]
Fraction = Annotated[float, Range(minimum=0, maximum=1)]
NonNegative = Annotated[float, Range(minimum=0)]
Positive = Annotated[float, Range(above=0)]
Seed = Annotated[int, Range(minimum=0, maximum=2**32 - 1)]
