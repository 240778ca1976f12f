"""What a program may use up."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE_BYTES = 64 * 1024
NESTING = 100  # of a program's syntax tree
MESSAGE_BYTES = 16 * 1024 * 1024  # of one call with its arguments, or one answer


@dataclass(frozen=True)
class Limits:
    """cpu_seconds and memory_bytes hold for the process that a program runs in, wall_seconds for all of it, the
    planning of its skills included; calls counts skills and queries, steps the control steps of one plan."""

    cpu_seconds: int = 20
    wall_seconds: float = 120.0
    memory_bytes: int = 512 * 1024 * 1024
    calls: int = 200
    steps: int = 5000


LIMITS = Limits()
