"""What the other stages left in the reports, in words."""

from __future__ import annotations

from typing import Any

from expertgen.metrics.wilson import Rate
from expertgen.report.curves import Curve
from expertgen.report.tables import ddim_table, markdown_grid
from expertgen.stages.preflight import ddim_series
from expertgen.stages.steer_curve import curve_of

ORDER = ("demos", "prior", "preflight", "steer", "evaluate")


def preflight_section(preflight: dict[str, Any] | None) -> str:
    """What the pre-flight found."""
    if preflight is None:
        return ""
    verdict = preflight["verdict"]
    return (
        f"## Pre-flight: can this prior be steered?\n\n{verdict['answer'].capitalize()}. {verdict['reason']} "
        f"Over {preflight['starts']} starts of its own, success {preflight['definition'].split(';')[0]}.\n\n"
        f"![Starts by how many noises solve them](preflight.png)\n\n{ddim_table(ddim_series(preflight))}\n"
        "![Success against DDIM steps](ddim.png)\n"
    )


def learning_section(points: list[dict[str, Any]] | None) -> str:
    """How the expert learnt, from the points of its learning curve."""
    if not points:
        return ""
    curve, last = curve_of("expert", 0, points), points[-1]
    reached = [_first(curve, target) for target in (0.95, 0.99)]
    return (
        f"## Steering\n\nSuccess at any time on {last['success_any']['n']} starts of its own, evaluated "
        f"{len(points)} times:\n\n" + "\n".join(reached) + "\n"
        f"- last, after {last['decisions']} decisions: {Rate.from_json(last['success_any'])}\n\n"
        "![Learning curve](curve.png)\n"
    )


def _first(curve: Curve, target: float) -> str:
    decisions, seconds = curve.first_reaching(target), curve.first_reaching(target, "wall_time_s")
    if decisions is None or seconds is None:
        return f"- never at {100 * target:g} %"
    return f"- first at {100 * target:g} % or more after {decisions:.0f} decisions and {seconds / 60:.1f} minutes"


def wall_time_section(seconds: dict[str, float] | None) -> str:
    """Stage → seconds, as minutes in the order of the stages."""
    if not seconds:
        return ""
    known = [stage for stage in ORDER if stage in seconds]
    cells = [[stage, f"{seconds[stage] / 60:.1f}"] for stage in [*known, *sorted(set(seconds) - set(known))]]
    return f"## Wall time\n\n{markdown_grid(['stage', 'minutes'], cells, '<>')}"
