"""The evaluation in words: report.md, from what was measured and from nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expertgen.data.json_file import read_json
from expertgen.metrics.wilson import Rate
from expertgen.report.tables import EvaluationRow, markdown_table
from expertgen.stages.evaluate_report_sections import learning_section, preflight_section, wall_time_section
from expertgen.stages.policies import DISPLAY_NAMES

LISTED = 20  # failed starts that are listed one by one


def rows_of(metrics: dict[str, Any]) -> list[EvaluationRow]:
    """The lines of the table of those policies that were measured, in the order of DISPLAY_NAMES."""
    policies = metrics["policies"]
    return [
        EvaluationRow(
            display, Rate.from_json(policies[name]["success_any"]), Rate.from_json(policies[name]["success_end"]),
            _mean(policies[name]["dtw"]), _mean(policies[name]["jerk"]), metrics["seed"],
        )
        for name, display in DISPLAY_NAMES.items() if name in policies
    ]


def report_text(metrics: dict[str, Any], folder: Path) -> str:
    """Markdown; tells of pre-flight, learning and wall time where `folder` (reports/TASK) has their files.

    Raises CorruptArtifact for such a file that cannot be read.
    """
    sections = [
        _head(metrics), _paired(metrics), _failures(metrics), _smoothness(metrics), _videos(metrics),
        preflight_section(read_json(folder / "preflight.json")), learning_section(read_json(folder / "curve.json")),
        wall_time_section(read_json(folder / "wall_time.json")), _commands(metrics),
    ]
    return "\n".join(section for section in sections if section)


def _mean(measured: dict[str, Any] | None) -> float | None:
    return None if measured is None else measured["mean"]


def _starts(metrics: dict[str, Any]) -> str:
    return f"n = {metrics['episodes']}, seeds {metrics['seed']} to {metrics['seed'] + metrics['episodes'] - 1}"


def _head(metrics: dict[str, Any]) -> str:
    meant = metrics["definitions"]
    return (
        f"# {metrics['task'].replace('_', ' ').capitalize()}: evaluation\n\n{meant['task']}\n\n"
        f"All policies meet the same starts ({_starts(metrics)}). Success at any time: {meant['success_any']}; "
        f"at the end: {meant['success_end']}. In brackets 95 % Wilson intervals.\n\n"
        f"{markdown_table(rows_of(metrics))}\n![Success of each policy](success.png)\n"
    )


def _paired(metrics: dict[str, Any]) -> str:
    lines = ["## The expert against the others, start by start\n"]
    for other in (name for name in DISPLAY_NAMES if name in metrics["paired"]):
        for name, when in (("success_any", "at any time"), ("success_end", "at the end")):
            test = metrics["paired"][other][name]
            lines.append(
                f"- {DISPLAY_NAMES[other]}, {when}: on {test['only_expert']} starts only the expert succeeds, on "
                f"{test['only_other']} only the other (exact McNemar test: p = {test['p_value']:.2g})"
            )
    return "\n".join(lines) + "\n"


def _failures(metrics: dict[str, Any]) -> str:
    failed = metrics["expert_failures"]
    more = f" and {len(failed) - LISTED} more (metrics.json)" if len(failed) > LISTED else ""
    listed = ", ".join(str(seed) for seed in failed[:LISTED]) + more if failed else "none"
    unhealthy = {DISPLAY_NAMES[n]: len(m["unhealthy"]) for n, m in metrics["policies"].items() if m["unhealthy"]}
    told = "; ".join(f"{name}: {count}" for name, count in unhealthy.items()) or "none"
    return (
        "## Where they fail\n\n![Success over start positions](success_map.png)\n\n"
        f"Starts on which the expert never succeeds, by seed: {listed}.\n\n"
        f"Episodes that failed to simulate, counted as failures: {told}.\n"
    )


def _smoothness(metrics: dict[str, Any]) -> str:
    expert = metrics["policies"]["expert"]
    if expert["jerk"] is None:
        return ""
    lines = [f"jerk: {metrics['definitions']['jerk']}, over {expert['jerk']['episodes']} episodes"]
    if expert["dtw"]:
        dtw = expert["dtw"]
        lines.append(
            f"DTW: {metrics['definitions']['dtw']}, over {dtw['episodes']} episodes and {dtw['references']} "
            "demonstrations"
        )
    return "## DTW and jerk\n\n" + "".join(f"- {line}\n" for line in reversed(lines))


def _videos(metrics: dict[str, Any]) -> str:
    videos = [name for name in metrics["files"] if name.endswith(".mp4")]
    if not videos:
        return ""
    links = "".join(f"- [{Path(name).stem.replace('_', ' ')}]({name})\n" for name in videos)
    return f"## Videos\n\n{links}\n![The expert's first success, frame by frame](filmstrip.png)\n"


def _commands(metrics: dict[str, Any]) -> str:
    task, made_from = metrics["task"], metrics["provenance"]
    packages = ", ".join(f"{name} {version}" for name, version in sorted(made_from["packages"].items()) if version)
    return (
        f"## Again\n\n```\nexpertgen run {task}          # everything, from nothing\n"
        f"expertgen evaluate {task}     # this report\n"
        f"expertgen evaluate {task} --policy expert --episodes {metrics['episodes']} --seed {metrics['seed']}\n```\n\n"
        "Add `--profile NAME` where this report belongs to another profile than the committed one. Seed of the run: "
        f"{made_from['seed']}. Made with expertgen {made_from['code']['version']}, {packages}.\n"
    )
