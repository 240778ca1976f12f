"""Who stands beside the robot: a person at a terminal, or a file of answers in their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from expertgen.errors import InvalidParameter, MissingInput
from expertgen.params.checks import Problems, check
from expertgen.params.yamlfile import read_yaml
from expertgen.trials.attempts import BY_MEASURE, Verdict

_HELP = "s = success, f REASON = failure, i REASON = invalid, q = stop here"
_WORDS: dict[str, Verdict] = {word: verdict for verdict in ("success", "failure", "invalid")
                              for word in (verdict[0], verdict)}  # fmt: skip


class Stopped(Exception):
    """The operator wants no more for now; nothing is lost, and the same command goes on."""


@dataclass(frozen=True)
class Score:
    """How an attempt went, why, and who says so."""

    verdict: Verdict
    reason: str
    by: str


class Operator(Protocol):
    """Answers questions; raises Stopped to stop for now."""

    name: str

    def confirm(self, question: str) -> None:
        """Return once what `question` asks for is done."""
        ...

    def score(self, question: str, number: int, measured: bool | None) -> Score:
        """The score of the `number`th attempt of all, from 1; `measured`: success as the task itself measures it."""
        ...


class TerminalOperator:
    """A person at a terminal. `ask` shows a text and returns a line."""

    def __init__(self, name: str = "", ask: Callable[[str], str] = input) -> None:
        self._ask = ask
        self.name = name or self._line("Your name or initials, for the log: ") or "not given"

    def confirm(self, question: str) -> None:
        self._line(f"{question}\n[Enter] when that is so, q to stop here: ")

    def score(self, question: str, number: int, measured: bool | None) -> Score:
        while True:
            word, _, reason = self._line(f"{question}\n{_HELP}: ").partition(" ")
            verdict, reason = _WORDS.get(word.lower()), reason.strip()
            if verdict is None or (verdict != "success" and not reason):
                question = "A failure and an invalid trial need a reason." if verdict else "Not understood."
            elif self._line(f"{verdict}{f': {reason}' if reason else ''}. It cannot be changed later. y/n: ") == "y":
                return Score(verdict, reason, self.name)
            else:
                question = "Again, then."

    def _line(self, text: str) -> str:
        try:
            line = self._ask(text).strip()
        except EOFError:
            raise Stopped from None
        if line == "q":
            raise Stopped
        return line


@dataclass(frozen=True)
class Answers:
    """A file of answers: the k-th of `answers` is of the k-th attempt, `then` of all that follow. An answer: success |
    "failure, REASON" | "invalid, REASON" | measured, as the task itself measures it at the end | stop."""

    operator: str
    answers: tuple[str, ...]
    then: str


class FileOperator:
    """Answers from a file, for automation: each reset is taken for done."""

    def __init__(self, path: Path) -> None:
        """Raises MissingInput, InvalidParameter."""
        if not path.is_file():
            raise MissingInput(f"no answers at {path}. docs/trials.md tells what such a file holds.")
        problems = Problems(str(path))
        self._answers = cast(Answers, check(read_yaml(path, str(path)), Answers, "", problems))
        if not problems.lines:
            for i, text in enumerate(self._answers.answers):
                _understand(text, f"answers[{i}]", problems)
            _understand(self._answers.then, "then", problems)
        if problems.lines:
            raise InvalidParameter(problems.message())
        self.name = self._answers.operator

    def confirm(self, question: str) -> None:
        """Whoever wrote the file answers for it."""

    def score(self, question: str, number: int, measured: bool | None) -> Score:
        answers = self._answers
        text = answers.answers[number - 1] if number <= len(answers.answers) else answers.then
        word, reason = _understand(text, "", Problems(""))
        if word == "stop":
            raise Stopped
        if word != "measured":
            return Score(cast(Verdict, word), reason, self.name)
        if measured is None:
            raise InvalidParameter("answer measured: this robot cannot measure success; a person has to score it.")
        return Score("success" if measured else "failure", "as measured at the end", BY_MEASURE)


def _understand(text: str, key: str, problems: Problems) -> tuple[str, str]:
    word, _, reason = (part.strip() for part in text.partition(","))
    needs_reason = word in ("failure", "invalid")
    if word not in ("success", "failure", "invalid", "measured", "stop") or needs_reason != bool(reason):
        problems.add(key, repr(text)[:60], 'success, "failure, REASON", "invalid, REASON", measured or stop')
    return word, reason
