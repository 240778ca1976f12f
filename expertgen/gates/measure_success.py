"""Success recomputed from the states that were recorded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from expertgen.gates.poses import poses
from expertgen.gates.recording import Array, Recording

Success = Callable[[Array, Array], NDArray[np.bool_]]


def success_columns(episode: Recording, success: Success) -> dict[str, float]:
    """How often an episode's recorded success is not what `success` says of the recorded states.

    `success` is a benchmark's: object poses (B, S, O, 7) and start poses (B, O, 7) → (B, S).

    success_wrong_steps: control steps whose mark differs. Where objects were recorded after each action, all steps
    are recomputed, the final state among them. Otherwise the state after a step is what the next observation shows,
    so all but the last step are; of that one, only the flags are compared. It is NaN, not measured, for a task with
    more objects than an observation holds.
    success_flags_wrong: of success_any and success_end, those that the steps contradict; in an episode that was not
    simulated to its end, every mark and flag of success is wrong.
    state_gap: the largest difference between the state after an action and the one before the next, in rad and m.
    """
    seen = poses(episode.seen_objects)
    known = seen[1:] if episode.objects is None else episode.objects
    wrong = float("nan")
    if known.shape[1] == len(episode.start_objects):
        wrong = float(_wrong_steps(episode.success[: len(known)], known, episode.start_objects, success))
    return {
        "success_wrong_steps": wrong if episode.healthy else float(episode.success.sum()),
        "success_flags_wrong": float(_wrong_flags(episode)),
        "state_gap": _gap(episode),
    }


def _wrong_steps(marked: NDArray[np.bool_], objects: Array, start: Array, success: Success) -> int:
    """States are stored as float32. Within one rounding of the mark either answer is right."""
    if not len(objects):
        return 0
    possible = []
    for direction in (-np.inf, np.inf):
        moved, from_start = (
            np.nextafter(values.astype(np.float32), np.float32(towards)).astype(np.float64)
            for values, towards in ((objects, direction), (start, -direction))
        )
        possible.append(success(moved[None], from_start[None])[0])
    low, high = possible
    return int(((marked != low) & (marked != high)).sum())


def _wrong_flags(episode: Recording) -> int:
    if not episode.healthy:
        return int(episode.success_any) + int(episode.success_end)
    any_time, at_end = bool(episode.success.any()), bool(episode.success[-1])
    return int(episode.success_any != any_time) + int(episode.success_end != at_end)


def _gap(episode: Recording) -> float:
    """Differences that are not numbers are left to the count of values that are not finite."""
    gaps = [np.abs(episode.joints[:-1] - episode.seen_joints[1:]).ravel()]
    if episode.objects is not None:
        count = episode.seen_objects.shape[1]
        gaps.append(np.abs(episode.objects[:-1, :count, :3] - episode.seen_objects[1:, :, :3]).ravel())
    return float(np.nan_to_num(np.concatenate(gaps)).max(initial=0.0))
