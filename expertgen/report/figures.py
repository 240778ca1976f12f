"""All figures of a report, in one place for the stages that draw them."""

from __future__ import annotations

from expertgen.report.curves import Curve
from expertgen.report.learning_curves import plot_learning_curves
from expertgen.report.rates import plot_ddim, plot_rates
from expertgen.report.steerability import plot_steerability
from expertgen.report.success_maps import plot_success_map

__all__ = [
    "Curve",
    "plot_ddim",
    "plot_learning_curves",
    "plot_rates",
    "plot_steerability",
    "plot_success_map",
]
