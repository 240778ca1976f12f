"""Trials in this project's simulation: a rehearsal of a protocol, and its students on a plain simulator."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from expertgen.benchmarks.base import Start
from expertgen.camera_env import CameraEnv
from expertgen.env import WORKSPACE
from expertgen.errors import IncompatibleArtifact
from expertgen.geometry import rotation_from_6d, rotation_to_6d
from expertgen.make_env import make_env
from expertgen.params import Params, as_dict
from expertgen.policies.student import StudentPolicy
from expertgen.stages.threads import torch_threads
from expertgen.trials.record import Decision, TrialRecord
from expertgen.trials.session import TrialOrder
from expertgen.trials.starts import StartPose
from expertgen.workspace import Workspace


def open_session(params: Params, workspace: Workspace, checkpoints: Sequence[Path]) -> SimulatedSession:
    """A session with the simulated arm of `params`, in the task of `workspace`, and the students at `checkpoints`."""
    students = {checkpoint: load_student(params, checkpoint) for checkpoint in checkpoints}
    return SimulatedSession(params, workspace.task, students)


def load_student(params: Params, checkpoint: Path) -> StudentPolicy:
    """The student in the folder `checkpoint`. Raises MissingInput, CorruptArtifact, and IncompatibleArtifact for one
    that was taught with other cameras or clouds."""
    student = StudentPolicy.load(checkpoint)
    vision = {name: value for name, value in as_dict(params.vision).items() if name != "randomise"}
    if student.vision != vision:
        raise IncompatibleArtifact(f"{checkpoint} was taught with other cameras or clouds than vision now says.")
    return student


class SimulatedSession:
    """One environment with its cameras. The filter here is what the environment does with any action: finite, within
    the workspace, a proper rotation, the gripper open or closed."""

    def __init__(self, params: Params, task: str, students: Mapping[Path, StudentPolicy]) -> None:
        simulation = dataclasses.replace(params.simulation, num_threads=1)
        self._params, self._env = params, make_env(task, simulation, 1, params.prior.execute)
        self._benchmark, self._students = self._env.benchmark, students
        self._cameras = CameraEnv(self._env, params.vision, params.student.sees)
        self.about: dict[str, Any] = {
            "robot": params.simulation.robot, "control_hz": params.simulation.control_hz,
            "cameras": [camera.name for camera in params.vision.cameras],
        }  # fmt: skip

    def prepare(self, start: StartPose) -> None:
        """Put arm and objects at `start`."""
        drawn = Start(start.joints, start.fingers, start.objects)
        self._env.benchmark = dataclasses.replace(self._benchmark, reset_distribution=lambda generator: drawn)
        self._cameras.looks_seed = 0
        self._cameras.reset(np.array([start.seed]))

    def run(self, order: TrialOrder) -> TrialRecord:
        """One trial, by the simulation's clock; all policies see a start under the same look."""
        student = self._students[order.checkpoint]
        self._cameras.sees = student.sees
        self._cameras.looks_seed = order.seed
        self._cameras.reset(np.array([order.start.seed]))
        steps = max(1, round(order.max_seconds * self._env.params.control_hz))
        taken = _Taken(self._params, steps, student.vision)
        with torch_threads(1):
            while taken.left:
                chunk = student.act(self._cameras.see())
                for action in chunk[0, : min(self._env.execute, taken.left)]:
                    taken.step(self._cameras, action)
        return taken.record()

    def close(self) -> None:
        """Free the graphics context."""
        self._cameras.close()


class _Taken:
    """The record of a trial of `steps` control steps, while it grows."""

    def __init__(self, params: Params, steps: int, vision: Mapping[str, Any]) -> None:
        self._params, self.left, self._vision = params, steps, vision
        self._rows: list[tuple[np.ndarray, ...]] = []
        self._frames: list[np.ndarray] = []
        self._points: list[np.ndarray] = []
        self._success: list[bool] = []
        self._decisions: list[Decision] = []

    def step(self, cameras: CameraEnv, action: Tensor) -> None:
        """Record what is there, then carry out one action (10,)."""
        colour = cameras.views(0, colour=True, depth=False).colour
        assert colour is not None
        told, asked = cameras.proprioception()[0].numpy(), action.numpy().astype(np.float32)
        sent = self._sent(asked, self._rows[-1][2] if self._rows else None, told)
        self._frames.append(colour)
        if cameras.sees == "points":
            points = cameras.see().points
            assert points is not None
            self._points.append(points[0].numpy().astype(np.float16))
        self._rows.append((told, asked, sent))
        result = cameras.step_chunk(action.new_tensor(sent)[None, None])
        self._success.append(bool(result.success[0, -1]))
        self.left -= 1

    def _sent(self, asked: np.ndarray, last: np.ndarray | None, told: np.ndarray) -> np.ndarray:
        step = len(self._rows)
        if not np.isfinite(asked).all():
            self._decide(step, "finite", "held", "the policy asked for what is no number")
            if last is not None:
                return last
            asked = np.concatenate([told[7:16], [-1]]).astype(np.float32)
        position = np.clip(asked[:3], *WORKSPACE)
        if (moved := float(np.abs(position - asked[:3]).max())) > 1e-6:
            self._decide(step, "workspace", "clamped", f"by {1000 * moved:.1f} mm")
        rotation = rotation_to_6d(rotation_from_6d(asked[3:9].astype(np.float64)))
        return np.concatenate([position, rotation, [1.0 if asked[9] > 0 else -1.0]]).astype(np.float32)

    def _decide(self, step: int, check: str, verdict: str, detail: str) -> None:
        self._decisions.append(Decision(step, step / self._params.simulation.control_hz, check, verdict, detail))

    def record(self) -> TrialRecord:
        """All of it."""
        hz = self._params.simulation.control_hz
        told, asked, sent = (np.stack(rows) for rows in zip(*self._rows, strict=True))
        times, names = np.arange(len(told)) / hz, [camera.name for camera in self._params.vision.cameras]
        return TrialRecord(
            control_hz=hz, clock="simulation", times=times, proprioception=told, asked=asked, sent=sent,
            frames={name: np.stack([frame[index] for frame in self._frames]) for index, name in enumerate(names)},
            frame_times=dict.fromkeys(names, times), ended="its time was over", decisions=tuple(self._decisions),
            success=np.array(self._success), points=np.stack(self._points) if self._points else None,
            vision=self._vision,
        )  # fmt: skip
