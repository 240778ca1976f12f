"""A program written by a language model, and how it came to be: programs/TASK.py and programs/TASK.json.

They are recorded inputs: no stage writes them, and nothing else asks a model.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

import expertgen
from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.data.lock import stage_lock
from expertgen.env import WORKSPACE, start_generator
from expertgen.errors import InvalidParameter
from expertgen.params import Params, as_dict
from expertgen.programs.limits import LIMITS
from expertgen.programs.model import Message, ModelUnavailable, connect
from expertgen.programs.prompt import first_messages, next_messages
from expertgen.programs.recorded import FOLDER, script_parameters
from expertgen.programs.replies import Replies, program_of, text_of
from expertgen.programs.verdict import Verdict
from expertgen.skills.queries import PARTS
from expertgen.stages.script_command import Order
from expertgen.stages.script_score import Score, object_names, score
from expertgen.stages.script_starts import CHOOSE, REPORT, script_seeds
from expertgen.workspace import Workspace

_SHOWN_STARTS = 64
_KEPT = ("model", "usage")  # of an answer; its id and its time would make no two records equal


class NoProgram(ModelUnavailable):
    """None of the model's programs ran to its end."""


def run(params: Params, task: str, workspace: Workspace, project: Path, order: Order) -> None:
    """Ask for programs, keep the best by success at the end of the episode, and measure it on other starts.

    Answers are kept in data/TASK/.work/script until the program is written, so the same command goes on where one
    stopped. Raises InvalidParameter, ModelUnavailable, StageBusy, CannotWrite.
    """
    target = project / FOLDER / f"{task}.py"
    if not order.replace and target.exists():
        raise InvalidParameter(f"{target} is there already; give --replace to have a better one in its place.")
    report = script_seeds(REPORT, params, order.starts)
    model, ask = connect(order.model)
    with stage_lock(workspace.lock("script")):
        replies = Replies(workspace.work("script"), model, ask)
        writer = Writer(params, task, order, replies)
        record = writer.write() | {"task": task, "model": model, "program": target.name}
        if writer.best is None:
            failed = workspace.work("script").with_name("script_failed.json")
            atomic_write_json(failed, record)
            shutil.rmtree(workspace.work("script"), ignore_errors=True)  # the next run asks anew
            raise NoProgram(f"none of the model's programs ran to its end; the last: {writer.last}. All: {failed}")
        final, shipped = score(writer.best, params, task, report), score(None, params, task, report)
        atomic_write_text(target, writer.best)
        atomic_write_json(target.with_suffix(".json"), record | {
            "score": final.to_json(), "shipped": shipped.to_json(), "parameters": _parameters(params),
            "version": expertgen.__version__,
        })  # fmt: skip
        shutil.rmtree(workspace.work("script"), ignore_errors=True)
    print(f"{target}: {final.text()}\nthe shipped script on the same starts: {shipped.text().splitlines()[0]}")


class Writer:
    """Rounds of candidates; `best` is the best program so far, None while none has run to its end."""

    def __init__(self, params: Params, task: str, order: Order, replies: Replies) -> None:
        self.params, self.task, self.order, self.replies = params, task, order, replies
        self.seeds = script_seeds(CHOOSE, params, order.starts)
        self.best: str | None = None
        self.last = Verdict("refused", "nothing was asked")
        self._shown: tuple[str, Score] | None = None  # the program that the next round is told of
        self._scores: dict[str, Score] = {}

    def write(self) -> dict[str, Any]:
        """Ask, try and choose; what was asked, answered and scored, as JSON values."""
        first = first_messages(
            TASKS[self.task], _objects(self.params, self.task), (WORKSPACE[0].tolist(), WORKSPACE[1].tolist()),
            self.params.simulation.episode_steps, self.params.simulation.control_hz, _SHOWN_STARTS, LIMITS,
        )  # fmt: skip
        rounds, chosen = [], None
        for number in range(self.order.rounds):
            messages = first if self._shown is None else next_messages(first, self._shown[0], self._shown[1].text())
            entries: list[dict[str, Any]] = []
            for candidate in range(self.order.candidates):
                better, entry = self._candidate(number, candidate, messages)
                chosen = {"round": number, "candidate": candidate} if better else chosen
                entries.append(entry)
            rounds.append({"messages": messages, "candidates": entries})
        return {"rounds": rounds, "chosen": chosen, "definition": "most successes at the end of the episode"}

    def _candidate(self, number: int, candidate: int, messages: list[Message]) -> tuple[bool, dict[str, Any]]:
        reply, _ = self.replies.get(number, candidate, messages)
        entry: dict[str, Any] = {name: reply[name] for name in _KEPT if name in reply}
        better = False
        try:
            entry["reply"] = text_of(reply)
            program = program_of(entry["reply"])
        except ModelUnavailable as error:
            program, scored = None, Score(Verdict("refused", str(error)), self.seeds)
        else:
            none = Score(Verdict("refused", "the answer holds no block of Python code"), self.seeds)
            scored = none if program is None else self._scored(program)
        if program is not None and (self._shown is None or scored.rank > self._shown[1].rank):
            self._shown, better = (program, scored), scored.verdict.ok
            self.best = program if better else self.best
        self.last = scored.verdict
        line = scored.text().splitlines()[0]
        print(f"script: round {number + 1}, program {candidate + 1}: {line}", file=sys.stderr, flush=True)
        return better, entry | scored.to_json()

    def _scored(self, program: str) -> Score:
        if program not in self._scores:
            self._scores[program] = score(program, self.params, self.task, self.seeds)
        return self._scores[program]


def _objects(params: Params, task: str) -> str:
    """A line for each object: id, name, and where it is at the start."""
    benchmark = TASKS[task]
    seeds = script_seeds(CHOOSE, params, _SHOWN_STARTS)
    starts = np.stack([benchmark.reset_distribution(start_generator(seed)).objects for seed in seeds])[..., :3]
    order = [*([benchmark.num_objects - 2] if benchmark.articulated else []), *range(benchmark.num_free)]
    lines = []
    for (number, name), index in zip(object_names(params, task).items(), order, strict=True):
        figures = (starts[:, index].mean(0), starts[:, index].min(0), starts[:, index].max(0))
        line = ", ".join(str([float(v) for v in figure.round(3)]) for figure in figures)
        parts = f", with the parts {', '.join(sorted(PARTS))}" if benchmark.articulated and number == 1 else ""
        lines.append(f"{number}: {name}{parts}: {line}")
    return "\n".join(lines)


def _parameters(params: Params) -> dict[str, Any]:
    simulation = as_dict(params.simulation)
    del simulation["num_threads"]
    return {"seed": params.seed, "simulation": simulation, "script": script_parameters(params.script)}
