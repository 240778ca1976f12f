"""The figures of the report on all tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from expertgen.metrics.success_map import SuccessMap
from expertgen.metrics.wilson import Rate
from expertgen.report.style import FAINT, MUTED, POLICY_COLOURS, figure
from expertgen.report.success_maps import COLOURS, PERCENT

PALER = (1.0, 0.6, 0.3)  # opacity of the first, second, third bar of a colour


def plot_success_bars(
    path: Path, rates: Mapping[str, Mapping[str, Rate]], printed: Mapping[str, Mapping[str, float]], caption: str
) -> None:
    """One group of bars for each task: group -> policy -> rate, and the paper's percentages by the same keys, which
    are drawn as diamonds. A policy that `rates` lacks has its place, and no bar. Raises ValueError without groups."""
    if not rates:
        raise ValueError("expected at least one task")
    policies = ("script", "prior", "expert")
    with figure(path, 1.2 + 0.78 * len(rates), caption) as canvas:
        panel = canvas.subplots()
        for row, (name, measured) in enumerate(rates.items()):
            for order, policy in enumerate(policies):
                height = row + 0.26 * (order - 1)
                paper = printed.get(name, {}).get(policy)
                _bar(panel, height, measured.get(policy), POLICY_COLOURS[policy], 1.0, paper)
            if not measured:
                panel.text(1, row + 0.42, "ours not measured", fontsize=8, color=MUTED)
        _finish(panel, list(rates))
        handles = [Patch(facecolor=POLICY_COLOURS[policy], label=policy) for policy in policies]
        canvas.legend(handles=[*handles, _diamond()], loc="outside upper center", ncols=4)


def plot_perturbation_bars(
    path: Path,
    rates: Mapping[str, Mapping[str, Mapping[str, Rate]]],
    printed: Mapping[str, Mapping[str, Mapping[str, float]]],
    caption: str,
) -> None:
    """One group of bars for each task: group -> policy -> kind (undisturbed, opening, force) -> rate, and the paper's
    percentages by the same keys. Raises ValueError without groups."""
    if not rates:
        raise ValueError("expected at least one task")
    policies = ("prior", "expert")
    kinds = {"undisturbed": "undisturbed", "opening": "gripper opened", "force": "hand pushed"}
    with figure(path, 1.3 + 1.25 * len(rates), caption) as canvas:
        panel = canvas.subplots()
        for row, (name, measured) in enumerate(rates.items()):
            for place, (policy, kind) in enumerate((policy, kind) for policy in policies for kind in kinds):
                height = row + 0.13 * (place - 2.5) + (0.03 if policy == "expert" else -0.03)
                paper = printed.get(name, {}).get(policy, {}).get(kind)
                alpha = PALER[list(kinds).index(kind)]
                rate = measured.get(policy, {}).get(kind)
                _bar(panel, height, rate, POLICY_COLOURS[policy], alpha, paper, 0.125)
        _finish(panel, list(rates))
        handles = [
            Patch(facecolor=POLICY_COLOURS[policy], alpha=alpha, label=f"{policy}, {kind}")
            for policy in policies for kind, alpha in zip(kinds.values(), PALER, strict=True)
        ]  # fmt: skip
        canvas.legend(handles=[*handles, _diamond()], loc="outside upper center", ncols=3)


def plot_maps(path: Path, maps: Mapping[str, Mapping[str, SuccessMap]], caption: str) -> None:
    """Small multiples: task -> policy -> map over start x and y in m, two tasks a row. Raises ValueError without."""
    if not maps:
        raise ValueError("expected at least one task")
    columns, policies = min(2, len(maps)), ("prior", "expert")
    rows = -(-len(maps) // columns)
    with figure(path, 0.9 + 2.6 * rows, caption) as canvas:
        panels = canvas.subplots(rows, 2 * columns, squeeze=False)
        for panel in panels.ravel():
            panel.set_visible(False)
        for place, (task, built) in enumerate(maps.items()):
            row, first = place // columns, 2 * (place % columns)
            for offset, policy in enumerate(policies):
                _map(panels[row, first + offset], f"{task if offset == 0 else ''}\n{policy}", built[policy])
            panels[row, first].set_ylabel("start y [m]")
        for panel in panels[-1]:
            panel.set_xlabel("start x [m]")
        bar = canvas.colorbar(ScalarMappable(PERCENT, COLOURS), ax=panels, pad=0.02, aspect=40, shrink=0.8)
        bar.set_label("success [%]")
        bar.outline.set_visible(False)


def plot_demonstrations(path: Path, curves: Mapping[str, Mapping[str, Mapping[int, Rate]]], caption: str) -> None:
    """Success against the number of demonstrations, a panel for each task: task -> policy -> number -> rate. Raises
    ValueError without tasks."""
    if not curves:
        raise ValueError("expected at least one task")
    rows = -(-len(curves) // 2)
    with figure(path, 0.8 + 2.8 * rows, caption) as canvas:
        panels = canvas.subplots(rows, min(2, len(curves)), squeeze=False, sharey=True)
        for panel in panels.ravel()[len(curves):]:
            panel.set_visible(False)
        for panel, (task, policies) in zip(panels.ravel(), curves.items(), strict=False):
            _curves(panel, policies)
            panel.set(title=task, xlabel="demonstrations")
        for panel in panels[:, 0]:
            panel.set_ylabel("success [%]")
        panels[0, 0].legend(loc="lower right")


def _curves(panel: Axes, policies: Mapping[str, Mapping[int, Rate]]) -> None:
    ticks = sorted({count for rates in policies.values() for count in rates})
    for (policy, rates), marker in zip(policies.items(), "os", strict=False):
        counts = sorted(rates)
        middle = np.array([rates[count].rate for count in counts])
        bounds = np.array([rates[count].interval for count in counts])
        errors = 100 * np.stack([middle - bounds[:, 0], bounds[:, 1] - middle])
        panel.errorbar(counts, 100 * middle, yerr=errors, label=policy, color=POLICY_COLOURS[policy], marker=marker,
                       capsize=3, lw=1.6)  # fmt: skip
    panel.set_xscale("log")
    panel.set_xticks(ticks, [str(tick) for tick in ticks])
    panel.minorticks_off()
    panel.set_ylim(0, 102)
    panel.grid(axis="y", color=FAINT, lw=0.8)


def _bar(
    panel: Axes, height: float, rate: Rate | None, colour: str, alpha: float, paper: float | None, thick: float = 0.25
) -> None:
    """Our rate, if it was measured, and the paper's percentage, if it prints one."""
    if rate is not None:
        low, high = rate.interval
        panel.barh(height, 100 * rate.rate, height=thick, color=colour, alpha=alpha)
        panel.plot([100 * low, 100 * high], [height, height], color="black", lw=1.1)
    if paper is not None:
        panel.plot(paper, height, marker="D", ms=4.5, mfc="white", mec="black", mew=0.9, clip_on=False, zorder=3)


def _diamond() -> Line2D:
    return Line2D([], [], marker="D", ms=4.5, mfc="white", mec="black", mew=0.9, ls="", label="paper")


def _finish(panel: Axes, names: Sequence[str]) -> None:
    panel.set_yticks(range(len(names)), names)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color=FAINT, lw=0.8)
    panel.set(xlim=(0, 100), ylim=(len(names) - 0.45, -0.55), xlabel="success [%], with 95 % Wilson interval")


def _map(panel: Axes, title: str, built: SuccessMap) -> None:
    flat = built.over_position()
    panel.set_visible(True)
    panel.set_facecolor("white")
    panel.patch.set(hatch="////", edgecolor=FAINT)
    values = np.ma.masked_invalid(100 * flat.rates.T)
    panel.pcolormesh(flat.x_edges, flat.y_edges, values, cmap=COLOURS, norm=PERCENT, edgecolor="white", lw=0.3)
    panel.set_aspect("equal")
    panel.locator_params(nbins=4)
    panel.tick_params(labelsize=7)
    panel.set_title(f"{title} {100 * flat.total.rate:.1f} %", fontsize=9, loc="left")
