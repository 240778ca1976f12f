"""Images of recorded episodes, drawn from the very states that were recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from expertgen.make_env import make_env
from expertgen.params import SimulationParams
from expertgen.rollout import Episodes
from expertgen.sims.interface import Simulator
from expertgen.sims.mujoco_batch import MujocoBatch
from expertgen.sims.render import SceneRenderer

JOINT_COLUMNS, FINGER_COLUMNS = slice(16, 23), slice(23, 25)  # of an observation, see benchmarks.observation
States = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


@contextmanager
def drawing(task: str, params: SimulationParams) -> Iterator[Simulator]:
    """One environment to draw in, whose rendering context is freed at the end."""
    simulator = make_env(task, dataclasses.replace(params, num_threads=1), 1, 1).simulator
    if not isinstance(simulator, MujocoBatch):
        yield simulator
        return
    with SceneRenderer(simulator.model) as simulator.renderer:
        yield simulator


def draw(simulator: Simulator, states: States, camera: str, width: int, height: int) -> NDArray[np.uint8]:
    """Images (T, height, width, 3) of joints (T, 7) rad, fingers (T, 2) m and objects (T, O, 7)."""
    frames = []
    for joints, fingers, objects in zip(*states, strict=True):
        simulator.reset(np.zeros(1, dtype=np.int64), joints[None], fingers[None], objects[None])
        frames.append(simulator.render(0, camera, width, height))
    return np.stack(frames)


def states_before_actions(episodes: Episodes, row: int) -> States:
    """joints (T, 7), fingers (T, 2) and objects (T, O, 7) of the episode `row` as they stood before each action."""
    seen = episodes.observation[row].astype(np.float64)
    objects = np.concatenate([episodes.start_objects[row][None], episodes.objects[row, :-1]])
    return _finite(seen[:, JOINT_COLUMNS], seen[:, FINGER_COLUMNS], objects)


def states_throughout(episodes: Episodes, row: int) -> States:
    """joints (T + 1, 7), fingers (T + 1, 2) and objects (T + 1, O, 7) of the episode `row`, from the start on."""
    seen = episodes.observation[row].astype(np.float64)
    joints = np.concatenate([seen[:1, JOINT_COLUMNS], episodes.joints[row]])
    # Fingers are recorded before each action alone; after the last one they are drawn as they were before it.
    fingers = np.concatenate([seen[:, FINGER_COLUMNS], seen[-1:, FINGER_COLUMNS]])
    return _finite(joints, fingers, np.concatenate([episodes.start_objects[row][None], episodes.objects[row]]))


def _finite(*values: NDArray[np.float64]) -> States:
    """A diverged simulation is drawn too, with zeros where there are no numbers."""
    joints, fingers, objects = (np.nan_to_num(value) for value in values)
    return joints, fingers, objects
