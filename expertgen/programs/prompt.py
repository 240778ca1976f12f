"""What a language model is told: the task, the skills, what a program may use, and how the last ones fared."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence

from expertgen.benchmarks.base import Benchmark
from expertgen.programs.allow_list import BUILTINS, ENTRY
from expertgen.programs.calls import SKILLS
from expertgen.programs.limits import Limits
from expertgen.programs.model import Message
from expertgen.programs.torch_names import MATH, TORCH

_SYSTEM = """\
You write programs for a robot arm with a parallel gripper. A program is one Python function `{entry}(env)` that calls \
skills; env stands for a batch of N scenes at once, each with its own start. The program runs once, before the robot \
moves: skills append motions to N plans, queries answer with tensors of shape (N, ...) as the scene is at the start. \
Positions are in metres, angles in rad, in the robot's base frame: x points away from the robot, y to its left, z up, \
and the table's top is z = 0. There is no feedback while the robot moves, and motions have small random errors.

Skills and queries:
{skills}

Allowed beside them: `import torch` and `import math`, of which only these names exist: torch.{{{torch}}}; \
math.{{{math}}}; the built-ins {builtins}; functions, assignments, arithmetic, comparisons, if, for, while, lists, \
tuples, dictionaries and slices. Everything else is refused, such as other imports, classes, exceptions, lambda, \
f-strings, decorators, and names that begin with an underscore. A program may make {calls} calls.

Answer with one Python code block that holds the whole program."""
_TASK = """\
Task: {instruction}
Success: {success}
Starts: {starts}
Objects, by id, with the positions of their centres in {count} starts (mean, smallest, largest):
{objects}
Targets must be within {low} to {high}. An episode lasts {steps} control steps at {rate:g} Hz, and what a plan has \
beyond them is cut."""
_AGAIN = """\
{verdict}

Improve the program. Answer with one Python code block that holds the whole program."""


def first_messages(
    benchmark: Benchmark, objects: str, box: tuple[Sequence[float], Sequence[float]], steps: int, rate: float,
    starts: int, limits: Limits,
) -> list[Message]:
    """The request of the first round. objects: a line for each object; box: lowest and highest target, m; steps and
    rate (Hz): of an episode; starts: how many the lines on objects are about."""
    system = _SYSTEM.format(
        entry=ENTRY, skills=skill_text(), torch=", ".join(sorted(vars(TORCH))), math=", ".join(sorted(vars(MATH))),
        builtins=", ".join(BUILTINS), calls=limits.calls,
    )  # fmt: skip
    task = _TASK.format(
        instruction=benchmark.instruction, success=_doc(benchmark.success), starts=_doc(benchmark.reset_distribution),
        count=starts, objects=objects, low=list(box[0]), high=list(box[1]), steps=steps, rate=rate,
    )  # fmt: skip
    return [{"role": "system", "content": system}, {"role": "user", "content": task}]


def next_messages(first: list[Message], program: str, verdict: str) -> list[Message]:
    """The request of a further round: the first one, the best program so far, and how it fared."""
    answer = f"```python\n{program.rstrip()}\n```"
    return [*first, {"role": "assistant", "content": answer},
            {"role": "user", "content": _AGAIN.format(verdict=verdict)}]  # fmt: skip


def skill_text() -> str:
    """Signature and description of each skill."""
    return "\n".join(
        f"{name}{inspect.signature(skill)}\n{textwrap.indent(_doc(skill), '    ')}" for name, skill in SKILLS.items()
    )


def _doc(function: object) -> str:
    return inspect.getdoc(function) or "see the name"
