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
    first, last = curve[0]["seeds"]
    caption = (
        f"success at the end of the episode, 95 % Wilson intervals; {rates[0].n} starts per point, seeds {first} to "
        f"{last}\nthe last point is after the last updates; the teacher on the evaluation's {teacher.n} starts"
    )
    with figure(path, 3.6, caption) as canvas:
        panel = canvas.subplots()
        panel.axhline(100 * teacher.rate, color=FAINT, lw=1.4, zorder=0)
        low, high = ([100 * end for end in ends] for ends in zip(*(rate.interval for rate in rates), strict=True))
        bottom = max(-3.0, min(*low, 100 * teacher.rate) - 8)
        # Below the line, unless the panel ends there.
        panel.annotate("teacher", xy=(0, 100 * teacher.rate), xytext=(4, -11 if teacher.rate > 0.2 else 4),
                       textcoords="offset points", fontsize=8, color=MUTED)  # fmt: skip
        panel.fill_between(samples, low, high, color=SERIES_COLOURS[0], alpha=0.18, lw=0)
        panel.vlines(samples, low, high, color=SERIES_COLOURS[0], alpha=0.5, lw=1)  # a lone point has no band
        panel.plot(samples, [100 * rate.rate for rate in rates], color=SERIES_COLOURS[0], lw=2, marker="o", ms=4)
        panel.set(xlabel="samples labelled by the teacher [thousands]", ylabel="success [%]", ylim=(bottom, 103))
        panel.set_xlim(left=0)
