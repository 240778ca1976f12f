"""Tables of measurements: success rates from JSON reports, tensors of a checkpoint, starts that two uses share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from expertgen.metrics.wilson import Rate

Report = Mapping[str, Any]
THIS, ANOTHER = "this checkpoint", "another checkpoint"


def rate_table(measured: Mapping[str, Rate], id_column: str) -> pd.DataFrame:
    """One row per rate, named in `id_column`: n, successes, rate and its 95 % Wilson interval, low to high."""
    return pd.DataFrame(
        [
            {
                id_column: name, "n": rate.n, "successes": rate.successes, "rate": rate.rate,
                "low": rate.interval[0], "high": rate.interval[1],
            }
            for name, rate in measured.items()
        ]
    )


def preflight_table(report: Report) -> pd.DataFrame:
    """The pre-flight's success at the end of the episode: under Gaussian noise, zero noise, the best of N noises."""
    names = {"Gaussian noise": "gaussian", "zero noise": "zero", "best of N noises": "best_of_n"}
    return rate_table({name: Rate.from_json(report[key]) for name, key in names.items()}, "noise")


def curve_table(points: list[Report]) -> pd.DataFrame:
    """The learning curve's success at the end of the episode: one row per point, and `place`, "last" for the last one.

    What a point holds of wall time is left out. Raises ValueError for a curve without points.
    """
    if not points:
        raise ValueError("no points")
    table = rate_table({str(point["decisions"]): Rate.from_json(point["success_end"]) for point in points}, "decisions")
    return table.assign(place=["earlier"] * (len(points) - 1) + ["last"])


def student_curve_table(points: list[Report]) -> pd.DataFrame:
    """The student's learning curve's success at the end of the episode: one row per point, `unhealthy`, the share that
    failed to simulate, and `place`, "last" for the last one. Raises ValueError for a curve without points."""
    if not points:
        raise ValueError("no points")
    named = {f"{point['samples']} samples, {point['updates']} updates": point for point in points}
    table = rate_table({name: Rate.from_json(point["success_end"]) for name, point in named.items()}, "point")
    unhealthy = [point["unhealthy"] / point["success_end"]["n"] for point in points]
    return table.assign(unhealthy=unhealthy, place=["earlier"] * (len(table) - 1) + ["last"])


def number_table(point: Report) -> pd.DataFrame:
    """One row per number that a point of the student's curve holds of its labels and of what it was shown."""
    numbers = {**point["labels"], **point["shown"]}
    return pd.DataFrame([{"number": name, "value": float(value)} for name, value in numbers.items()])


def policy_table(metrics: Report) -> pd.DataFrame:
    """The evaluation's success at the end of the episode: one row per policy, and the share that failed to simulate.

    above_prior: how far a policy's lower bound lies above the prior's upper one, negative where intervals overlap.
    """
    policies = metrics["policies"]
    rates = {name: Rate.from_json(policy["success_end"]) for name, policy in policies.items()}
    table = rate_table(rates, "policy")
    unhealthy = [len(policy["unhealthy"]) / rates[name].n for name, policy in policies.items()]
    return table.assign(unhealthy=unhealthy, above_prior=table["low"] - rates["prior"].interval[1])


def report_table(report: str, of_this_checkpoint: bool) -> pd.DataFrame:
    """One row: whether the report was measured on the checkpoint that lies beside it."""
    return pd.DataFrame([{"report": report, "measured": THIS if of_this_checkpoint else ANOTHER}])


def tensor_table(tensors: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """One row per tensor of a checkpoint: nonfinite counts its values that are not finite."""
    return pd.DataFrame(
        [
            {"tensor": name, "numbers": array.size, "nonfinite": int((~np.isfinite(array)).sum())}
            for name, array in sorted(tensors.items())
        ]
    )


def overlap_table(starts: range, uses: Mapping[str, range]) -> pd.DataFrame:
    """One row per use of seeds: how many of `starts` it shares."""
    return pd.DataFrame([{"use": name, "shared": _shared(starts, seeds)} for name, seeds in uses.items()])


def _shared(first: range, second: range) -> int:
    return max(0, min(first.stop, second.stop) - max(first.start, second.start))
