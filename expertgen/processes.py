"""What Linux tells of other processes (/proc)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessState:
    """A process that has not ended: its parent's id, its session's, and the time of its start, as the kernel writes
    it; together with the process id that tells it from a later process of the same id."""

    parent: int
    session: int
    start: str


def look_at(pid: int) -> ProcessState | None:
    """The state of a process; None once it has ended, and where there is no /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()  # the name before it may hold anything
        state = ProcessState(int(fields[1]), int(fields[3]), fields[19])
    except (OSError, IndexError, ValueError):
        return None
    return None if fields[0] in "ZX" else state


def was_started_with(pid: int, variable: str) -> bool:
    """Whether the environment a process was started with has `variable`; False if that cannot be told."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return any(entry.startswith(f"{variable}=".encode()) for entry in environment.split(b"\0"))
