"""The report on trials in Markdown, laid out as Table IV and XII of the ExpertGen paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expertgen.benchmarks import TASKS
from expertgen.report.tables import MISSING, markdown_grid
from expertgen.trials.paper import METHODS

_ROBOTS = {
    "simulation": "**in this project's simulation: no robot, not even an emulated one**",
    "emulation": "**emulated: the robot's own clients against an emulator; not run on hardware**",
    "hardware": "on hardware",
}


def text(report: Mapping[str, Any]) -> str:
    """The Markdown of trials.md from the values of trials.json."""
    task = report["task"]
    parts = [
        f"# Trials of {task}\n\n{TASKS[task].instruction}\n",
        _table(report),
        "Intervals are 95 %: Wilson's, and Clopper and Pearson's, which are exact and wider. The paper prints "
        "percentages of its point-cloud policies on its robot (Tables IV and XII), and neither numbers of trials nor "
        "intervals. Of RGB policies on Lift Banana it states 80 % (VI-D).\n",
        "![Success of each policy, and on each start](trials.png)\n",
    ]
    return "\n".join([*parts, *(_protocol(name, one) for name, one in report["protocols"].items())])


def _table(report: Mapping[str, Any]) -> str:
    rows = []
    for name, one in report["protocols"].items():
        for policy in one["policies"]:
            rows.append([policy["name"], f"{name}, {one['robot']}", *_rate(policy["success"])])
    for key, method in METHODS.items():
        if key in report["paper"]:
            rows.append([f"{method} (paper)", "its real robot", f"{report['paper'][key]:.1f} %", *["not stated"] * 3])
    header = ["method", "protocol, robot", "success", "n", "Wilson", "Clopper-Pearson"]
    return markdown_grid(header, rows, "<<>>>>")


def _rate(success: Mapping[str, Any] | None) -> list[str]:
    if success is None:
        return [MISSING, "0", MISSING, MISSING]
    return [f"{100 * success['rate']:.1f} %", str(success["n"]), _interval(success, "low", "high"),
            _interval(success, "exact_low", "exact_high")]  # fmt: skip


def _interval(success: Mapping[str, Any], low: str, high: str) -> str:
    return f"[{100 * success[low]:.1f}, {100 * success[high]:.1f}]"


def _protocol(name: str, one: Mapping[str, Any]) -> str:
    scored = ", ".join(f"{who} {count}" for who, count in one["scored_by"].items())
    parts = [
        f"## Protocol {name}\n",
        f"Run {_ROBOTS[one['robot']]}. {one['n']} trials of each policy, each policy on the same starts; seed "
        f"{one['seed']}. Success: {one['success']}\n",
        f"Order drawn in blocks of one start, policies behind letters until all was scored. Attempts: "
        f"{one['attempts']}; scored by: {scored} ('protocol': by its rule after a fault; 'program': interrupted; "
        "'measured': as the task itself measures it at the end).\n",
        _policies(one["policies"]),
        "### On the same starts\n",
        _paired(one["paired"]),
        "### Invalid attempts\n",
        _invalid(one),
        f"Protocol: SHA-256 `{one['protocol_sha256']}`. Last line of the log: `{one['log_sha256']}`.\n",
    ]
    return "\n".join(parts)


def _policies(policies: list[dict[str, Any]]) -> str:
    rows = []
    for policy in policies:
        failures = "; ".join(f"{reason} ({count})" for reason, count in policy["failures"].items()) or MISSING
        decided = "; ".join(f"{what} ({count})" for what, count in policy["filter"].items()) or "nothing"
        seconds = MISSING if policy["seconds"] is None else f"{policy['seconds']:.1f}"
        rows.append([policy["name"], policy["letter"], seconds, failures, decided, f"`{policy['sha256'][:12]}`"])
    header = ["policy", "letter", "mean s", "failures", "safety filter changed", "checkpoint"]
    return markdown_grid(header, rows, "<<><<<")


def _paired(pairs: list[dict[str, Any]]) -> str:
    if not pairs:
        return "One policy: nothing to compare.\n"
    rows = [[pair["first"], pair["second"], *(str(pair[key]) for key in ("n", "both", "only_first", "only_second",
            "neither")), f"{pair['p_value']:.3g}"] for pair in pairs]  # fmt: skip
    header = ["first", "second", "starts", "both", "only first", "only second", "neither", "p (exact McNemar)"]
    return markdown_grid(header, rows, "<<>>>>>>")


def _invalid(one: Mapping[str, Any]) -> str:
    if not one["invalid"]:
        return "None.\n"
    rows = [[str(row["trial"]), str(row["attempt"]), row["policy"], str(row["start"]), row["reason"], row["by"]]
            for row in one["invalid"]]  # fmt: skip
    table = markdown_grid(["trial", "attempt", "policy", "start", "reason", "by"], rows, ">><><<")
    lost = [f"{row['policy']} on start {row['start']}" for row in one["without_result"]]
    return table + (f"\nWithout a result, as no repetition was left: {'; '.join(lost)}.\n" if lost else "")
