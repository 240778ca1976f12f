"""Checks of a release: its statistics are those of its values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from expertgen.data.lerobot.layout import STATS
from expertgen.data.lerobot.pictures import Pictures
from expertgen.data.lerobot.release import Release
from expertgen.data.lerobot.statistics import Statistics, image_statistics, value_statistics

_RELATIVE = 1e-6  # of the largest value: sums may be taken in another order elsewhere
_LEVELS = 1.5 / 255  # decoding is exact, turning it to RGB may round otherwise elsewhere


def statistics_problems(release: Release, pictures: dict[tuple[str, int], Pictures]) -> Iterator[str]:
    """meta/stats.json and the statistics of each episode, against values and decoded images."""
    stored = release.json(STATS)
    if not isinstance(stored, dict) or stored.keys() != release.features.keys():
        yield f"{STATS} does not hold exactly the features of meta/info.json"
        return
    for key in release.features:
        image = key in release.video_keys
        parts = [_of_episode(release, pictures, key, number) for number in range(len(release.lengths))]
        whole = _of_all(release, pictures, key)
        yield from _differences(STATS, key, stored[key], whole, image)
        columns = {name: release.column(f"stats/{key}/{name}") for name in whole}
        for number, part in enumerate(parts):
            row = {name: column[number] for name, column in columns.items()}
            yield from _differences(f"meta/episodes, episode {number}", key, row, part, image)


def _of_episode(release: Release, pictures: dict[tuple[str, int], Pictures], key: str, number: int) -> Statistics:
    if key in release.video_keys:
        shown = pictures[key, number]
        return image_statistics(shown.histogram, shown.sampled)
    start, length = int(release.starts[number]), int(release.lengths[number])
    return value_statistics(release.data[key][start : start + length])


def _of_all(release: Release, pictures: dict[tuple[str, int], Pictures], key: str) -> Statistics:
    if key not in release.video_keys:
        return value_statistics(release.data[key])
    shown = [pictures[key, number] for number in range(len(release.lengths))]
    histogram = np.sum([part.histogram for part in shown], axis=0)
    return image_statistics(histogram, sum(part.sampled for part in shown))


def _differences(where: str, key: str, stored: Any, expected: Statistics, image: bool) -> Iterator[str]:
    if not isinstance(stored, dict) or stored.keys() != expected.keys():
        yield f"{where}: {key} does not hold exactly {', '.join(expected)}"
        return
    scale = max(float(np.abs(expected["min"]).max()), float(np.abs(expected["max"]).max()))
    tolerance = _LEVELS if image else _RELATIVE * scale
    for name, value in expected.items():
        try:
            found = np.asarray(stored[name], dtype=np.float64)
        except (TypeError, ValueError):
            found = np.array(np.nan)
        allowed = 0.0 if name == "count" else tolerance
        if found.shape != value.shape or not (np.abs(found - value) <= allowed).all():
            yield f"{where}: {name} of {key} is {_short(found)}, its values give {_short(value)}"


def _short(values: Any) -> str:
    flat = np.ravel(values)
    return ", ".join(f"{value:.6g}" for value in flat[:3]) + (", ..." if len(flat) > 3 else "")
