"""Relations between the parameters of students, their cameras and their lessons."""

from __future__ import annotations

from expertgen.params.checks import Problems
from expertgen.params.schema import Params
from expertgen.params.vision import RandomiseParams, VisionParams

MOST_LATENCY = 0.2  # s: with 100 ms more, what an environment remembers
MOST_DISTRACTORS = 8
GROUPS = 8  # of the image encoder's group norm


def check_students(params: Params, problems: Problems) -> None:
    """Add to `problems` every relation that `params` breaks."""
    _distill(params, problems)
    _views(params.vision, problems)
    _ranges(params.vision.randomise, problems)
    student = params.student
    if student.sees == "points" and student.points.train > params.vision.cloud.points:
        problems.add("student.points.train", str(student.points.train),
                     f"at most vision.cloud.points ({params.vision.cloud.points})")
    if student.diffusion.ddim_steps > student.diffusion.train_steps:
        problems.add("student.diffusion.ddim_steps", str(student.diffusion.ddim_steps),
                     f"at most student.diffusion.train_steps ({student.diffusion.train_steps})")
    for i, channels in enumerate(student.images.channels):
        if channels % GROUPS:
            problems.add(f"student.images.channels[{i}]", str(channels), f"a multiple of {GROUPS}, for group norm")


def _distill(params: Params, problems: Problems) -> None:
    tasks, share = params.distill.tasks, params.distill.share
    if len(set(tasks)) != len(tasks):
        problems.add("distill.tasks", ", ".join(tasks), "each task once")
    for task in tasks:
        if task not in params.tasks:
            problems.add("distill.tasks", task, f"some of tasks ({', '.join(params.tasks)})")
    if share.begin > share.end:
        problems.add("distill.share.begin", str(share.begin), f"at most distill.share.end ({share.end})")


def _views(vision: VisionParams, problems: Problems) -> None:
    for i, view in enumerate(vision.cameras):
        key = f"vision.cameras[{i}]"
        if view.name in {other.name for other in vision.cameras[:i]}:
            problems.add(f"{key}.name", f"{view.name!r} again", "each camera once")
        for name in ("position", "target"):
            _three(f"{key}.{name}", getattr(view, name), problems)
        if len(view.position) == len(view.target) == 3 and view.position[:2] == view.target[:2]:
            problems.add(f"{key}.target", "straight above or below the camera", "a point aside, or no side is up")
    cloud = vision.cloud
    for name in ("low", "high"):
        _three(f"vision.cloud.{name}", getattr(cloud, name), problems)
    if len(cloud.low) == len(cloud.high) == 3 and any(a >= b for a, b in zip(cloud.low, cloud.high, strict=True)):
        problems.add("vision.cloud.low", str(list(cloud.low)), f"below vision.cloud.high ({list(cloud.high)})")
    _range("vision.depth_range", vision.depth_range, problems)


def _ranges(ranges: RandomiseParams, problems: Problems) -> None:
    for name in ("dome", "lamps", "latency"):
        _range(f"vision.randomise.{name}", getattr(ranges, name), problems)
    if len(ranges.latency) == 2 and ranges.latency[1] > MOST_LATENCY:
        problems.add("vision.randomise.latency", f"{ranges.latency[1]:g}", f"at most {MOST_LATENCY:g} s")
    if ranges.distractors > MOST_DISTRACTORS:
        problems.add("vision.randomise.distractors", str(ranges.distractors), f"at most {MOST_DISTRACTORS}")


def _three(key: str, values: tuple[float, ...], problems: Problems) -> None:
    if len(values) != 3:
        problems.add(key, f"{len(values)} numbers", "three, in m")


def _range(key: str, values: tuple[float, ...], problems: Problems) -> None:
    if len(values) != 2 or not 0 <= values[0] <= values[1]:
        problems.add(key, str(list(values)), "two numbers from zero on, the smaller one first")
