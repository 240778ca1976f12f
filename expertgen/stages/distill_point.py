"""A point of a student's learning curve: how often it succeeds, how near its actions are to its teacher's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.errors import CorruptArtifact
from expertgen.geometry import rotation_from_6d, rotation_log
from expertgen.metrics.wilson import Rate
from expertgen.params import Params
from expertgen.policies.normaliser import Normaliser
from expertgen.stages.crew import Crew
from expertgen.stages.student_episodes import Job, Turns, play
from expertgen.stages.student_starts import curve_seeds


def curve_point(params: Params, crew: Crew[Job, Turns], job: Job, action: Normaliser) -> dict[str, Any]:
    """Success of the student alone on `distill.evaluate_episodes` starts, the same at each point, none of which is
    taught on; and, over all its decisions there, the distance of its chunks from the teacher's labels, and what it was
    shown. Raises CorruptArtifact if none could be simulated."""
    seeds = curve_seeds(params, params.distill.evaluate_episodes)
    turns = play(crew, replace(job, share=0.0), seeds)
    assert turns.student is not None and turns.chunk is not None and turns.seen is not None
    healthy = turns.healthy
    if not healthy.any():
        raise CorruptArtifact("no episode of the learning curve could be simulated; train the expert again.")
    return {
        "success_any": Rate.of(turns.success.any(1)).to_json(), "success_end": Rate.of(turns.success[:, -1]).to_json(),
        "unhealthy": int((~healthy).sum()), "seeds": [int(seeds[0]), int(seeds[-1])],
        "labels": label_agreement(turns.student[healthy], turns.chunk[healthy], action),
        "shown": shown_numbers(turns.seen[healthy]),
    }  # fmt: skip


def label_agreement(student: NDArray[np.float32], teacher: NDArray[np.float32], action: Normaliser) -> dict[str, float]:
    """Of chunks (..., T, 10): median and 95th percentile of the distance of positions (m) and of the angle between
    rotations (rad), share of gripper commands that agree, and the mean absolute error in standard deviations of the
    actions (`loss`)."""
    distance = np.linalg.norm(student[..., :3] - teacher[..., :3], axis=-1)
    first, second = (rotation_from_6d(chunk[..., 3:9].astype(np.float64)) for chunk in (student, teacher))
    angle = np.linalg.norm(rotation_log(first @ second.swapaxes(-1, -2)), axis=-1)
    same = (student[..., 9] > 0) == (teacher[..., 9] > 0)
    error = np.abs(student - teacher) / action.scale.numpy()
    return {
        "position_median": _number(np.median(distance)), "position_95": _number(np.quantile(distance, 0.95)),
        "rotation_median": _number(np.median(angle)), "rotation_95": _number(np.quantile(angle, 0.95)),
        "gripper": _number(same.mean()), "loss": _number(error.mean()),
    }  # fmt: skip


def shown_numbers(seen: NDArray[Any]) -> dict[str, float]:
    """Of clouds (N, D, P, 3): different points, least and median, and clouds that are empty; of images
    (N, D, C, H, W, 3): least brightness and contrast of any, of 255."""
    if seen.dtype == np.uint8:
        flat = seen.reshape(-1, *seen.shape[3:])
        brightness = np.array([image.mean() for image in flat])
        contrast = np.array([image.std() for image in flat])
        return {"brightness_min": _number(brightness.min()), "contrast_min": _number(contrast.min()),
                "brightness_median": _number(np.median(brightness))}  # fmt: skip
    clouds = seen.reshape(-1, *seen.shape[2:])
    counts = np.array([len(np.unique(cloud, axis=0)) for cloud in clouds[:: max(1, len(clouds) // 512)]])
    empty = (np.abs(clouds).max((1, 2)) == 0).mean()
    return {"points_min": int(counts.min()), "points_median": _number(np.median(counts)), "empty": _number(empty)}


def _number(value: Any) -> float:
    """Rounded to six figures, which any machine agrees on."""
    return float(f"{float(value):.6g}")
