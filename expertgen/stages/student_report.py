"""The student's evaluation in words: student.md, and what its robustness sheet tries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from expertgen.benchmarks import TASKS
from expertgen.camera_env import Hardship
from expertgen.metrics.wilson import Rate
from expertgen.models.student_network import StudentConfig
from expertgen.params import Params
from expertgen.report.tables import markdown_grid
from expertgen.vision.look import FACTORS

MORE_LATENCY = 0.1  # s
_FACTOR_NAMES = {
    "camera_position": "cameras moved", "camera_angle": "cameras turned", "fovy": "field of view",
    "calibration_position": "calibration, place", "calibration_angle": "calibration, angle",
    "dome": "light from everywhere", "lamps": "lamps", "table": "table's paint", "background": "floor and walls",
    "robot": "robot's paint", "objects": "objects' paint", "hsv": "colour jitter", "scale": "objects' size",
    "distractors": "distractors", "depth_noise": "depth noise", "depth_holes": "holes in depth", "blur": "blur",
    "latency": "latency",
}  # fmt: skip
# What a student of points is shown holds no colour.
COLOURS = ("dome", "lamps", "table", "background", "robot", "objects", "hsv", "blur")
DEPTHS = ("calibration_position", "calibration_angle", "depth_noise", "depth_holes")


def hardships(params: Params) -> dict[str, tuple[str, Hardship]]:
    """Condition → what it means, and the hardship: each randomisation that this student can see held at its extremes,
    each camera lost, more latency."""
    unseen = COLOURS if params.student.sees == "points" else DEPTHS
    held = {
        _FACTOR_NAMES[name]: (f"`vision.randomise.{name}` at its extremes", Hardship(held=name))
        for name in FACTORS if name not in unseen
    }  # fmt: skip
    lost = {
        f"camera {view.name} lost": ("it tells nothing", Hardship(lost_camera=number))
        for number, view in enumerate(params.vision.cameras)
    }
    late = {f"{1000 * MORE_LATENCY:g} ms more latency": ("of all cameras", Hardship(more_latency=MORE_LATENCY))}
    return held | lost | late


def definitions(params: Params, task: str) -> dict[str, str]:
    """What the numbers mean, in words."""
    benchmark, steps = TASKS[task], params.simulation.episode_steps
    return {
        "task": benchmark.instruction,
        "success_any": f"{benchmark.condition}, at the end of some control step of the {steps}",
        "success_end": "the same at the end of the last control step",
        "interval": "95 % Wilson",
        "p_value": "two-sided exact McNemar test over the same starts",
        "teacher": "the expert that reads simulator state, in the same simulation",
        "looks": "every episode has a look drawn from `vision.randomise`, the same for all that meet its start; none "
        "was met in training",
    }


def text(metrics: dict[str, Any], curve: str, config: StudentConfig) -> str:
    """Markdown. metrics: of student.json; curve: what curve_text tells; config: the student's."""
    meant, last = metrics["definitions"], metrics["seed"] + metrics["episodes"] - 1
    student, below = f"{config.sees}, {config.head} head", metrics["below_teacher"]
    rows = [["student", *_cells(metrics["student"])], ["its teacher", *_cells(metrics["teacher"])]]
    return (
        f"# {metrics['task'].replace('_', ' ').capitalize()}: the student\n\n{meant['task']} The student sees "
        f"{student}; its teacher is {meant['teacher']}. {metrics['episodes']} starts, seeds {metrics['seed']} to "
        f"{last}; {meant['looks']}.\n\n"
        f"{markdown_grid(['policy', 'at any time [95 %]', 'at the end [95 %]'], rows, '<>>')}\n"
        f"At the end the student is {100 * abs(below):.1f} points {'above' if below < 0 else 'below'} its teacher "
        f"(p = {metrics['p_value']:.2g}).\n\nSuccess at any time: {meant['success_any']}; at the end: "
        f"{meant['success_end']}. In brackets 95 % Wilson intervals; p: {meant['p_value']}.\n\n"
        f"## While it was taught\n\n![Success against samples](student_curve.png)\n\n{curve}\n"
        f"{_sheet(metrics)}## What it sees\n\n![Drawn looks](looks.png)\n"
    )


def _cells(rates: dict[str, Any]) -> list[str]:
    return [str(Rate.from_json(rates[name])) for name in ("success_any", "success_end")]


def curve_text(curve: Sequence[dict[str, Any]]) -> str:
    """The learning curve's points, of student_curve.json, as a table and what it means."""
    first, last = curve[0]["seeds"]
    header = ["samples", "updates", "at the end [95 %]", "position, median", "rotation, median", "gripper agrees"]
    rows = [
        [f"{point['samples']:,}", f"{point['updates']:,}", str(Rate.from_json(point["success_end"])),
         f"{1000 * point['labels']['position_median']:.1f} mm", f"{point['labels']['rotation_median']:.3f} rad",
         f"{100 * point['labels']['gripper']:.1f} %"]
        for point in curve
    ]  # fmt: skip
    return (
        f"{markdown_grid(header, rows, '>>>>>>')}\nOn starts of its own (seeds {first} to {last}), on which it is not "
        "taught. Position, rotation and gripper: the student's actions beside the teacher's labels of the same states, "
        "those that the student met.\n"
    )


def _sheet(metrics: dict[str, Any]) -> str:
    if not metrics["robustness"]:
        return ""
    header = ["condition", "meaning", "at any time [95 %]", "at the end [95 %]", "p"]
    rows = [[line["condition"], line["meaning"], *_cells(line), f"{line['p_value']:.2g}"]
            for line in metrics["robustness"]]  # fmt: skip
    n = metrics["robustness"][0]["success_end"]["n"]
    return (
        f"## Robustness\n\n{markdown_grid(header, rows, '<<>>>')}\nThe first {n} of the evaluation's starts. "
        "Everything else is drawn as before; p is against that, start by start, and not corrected for the number of "
        "lines.\n\n"
    )
