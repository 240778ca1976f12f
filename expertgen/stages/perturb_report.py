"""Disturbed episodes in words and in a figure: perturbations.md and perturbations.png."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expertgen.metrics.wilson import Rate
from expertgen.perturbations import KINDS
from expertgen.report.rates import plot_rates
from expertgen.report.tables import MISSING, markdown_grid
from expertgen.stages.perturb_rollouts import UNDISTURBED
from expertgen.stages.policies import DISPLAY_NAMES

KIND_NAMES = {UNDISTURBED: "undisturbed", "opening": "gripper opened", "force": "hand pushed"}
_HEADER = ("policy", "events", "at any time [95 %]", "at the end [95 %]", "drop", "hit", "recovered of these [95 %]",
           "dropped", "recovered of these [95 %]")  # fmt: skip


def draw(path: Path, metrics: dict[str, Any]) -> None:
    """Success at the end, with and without events."""
    rates = {
        DISPLAY_NAMES[policy]: {
            KIND_NAMES[kind]: Rate.from_json(measured[kind]["success_end"]) for kind in (UNDISTURBED, *KINDS)
        }
        for policy, measured in metrics["policies"].items()
    }
    plot_rates(path, rates, caption=f"success at the end; {starts(metrics)}")


def starts(metrics: dict[str, Any]) -> str:
    """Which starts were met."""
    last = metrics["seed"] + metrics["episodes"] - 1
    return f"{metrics['episodes']} starts, the same for all, seeds {metrics['seed']} to {last}"


def text(metrics: dict[str, Any]) -> str:
    """Markdown."""
    meant = metrics["definitions"]
    listed = "".join(f"- {name}: {meant[name]}.\n" for name in ("hit", "dropped", "recovered", "drop"))
    return (
        f"# {metrics['task'].replace('_', ' ').capitalize()}: disturbed episodes\n\n{meant['task']} "
        f"{starts(metrics).capitalize()}; each start has the same events for both policies (event seed "
        f"{metrics['event_seed']}).\n\n- gripper opened: {meant['opening']}.\n- hand pushed: {meant['force']}.\n\n"
        f"{markdown_grid(_HEADER, list(_rows(metrics)), '<<' + '>' * (len(_HEADER) - 2))}\n"
        f"![Success with and without events](perturbations.png)\n\nSuccess at any time: {meant['success_any']}; at the "
        f"end: {meant['success_end']}. The drop is at the end, in percentage points. In brackets 95 % Wilson "
        f"intervals.\n\n{listed}\nThe label of each episode is in perturbed.parquet.\n"
    )


def _rows(metrics: dict[str, Any]) -> Iterator[list[str]]:
    for policy, measured in metrics["policies"].items():
        for kind in (UNDISTURBED, *KINDS):
            found = measured[kind]
            rates = [str(Rate.from_json(found[name])) for name in ("success_any", "success_end")]
            more = [MISSING] * 5 if kind == UNDISTURBED else _disturbed(found)
            yield [DISPLAY_NAMES[policy], KIND_NAMES[kind], *rates, *more]


def _disturbed(found: dict[str, Any]) -> list[str]:
    cells = [f"{100 * found['drop']['success_end']['rate']:.1f}"]
    for which in ("hit", "dropped"):
        rate = found[which]["recovered"]
        cells += [str(found[which]["episodes"]), MISSING if rate is None else str(Rate.from_json(rate))]
    return cells
