"""What became of each disturbed episode, as one row of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from expertgen.benchmarks import Benchmark
from expertgen.index.episode_table import write_episode_table
from expertgen.params import ForceParams, OpeningParams, Params
from expertgen.perturbations import Events
from expertgen.rollout import Episodes

TABLE = "perturbed.parquet"
RAISED = 0.02  # m above its start, from which on an object counts as held
FALL = 1.0  # s after an event, within which a fall is put down to it
NEVER = -1
COLUMNS = pa.schema([
    ("task", pa.string()), ("policy", pa.string()), ("kind", pa.string()), ("seed", pa.int64()),
    ("begins", pa.list_(pa.int64())), ("angle", pa.list_(pa.float64())), ("first_success", pa.int64()),
    ("hit", pa.bool_()), ("felt", pa.bool_()), ("dropped", pa.bool_()), ("recovered", pa.bool_()),
    ("success_any", pa.bool_()), ("success_end", pa.bool_()), ("undisturbed_any", pa.bool_()),
    ("undisturbed_end", pa.bool_()), ("healthy", pa.bool_()),
])  # fmt: skip
MEANING = {
    "begins": "control step, counted from 0, in which each event begins",
    "angle": "rad, whither each force pushes, from x towards y of the base frame; null for an opening",
    "first_success": "first control step at whose end the task was achieved, -1: none",
    "hit": "the first event began before the first success",
    "felt": "hit, and for an opening: it overrode a command to close",
    "dropped": f"an object at least {100 * RAISED:g} cm above its start when an event began was lower than that during "
    f"the event or within {FALL:g} s after it",
    "recovered": "hit, and achieved at the end of the episode all the same",
}


def labels(
    kind: str, disturbed: Episodes, undisturbed: Episodes, events: Events, benchmark: Benchmark, params: Params
) -> dict[str, NDArray[Any]]:
    """Columns (N,) of COLUMNS but for task, policy and kind; begins and angle (N, E).

    `disturbed`, by `events` of `kind`, and `undisturbed` are the same policy's episodes from the same starts.
    """
    event: OpeningParams | ForceParams = params.perturb.opening if kind == "opening" else params.perturb.force
    first = np.where(disturbed.success_any, disturbed.success.argmax(1), NEVER)
    hit = (first == NEVER) | (events.begins[:, 0] <= first)
    overrode = (events.opened & (disturbed.action[..., 9] > 0)).any(1)
    within = event.steps + round(FALL * params.simulation.control_hz)
    return {
        "seed": disturbed.seeds, "begins": events.begins, "angle": events.angle, "first_success": first, "hit": hit,
        "felt": hit & overrode if kind == "opening" else hit,
        "dropped": _dropped(disturbed, events.begins, within, benchmark.num_free),
        "recovered": hit & disturbed.success_end, "success_any": disturbed.success_any,
        "success_end": disturbed.success_end, "undisturbed_any": undisturbed.success_any,
        "undisturbed_end": undisturbed.success_end, "healthy": disturbed.healthy,
    }  # fmt: skip


def _dropped(episodes: Episodes, begins: NDArray[np.int64], steps: int, num_free: int) -> NDArray[np.bool_]:
    """(N,) whether a free object that was held when one of the events (N, E) began fell within so many steps."""
    heights = episodes.objects[:, :, :num_free, 2] - episodes.start_objects[:, None, :num_free, 2]
    raised = np.pad(heights >= RAISED, ((0, 0), (1, 0), (0, 0)))  # before each step, and after the last
    dropped = np.zeros(len(begins), dtype=np.bool_)
    for row, event in np.ndindex(begins.shape):
        begin = int(begins[row, event])
        dropped[row] |= bool((raised[row, begin] & ~raised[row, begin + 1 : begin + 1 + steps].all(0)).any())
    return dropped


def rows_of(task: str, policy: str, kind: str, columns: dict[str, NDArray[Any]]) -> list[dict[str, Any]]:
    """One mapping for each episode."""
    lists = {name: values.tolist() for name, values in columns.items()}
    if kind == "opening":
        lists["angle"] = [None] * len(lists["seed"])
    named = {"task": task, "policy": policy, "kind": kind}
    return [named | dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def write_labels(path: Path, rows: list[dict[str, Any]], made_from: dict[str, Any]) -> None:
    """Write the table, the same bytes for the same rows. Raises CannotWrite."""
    write_episode_table(path, rows, COLUMNS, made_from)
