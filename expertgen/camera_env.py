"""What cameras and a real arm tell of environments: the observations of students."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expertgen.env import ChunkResult, Env
from expertgen.geometry import quaternion_to_rotation, rotation_to_6d
from expertgen.params import VisionParams
from expertgen.seeds import generator
from expertgen.vision.cloud import camera_points, merged_cloud
from expertgen.vision.faults import faulty_colour, faulty_depth
from expertgen.vision.look import Look, draw_look
from expertgen.vision.painter import Painter, Views
from expertgen.vision.pinhole import Pinhole

Array = NDArray[np.float64]
PROPRIOCEPTION = 17  # joints 7, tool position 3, 6-D rotation 6, gripper's width 1
_PAST = 4  # control steps that are remembered, which bounds the latency


@dataclass(frozen=True)
class Seen:
    """What students of B environments are told, and nothing else: proprioception (B, 17), joints in rad, tool pose in m
    and as a 6-D rotation, width of the gripper in m; and points (B, N, 3) float32 m in the base frame, or images
    (B, C, H, W, 3) uint8."""

    proprioception: Tensor
    points: Tensor | None = None
    images: Tensor | None = None

    def rows(self, rows: Tensor) -> Seen:
        """Those of some environments."""
        cut = (None if value is None else value[rows] for value in (self.points, self.images))
        return Seen(self.proprioception[rows], *cut)


@dataclass(frozen=True)
class Hardship:
    """What a robustness sheet changes: a factor held at its extremes (one of vision.look.FACTORS), a camera that tells
    nothing (its number), latency added, in s."""

    held: str | None = None
    lost_camera: int | None = None
    more_latency: float = 0.0


class CameraEnv:
    """An environment `env`, and what its cameras tell of it. Every episode has a look of its own, which its start's
    seed names; `looks_seed` tells apart the looks of runs that meet the same starts."""

    def __init__(self, env: Env, params: VisionParams, sees: str, looks_seed: int = 0,
                 hardship: Hardship | None = None, painter: Painter | None = None) -> None:  # fmt: skip
        self.env, self.params, self.sees, self.looks_seed = env, params, sees, looks_seed
        self.hardship = hardship or Hardship()
        self.painter = painter or Painter(env.params.robot, env.benchmark.add_objects, params)
        self.looks: list[Look] = []
        self._seeds: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._past: list[tuple[Array, Array, Array]] = []

    def reset(self, seeds: NDArray[np.int64]) -> None:
        """All environments to the starts that `seeds` (B,) name."""
        self.env.reset(seeds)
        self.start(seeds)

    def start(self, seeds: NDArray[np.int64]) -> None:
        """Episodes begin at the starts that `seeds` (B,) name, where the environments already stand."""
        self._seeds = np.asarray(seeds).copy()
        objects, held = self.env.benchmark.num_objects, self.hardship.held
        self.looks = [draw_look(self.params, objects, look_seed(self.looks_seed, seed), held) for seed in self._seeds]
        state = self.env.simulator.state()
        self._past = [(state.joints, state.fingers, state.objects)] * _PAST

    def step_chunk(self, chunk: Tensor) -> ChunkResult:
        """As Env.step_chunk."""
        result = self.env.step_chunk(chunk)
        for step in range(result.joints.shape[1]):
            self._past.append((result.joints[:, step], result.fingers[:, step], result.objects[:, step]))
        self._past = self._past[-_PAST:]
        return result

    def see(self) -> Seen:
        """What the students are told now."""
        told = [self._see_one(row) for row in range(self.env.num_envs)]
        stacked = torch.from_numpy(np.stack(told))
        return Seen(self.proprioception(), **{self.sees: stacked})

    def proprioception(self) -> Tensor:
        """(B, 17) float32, see Seen; of this moment, for an arm reports a thousand times a second."""
        joints, fingers, _ = self._past[-1]
        position, rotation = self.env.kinematics.forward(joints)
        width = fingers.sum(-1, keepdims=True)
        told = np.concatenate([joints, position, rotation_to_6d(rotation), width], axis=-1)
        return torch.from_numpy(np.nan_to_num(told).astype(np.float32))

    def views(self, row: int, colour: bool, depth: bool) -> Views:
        """What the cameras of one environment see, without their faults."""
        look = self.looks[row]
        state = self._delayed(row, look.latency + self.hardship.more_latency)
        return self.painter.draw(look, self.env.start_objects[row], *state, colour=colour, depth=depth)

    def _see_one(self, row: int) -> NDArray[np.float32] | NDArray[np.uint8]:
        look = self.looks[row]
        draw = generator("frame", self.looks_seed, int(self._seeds[row]), int(self.env.elapsed[row]))
        views, lost = self.views(row, self.sees == "images", self.sees == "points"), self.hardship.lost_camera
        if views.colour is not None:
            images = [faulty_colour(image, look.hsv[i], float(look.blur[i])) for i, image in enumerate(views.colour)]
            return np.stack([np.zeros_like(image) if i == lost else image for i, image in enumerate(images)])
        assert views.depth is not None
        clouds = [self._points(views, look, i, draw) for i in range(len(views.depth))]
        return merged_cloud([cloud for i, cloud in enumerate(clouds) if i != lost], self.params.cloud, draw)

    def _points(self, views: Views, look: Look, camera: int, draw: np.random.Generator) -> NDArray[np.float32]:
        assert views.depth is not None
        depth = faulty_depth(views.depth[camera], look.depth_noise, look.depth_holes, self.params.depth_range, draw)
        pinhole = Pinhole(float(views.fovy[camera]), self.params.width, self.params.height)
        x, y, z = look.calibration[camera, 3:]
        # A turn this small is its own first order.
        rotation = np.array([[1, -z, y], [z, 1, -x], [-y, x, 1]]) @ quaternion_to_rotation(views.turn[camera])
        place = views.place[camera] + look.calibration[camera, :3]
        return camera_points(depth, pinhole, place, rotation, self.params.cloud)

    def _delayed(self, row: int, latency: float) -> tuple[Array, Array, Array]:
        """joints (7,), fingers (2,) and objects (O, 7) of `latency` s ago, linearly between control steps."""
        steps = min(latency * self.env.params.control_hz, _PAST - 1.001)
        newer = len(self._past) - 1 - int(steps)
        share = steps - int(steps)
        after, before = ([part[row] for part in self._past[i]] for i in (newer, newer - 1))
        joints, fingers, objects = ((1 - share) * a + share * b for a, b in zip(after, before, strict=True))
        # Of a turn between two steps the mean quaternion is near enough once it has length one.
        flip = np.sign((after[2][:, 3:] * before[2][:, 3:]).sum(-1, keepdims=True))
        objects[:, 3:] = (1 - share) * after[2][:, 3:] + share * np.where(flip == 0, 1, flip) * before[2][:, 3:]
        length = np.linalg.norm(objects[:, 3:], axis=-1, keepdims=True)
        objects[:, 3:] = np.where(length > 0, objects[:, 3:] / np.maximum(length, 1e-12), [1.0, 0.0, 0.0, 0.0])
        return np.nan_to_num(joints), np.nan_to_num(fingers), np.nan_to_num(objects)

    def close(self) -> None:
        """Free the graphics context."""
        self.painter.close()


def look_seed(looks_seed: int, start_seed: int) -> int:
    """The seed of the look of the episode from a start."""
    return int(generator("look of", looks_seed, int(start_seed)).integers(2**63))

