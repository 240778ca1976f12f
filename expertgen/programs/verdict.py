"""What becomes of a program that is run: it ended, or why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from expertgen.errors import ExpertGenError

Kind = Literal[
    "ok",
    "refused",  # syntax or names outside the allow-list
    "raised",  # an error in the program's own code
    "time", "memory", "crashed",  # a limit was reached, or the process died
    "protocol",  # something else than calls came out of the process
    "wrong_call", "unknown_object", "not_finite", "out_of_reach",  # what a skill was called with
    "too_many_calls", "too_many_steps",
]  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """`kind` for machines; `message` tells a person, or the model in its next round, what to change. line: of the
    program, from 1, where known."""

    kind: Kind
    message: str = ""
    line: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the program ran to its end."""
        return self.kind == "ok"

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line else ""
        return "ok" if self.ok else f"{self.kind}{where}: {self.message}"


class ProgramFailed(ExpertGenError):
    """A program did not run to its end; its one argument is the Verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict

    def __str__(self) -> str:
        return f"the program did not run to its end: {self.verdict}"
