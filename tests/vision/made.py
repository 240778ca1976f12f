"""What these tests share: small cameras, a scene's start, looks of which only some factors are drawn."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.benchmarks.base import Start
from expertgen.camera_env import CameraEnv
from expertgen.env import Env, start_generator
from expertgen.make_env import make_env
from expertgen.params import Params, VisionParams, load_params
from expertgen.vision.look import Look, draw_look, plain_look
from expertgen.vision.painter import Painter, Views

ROOT = Path(__file__).resolve().parents[2]
PARAMS: Params = load_params(ROOT / "params.yaml")
SIMULATION = dataclasses.replace(PARAMS.simulation, num_threads=1)
VISION: VisionParams = PARAMS.vision
SMALL = dataclasses.replace(VISION, width=96, height=54)


def start_of(task: str, seed: int = 0) -> Start:
    return TASKS[task].reset_distribution(start_generator(seed))


def open_painter(task: str, vision: VisionParams, backend: str | None = None) -> Painter:
    return Painter(SIMULATION.robot, TASKS[task].add_objects, vision, backend)


def draw(painter: Painter, look: Look, start: Start, colour: bool, depth: bool) -> Views:
    """The views of a start."""
    return painter.draw(
        look, start.objects, start.joints, start.fingers, start.objects, colour=colour, depth=depth
    )


def with_cameras_of(seed: int, num_objects: int = 1, vision: VisionParams = VISION) -> Look:
    """The scene as it is built, seen by cameras that stand where the look of `seed` puts them."""
    drawn = draw_look(vision, num_objects, seed)
    plain = plain_look(vision, num_objects)
    return dataclasses.replace(plain, position=drawn.position, angle=drawn.angle, fovy=drawn.fovy)


def environment(task: str, num_envs: int) -> Env:
    return make_env(task, SIMULATION, num_envs, PARAMS.prior.execute)


def moved(cameras: CameraEnv, seeds: NDArray[np.int64] | list[int], steps: int = 8) -> CameraEnv:
    """`cameras` up to eight control steps after the starts, on the way to a place above the table, the hand closing."""
    cameras.reset(np.array(seeds))
    state = cameras.env.simulator.state()
    position, rotation = cameras.env.kinematics.forward(state.joints)
    chunk = np.zeros((len(position), steps, 10))
    share = np.arange(1, steps + 1)[None, :, None] / 8
    chunk[..., :3] = position[:, None] + share * np.array([0.10, 0.12, -0.08])
    chunk[..., 3:9] = np.concatenate([rotation[..., 0], rotation[..., 1]], -1)[:, None]
    chunk[..., 9] = 1.0
    cameras.step_chunk(torch.from_numpy(chunk))
    return cameras
