"""Typed, range-checked reading of plain YAML values into frozen dataclasses.

A dataclass's annotations are its schema: `Annotated[float, Range(above=0)]`, `Literal["full", "dct"]`,
`tuple[int, ...]`, nested dataclasses. Nothing is converted but an integer where a float is expected.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import typing
from dataclasses import dataclass, field
from typing import Any

_WORDS = {bool: "true or false", int: "an integer", float: "a number", str: "a string"}
_SHOWN = 8  # problems printed, so that the message stays on one screen


@dataclass(frozen=True)
class Range:
    """Bounds of a number, or of each number in a list; `above` and `below` exclude the bound itself."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def contains(self, value: float) -> bool:
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        bounds = ((">=", self.minimum), (">", self.above), ("<=", self.maximum), ("<", self.below))
        return " and ".join(f"{sign} {bound:.10g}" for sign, bound in bounds if bound is not None)


class MayBeEmpty:
    """Marks a list that may be empty, as in `Annotated[tuple[str, ...], MayBeEmpty()]`."""


@dataclass
class Problems:
    """What is wrong with one file, gathered so that a person sees it all at once."""

    file: str
    lines: list[str] = field(default_factory=list)

    def add(self, key: str, found: str, expected: str, hint: str = "") -> None:
        self.lines.append(f"{key or 'top level'}: found {found}, expected {expected}{hint}")

    def message(self) -> str:
        more = len(self.lines) - _SHOWN
        tail = [f"and {more} more"] if more > 0 else []
        return "\n  ".join([f"{self.file}:", *self.lines[:_SHOWN], *tail])


def describe(value: object) -> str:
    """A value as a person sees it in YAML, with its type where that may be the mistake."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"{str(value).lower()} (true/false)"
    if isinstance(value, dict):
        return "a mapping"
    text = repr(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    kind = {str: "string", list: "list", int: "integer", float: "number"}.get(
        type(value), type(value).__name__
    )
    return f"{text} ({kind})"


def check(value: object, annotation: Any, key: str, problems: Problems, partial: bool = False) -> Any:
    """`value` as the annotated type; what does not fit is added to `problems`.

    With `partial`, missing keys are allowed and mappings come back as dicts: that is how an overlay is read.
    """
    bounds = None
    if typing.get_origin(annotation) is typing.Annotated:
        annotation, bounds = typing.get_args(annotation)
    if dataclasses.is_dataclass(annotation):
        return _mapping(value, typing.cast(type, annotation), key, problems, partial)
    if typing.get_origin(annotation) is typing.Literal:
        return _choice(value, typing.get_args(annotation), key, problems)
    if isinstance(bounds, MayBeEmpty):
        if value == []:
            return ()
        bounds = None
    if typing.get_origin(annotation) is tuple:
        return _sequence(value, typing.get_args(annotation)[0], bounds, key, problems)
    return _scalar(value, annotation, bounds, key, problems)


def _mapping(value: object, cls: type, key: str, problems: Problems, partial: bool) -> Any:
    if not isinstance(value, dict):
        problems.add(key, describe(value), f"a mapping with the keys {', '.join(_annotations(cls))}")
        return None
    annotations = _annotations(cls)
    prefix = f"{key}." if key else ""
    for name in value:
        if name not in annotations:
            shown = name if isinstance(name, str) and name.isidentifier() else repr(name)[:60]
            problems.add(f"{prefix}{shown}", "an unknown key", *_nearest(str(name), list(annotations)))
    for name in annotations:
        if name not in value and not partial:
            problems.add(f"{prefix}{name}", "nothing", "a value: the key is missing")
    known = {
        name: check(value[name], annotation, f"{prefix}{name}", problems, partial)
        for name, annotation in annotations.items()
        if name in value
    }
    complete = len(known) == len(annotations) and not problems.lines
    return known if partial or not complete else cls(**known)


def _nearest(name: str, known: list[str]) -> tuple[str, str]:
    expected = f"one of {', '.join(known)}"
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return expected, f"; did you mean {close[0]}?" if close else ""


def _annotations(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


def _choice(value: object, choices: tuple[str, ...], key: str, problems: Problems) -> object:
    if not isinstance(value, str) or value not in choices:
        expected, hint = _nearest(value if isinstance(value, str) else "", list(choices))
        problems.add(key, describe(value), expected, hint)
    return value


def _sequence(value: object, item: Any, bounds: Range | None, key: str, problems: Problems) -> Any:
    if not isinstance(value, list) or not value:
        found = "an empty list" if value == [] else describe(value)
        problems.add(key, found, "a list of at least one value")
        return value
    if dataclasses.is_dataclass(item):
        return tuple(check(v, item, f"{key}[{i}]", problems) for i, v in enumerate(value))
    return tuple(_scalar(v, item, bounds, f"{key}[{i}]", problems) for i, v in enumerate(value))


def _scalar(value: object, kind: Any, bounds: Range | None, key: str, problems: Problems) -> object:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 2**1000 else math.inf
    # type() and not isinstance: true and false are integers to Python, never to a reader of params.yaml.
    wrong_type = type(value) is not kind or (isinstance(value, float) and not math.isfinite(value))
    out_of_range = not wrong_type and bounds is not None and not bounds.contains(typing.cast(float, value))
    if wrong_type or out_of_range or value == "":
        finite = "a finite number" if isinstance(value, float) else _WORDS[kind]
        problems.add(
            key, describe(value), f"{finite if kind is float else _WORDS[kind]} {bounds or ''}".rstrip()
        )
    return value
