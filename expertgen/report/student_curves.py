"""Figure: a student's success against the samples it was taught on (ExpertGen, Fig. 5)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from expertgen.metrics.wilson import Rate
from expertgen.report.style import FAINT, MUTED, SERIES_COLOURS, figure


def plot_student_curve(path: Path, curve: Sequence[dict[str, Any]], metrics: dict[str, Any]) -> None:
    """Success at the end of the episode with its 95 % Wilson band, and the teacher's as a line.

    curve: points of student_curve.json; metrics: of student.json. Raises ValueError without points.
    """
    if not curve:
        raise ValueError("a curve needs at least one point")
    rates = [Rate.from_json(point["success_end"]) for point in curve]
    samples = [point["samples"] / 1000 for point in curve]
    teacher = Rate.from_json(metrics["teacher"]["success_end"])
    caption = (
        f"success at the end of the episode; {rates[0].n} starts per point, seeds {curve[0]['seeds'][0]} to "
        f"{curve[0]['seeds'][1]}, 95 % Wilson intervals; the last point is after the last updates"
    )
    with figure(path, 3.4, caption) as canvas:
        panel = canvas.subplots()
        panel.axhline(100 * teacher.rate, color=FAINT, lw=1.4, zorder=0)
        panel.annotate("teacher", xy=(0, 100 * teacher.rate), xytext=(4, -11), textcoords="offset points", fontsize=8,
                       color=MUTED)  # fmt: skip
        low, high = zip(*(rate.interval for rate in rates), strict=True)
        panel.fill_between(samples, [100 * v for v in low], [100 * v for v in high], color=SERIES_COLOURS[0],
                           alpha=0.18, lw=0)  # fmt: skip
        panel.plot(samples, [100 * rate.rate for rate in rates], color=SERIES_COLOURS[0], lw=2, marker="o", ms=4)
        bottom = max(0.0, 100 * min(low) - 8)
        panel.set(xlabel="samples labelled by the teacher [thousands]", ylabel="success [%]", ylim=(bottom, 102))
        panel.set_xlim(left=0)
