"""The methods compared on views that they were not fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.params import NoiseOfCalibration
from expertgen.robots.calibration_transforms import angle, inverse
from expertgen.robots.calibration_views import rms
from expertgen.robots.hand_eye import METHODS, Fit, Views, fit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """How a method does on views held out: reprojection in px, over all corners and of the view that is worst; how far
    these views put the board from where the others had it in the hand, in mm (its centre) and deg. All root mean
    squares; all infinite where the method found nothing."""

    pixels: float
    worst: float
    millimetres: float
    degrees: float


def compare(views: Views, folds: int, noise: NoiseOfCalibration) -> dict[str, Score]:
    """Each of METHODS, fitted `folds` times with every so many-th view held out."""
    tried: list[tuple[Views, dict[str, Fit]]] = []
    for fold in range(folds):
        inside = [i for i in range(len(views)) if i % folds != fold]
        rest = [i for i in range(len(views)) if i % folds == fold]
        tried.append((views.part(rest), fit(views.part(inside), noise)))
    return {method: _score([(rest, found.get(method)) for rest, found in tried]) for method in METHODS}


def best(scores: dict[str, Score]) -> str:
    """The method with the least held-out reprojection error; of equals the first."""
    return min(scores, key=lambda method: scores[method].pixels)


def per_view(found: Fit, views: Views) -> Array:
    """(N,) px, root mean square, of each view."""
    errors = found.errors(views)
    return np.array([rms(errors[views.view == i]) for i in range(len(views))])


def in_hand(found: Fit, views: Views) -> tuple[Array, Array]:
    """(N,) mm and (N,) deg: how far each view's own pose of the board lies from where `found` has it in the hand."""
    centre = np.array([*views.board.centre, 1.0])
    each = inverse(views.base_T_tool) @ found.base_T_color @ views.color_T_board
    away = np.linalg.norm((each @ centre - found.tool_T_board @ centre)[:, :3], axis=-1)
    return 1e3 * away, angle(each, found.tool_T_board[None])


def _score(tried: list[tuple[Views, Fit | None]]) -> Score:
    """Of one method: the views held out, and what it made of the others."""
    errors, worst, distances, angles = [], [], [], []
    for rest, found in tried:
        if found is None:
            return Score(np.inf, np.inf, np.inf, np.inf)
        errors.append(found.errors(rest))
        worst.append(per_view(found, rest).max())
        away, turn = in_hand(found, rest)
        distances.append(away)
        angles.append(turn)
    near, turns = np.concatenate(distances), np.concatenate(angles)
    return Score(
        rms(np.concatenate(errors)), float(max(worst)),
        float(np.sqrt((near**2).mean())), float(np.sqrt((turns**2).mean())),
    )  # fmt: skip
