"""Where trials start: poses of the objects and joints of the arm, drawn or listed, and in words for who lays them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.benchmarks.base import Benchmark
from expertgen.benchmarks.tabletop import yaw_of
from expertgen.env import start_generator
from expertgen.errors import InvalidParameter, require_known
from expertgen.geometry import quaternion_to_rotation, rotation_to_quaternion, rotation_z
from expertgen.seeds import generator
from expertgen.trials.order import number_of_starts
from expertgen.trials.protocol import ListedTerms, Place, Protocol

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StartPose:
    """The `number`th start (from 0): joints (7,) rad, fingers (2,) m, objects (O, 7) position and wxyz quaternion in
    the base frame; `places` of what a person lays down: the free objects, then an articulated one; `seed` names it."""

    number: int
    seed: int
    joints: Array
    fingers: Array
    objects: Array
    places: tuple[Place, ...]

    def in_words(self) -> str:
        """One line for each object."""
        return "\n".join(
            f"  object {number}: x {place.x:.3f} m, y {place.y:.3f} m, yaw {place.yaw:.0f} deg"
            for number, place in enumerate(self.places, start=1)
        )


def starts_of(protocol: Protocol) -> list[StartPose]:
    """All starts of a protocol. Raises UnknownName for its task, InvalidParameter for places that do not fit it."""
    terms = protocol.terms
    require_known("task", terms.task, TASKS)
    benchmark = TASKS[terms.task]
    found = []
    for number in range(number_of_starts(protocol)):
        # Above 2^62, where no other use of starts has its own.
        seed = int(generator("trial start", terms.task, terms.seed, number).integers(2**62, 2**63 - 1))
        start = benchmark.reset_distribution(start_generator(seed))
        objects = np.asarray(start.objects, np.float64)
        if isinstance(terms, ListedTerms):
            objects = _moved(objects, terms.starts[number].places, benchmark, f"starts[{number}].places")
        found.append(StartPose(number, seed, start.joints, start.fingers, objects, _places(objects, benchmark)))
    return found


def _laid(benchmark: Benchmark) -> int:
    """How many things a person lays down: an articulated object is one, its part comes with it."""
    return benchmark.num_free + benchmark.articulated


def _places(objects: Array, benchmark: Benchmark) -> tuple[Place, ...]:
    laid = objects[: _laid(benchmark)]
    yaws = np.degrees(yaw_of(laid))
    return tuple(Place(float(pose[0]), float(pose[1]), float(yaw)) for pose, yaw in zip(laid, yaws, strict=True))


def _moved(objects: Array, places: tuple[Place, ...], benchmark: Benchmark, key: str) -> Array:
    """`objects` at `places`, each at its height and tilt."""
    if len(places) != _laid(benchmark):
        raise InvalidParameter(f"{key}: found {len(places)}, expected {_laid(benchmark)}, one for each object.")
    moved = objects.copy()
    for index, place in enumerate(places):
        # What is articulated has two bodies, which move together: its drawer is closed at the start.
        rows = [index, index + 1] if benchmark.articulated and index == len(places) - 1 else [index]
        for row in rows:
            turn = rotation_z(np.array(np.radians(place.yaw) - yaw_of(objects[index][None])[0]))
            offset = turn @ (objects[row, :3] - objects[index, :3])
            moved[row, :3] = np.array([place.x, place.y, objects[index, 2]]) + offset
            moved[row, 3:] = rotation_to_quaternion(turn @ quaternion_to_rotation(objects[row, 3:]))
    return moved
