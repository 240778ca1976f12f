"""Table: ways of teaching a student, compared on the same starts (ExpertGen, Table V, in simulation)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.metrics.paired import mcnemar_exact
from expertgen.metrics.wilson import Rate
from expertgen.report.tables import MISSING, markdown_grid

Flags = NDArray[np.bool_]
KINDS = ("success_end", "success_any")
_NOTES = """## How it is measured

Every student acts alone on the same {n} starts (seeds {first} to {last}) at each point of its curve, none of which it
was taught on; looks and camera faults are drawn as in teaching. Success at the end: achieved at the end of the last
control step; at any time: at the end of some control step. Intervals are 95 % Wilson; they tell of episodes and not of
trainings, of which there is one for each student, with seed {seed}.

Position and rotation: distance of the student's actions from the teacher's on the states that the student meets, median
/ 95th percentile; gripper: commands that agree. Last column: the difference in success at the end; in parentheses, on
how many starts only this one : only that one succeeds; p is of McNemar's exact test, two-sided, not corrected for
several comparisons.

Samples are labelled decisions. α is the teacher's share of decisions: 1 for the first quarter of the samples, then
falling linearly until half of them. Wall time is all of the teaching, its curve's points included, on the cores named.
"""
_OTHER_CODE = "\nNot all of these students were taught by the same code.\n"


def outcomes_text(outcomes: Flags) -> str:
    """Booleans (N,), one per episode, as a text of 0 and 1, which takes one line of a file."""
    return "".join("01"[int(value)] for value in outcomes)


def read_outcomes(text: str) -> Flags:
    """The inverse of outcomes_text. Raises ValueError for another text."""
    if not text or set(text) - set("01"):
        raise ValueError(f"expected a text of 0 and 1, one for each episode, found {text[:40]!r}")
    return np.array([value == "1" for value in text])


def recipes_page(task: str, figure: str, groups: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """The report in Markdown: title → label → run, see recipes_table; groups without runs are left out. Raises
    ValueError where all are."""
    held = {title: runs for title, runs in groups.items() if runs}
    every = [run for runs in held.values() for run in runs.values()]
    if not every:
        raise ValueError("a report on students needs at least one run")
    first, last = every[0]["starts"]
    text = f"# {task}: ways of teaching a student\n\n![Success against samples]({figure})\n\n"
    text += "".join(f"## {title}\n\n{recipes_table(runs)}\n" for title, runs in held.items())
    text += _NOTES.format(n=last - first + 1, first=first, last=last, seed=every[0]["seed"])
    return text + (_OTHER_CODE if len({run["code"] for run in every}) > 1 else "")


def recipes_table(runs: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: one line for each label → run as benchmarks/student_recipes.py keeps it, the others compared with the
    first, and its teacher. Raises ValueError without runs."""
    if not runs:
        raise ValueError("a table of students needs at least one run")
    label, first = next(iter(runs.items()))
    header = ["student", "samples", "updates", "wall [min]", "cores", "success at the end [95 %]",
              "at any time [95 %]", "n", "position [mm]", "rotation [deg]", "gripper [%]",
              f"at the end, against {label}"]  # fmt: skip
    cells = [
        [name, str(run["samples"]), str(run["updates"]), f"{run['seconds'] / 60:.1f}", str(run["cores"]),
         *_rates(run["outcomes"]), *_errors(run["points"][-1]["labels"]),
         MISSING if run is first else comparison(run["outcomes"], first["outcomes"])]
        for name, run in runs.items()
    ]  # fmt: skip
    teacher = first["teacher"]
    cells.append(["the teacher", *[MISSING] * 4, *_rates(teacher), *[MISSING] * 3,
                  comparison(teacher, first["outcomes"])])  # fmt: skip
    return markdown_grid(header, cells, "<" + ">" * (len(header) - 1))


def comparison(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """ "+3.9 points (12 : 2), p = 0.013": the difference in success at the end, on how many of the same starts only one
    of the two succeeds, ours first, and McNemar's exact p."""
    a, b = (read_outcomes(outcomes["success_end"]) for outcomes in (ours, theirs))
    points, p = 100 * (a.mean() - b.mean()), mcnemar_exact(a, b)
    told = "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
    return f"{points:+.1f} points ({int((a & ~b).sum())} : {int((b & ~a).sum())}), {told}"


def _rates(outcomes: Mapping[str, str]) -> list[str]:
    rates = [Rate.of(read_outcomes(outcomes[kind])) for kind in KINDS]
    return [*map(str, rates), str(rates[0].n)]


def _errors(labels: Mapping[str, float]) -> list[str]:
    """Median and 95th percentile of position and rotation, and how often the gripper's commands agree."""
    position = [f"{1000 * labels[f'position_{which}']:.1f}" for which in ("median", "95")]
    rotation = [f"{math.degrees(labels[f'rotation_{which}']):.1f}" for which in ("median", "95")]
    return [" / ".join(position), " / ".join(rotation), f"{100 * labels['gripper']:.1f}"]
