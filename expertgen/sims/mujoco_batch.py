"""Simulator on mujoco.batch: CPU, threaded across environments, one engine call for each executed chunk."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

import mujoco
import mujoco.batch
import numpy as np
from numpy.typing import NDArray

from expertgen.errors import InvalidParameter
from expertgen.geometry import slide_distance, slide_pose
from expertgen.sims.interface import Array, ChunkTrace, Health, SimState
from expertgen.sims.kinematics import Kinematics
from expertgen.sims.layout import SceneLayout

# `health` reports warnings, and for which environment. MuJoCo's own handler would print them without saying which,
# and write MUJOCO_LOG.TXT into whatever folder the process was started in.
mujoco.set_mju_user_warning(lambda message: None)


class Renderer(Protocol):
    """What draws a state: sims.render.SceneRenderer or alike."""

    def image(self, qpos: Array, camera: str, width: int, height: int, mocap: Array) -> NDArray[np.uint8]:
        """(height, width, 3) of joint positions (nq,) and of bodies without joints (nmocap, 7)."""

    def close(self) -> None:
        """Free the graphics contexts."""


class MujocoBatch:
    """B copies of `model`; see Simulator. `num_threads` 0 takes all cores and never changes a result.

    `renderer` draws its images; the usual one is made when the first is asked for.
    """

    def __init__(
        self, model: mujoco.MjModel, num_envs: int, control_hz: float, num_threads: int = 0
    ) -> None:
        self.model, self.num_envs = model, num_envs
        self.control_dt = 1 / control_hz
        self.substeps = round(self.control_dt / model.opt.timestep)
        if abs(self.substeps * model.opt.timestep - self.control_dt) > 1e-9:
            raise InvalidParameter(
                f"simulation.timestep: {model.opt.timestep:g} s does not divide the control step of "
                f"{self.control_dt:g} s (simulation.control_hz: {control_hz:g}); take e.g. {self.control_dt / 20:g}."
            )
        self.layout = SceneLayout(model)
        self.fingers_open = self.layout.gripper.widest
        self.kinematics = Kinematics(self.layout.gripper.tcp_offset)
        self._batch = mujoco.batch.Batch(model, nsim=num_envs, nthread=num_threads)
        self._batch.reset()
        self._last_ctrl = np.array(self._batch.bind("ctrl"))
        self._records: dict[int, Array] = {}
        self._errors: dict[int, str] = {}
        self.renderer: Renderer | None = None

    def reset(self, ids: NDArray[np.int64], joints: Array, fingers: Array, objects: Array) -> None:
        if len(ids) == 0:
            return
        batch, layout = self._batch, self.layout
        batch.reset(ids, stage=mujoco.mjtStage.mjSTAGE_NONE)
        qpos, ctrl = batch.bind("qpos"), batch.bind("ctrl")
        rows = np.asarray(ids)
        qpos[np.ix_(rows, layout.arm_qpos)] = joints
        qpos[np.ix_(rows, layout.gripper.joints)] = layout.gripper.coordinates(fingers)
        free = objects[:, : len(layout.object_qpos)]
        qpos[np.ix_(rows, layout.object_qpos.ravel())] = free.reshape(len(rows), -1)
        if layout.articulated:
            base, part = objects[:, -2], objects[:, -1]
            batch.bind("mocap_pos")[rows, 0], batch.bind("mocap_quat")[rows, 0] = base[:, :3], base[:, 3:]
            qpos[rows, layout.slide_qpos] = slide_distance(base, part)
        ctrl[np.ix_(rows, layout.arm_ctrl)] = joints
        ctrl[rows, layout.gripper_ctrl] = layout.gripper.command(fingers.mean(-1))
        self._last_ctrl[rows] = ctrl[rows]
        batch.warning[rows] = 0
        for env in rows:
            self._errors.pop(int(env), None)
        try:
            batch.forward(ids)
        except mujoco.batch.SimulationError as error:
            self._note(error)

    def randomize(self, ids: NDArray[np.int64], fields: dict[str, NDArray[Any]]) -> None:
        known = {"object_mass": "body_mass", "geom_friction": "geom_friction"}
        for name, values in fields.items():
            if name not in known:
                raise InvalidParameter(f"randomize: found field {name!r}, expected one of {sorted(known)}.")
            array = self._batch.expand(known[name])
            columns = self.layout.object_bodies if name == "object_mass" else slice(None)
            for row, value in zip(np.asarray(ids), values, strict=True):
                array[row, columns] = value
        self._batch.set_const(ids)

    def push(self, forces: Array) -> None:
        self._batch.bind("xfrc_applied")[:, self.layout.hand_body, :3] = forces

    def step(self, joint_targets: Array, gripper: Array) -> ChunkTrace:
        steps = joint_targets.shape[1]
        control = self.layout.controls(self._last_ctrl, joint_targets, gripper, self.substeps)
        total = steps * self.substeps
        out = self._records.setdefault(total, np.empty((self.num_envs, total, self.model.nq)))
        try:
            self._batch.rollout(total, control, record=("qpos",), out={"qpos": out})
        except mujoco.batch.SimulationError as error:
            # Those environments kept their state; show it standing still and report them.
            out[error.ids] = self._batch.bind("qpos")[error.ids, None]
            self._note(error)
        self._last_ctrl[:] = control[:, -1]
        # The targets themselves, as within a chunk: a ramp's last value may differ from them in the last bit.
        self._last_ctrl[:, self.layout.arm_ctrl] = joint_targets[:, -1]
        # A copy: the recording buffer is used again by the next chunk.
        return self._trace(out[:, self.substeps - 1 :: self.substeps].copy())

    def _note(self, error: mujoco.batch.SimulationError) -> None:
        self._errors.update({int(i): self._batch.error(int(i)) for i in error.ids})

    def _trace(self, qpos: Array) -> ChunkTrace:
        """The trace of (B, ..., nq)."""
        layout = self.layout
        objects = qpos[..., layout.object_qpos.ravel()].reshape(*qpos.shape[:-1], -1, 7)
        if layout.articulated:
            base = np.concatenate([self._batch.bind("mocap_pos")[:, 0], self._batch.bind("mocap_quat")[:, 0]], -1)
            base = np.broadcast_to(base.reshape(len(base), *[1] * (qpos.ndim - 2), 7), (*qpos.shape[:-1], 7))
            part = slide_pose(base, qpos[..., layout.slide_qpos])
            objects = np.concatenate([objects, base[..., None, :], part[..., None, :]], axis=-2)
        return ChunkTrace(qpos[..., layout.arm_qpos], layout.gripper.openings(qpos), objects)

    def state(self) -> SimState:
        trace = self._trace(np.array(self._batch.bind("qpos")))
        return SimState(trace.joints, trace.fingers, trace.objects, np.array(self._batch.bind("qvel")))

    def jacobian(self) -> Array:
        return self.kinematics.jacobian(self.state().joints)

    def health(self) -> Health:
        batch = self._batch
        finite = np.isfinite(batch.state).all(-1)
        ok = finite & (batch.warning[..., 1].sum(-1) == 0)
        ok[list(self._errors)] = False
        return Health(ok, {int(i): self._reason(int(i), bool(finite[i])) for i in np.flatnonzero(~ok)})

    def _reason(self, env: int, finite: bool) -> str:
        raised = [mujoco.mjtWarning(k).name for k in np.flatnonzero(self._batch.warning[env, :, 1])]
        told = ["" if finite else "non-finite state", self._errors.get(env, "")]
        return "; ".join(filter(None, [*raised, *told]))

    def save(self) -> dict[str, NDArray[Any]]:
        return {
            "state": self._batch.state.copy(), "last_ctrl": self._last_ctrl.copy(),
            "warning": self._batch.warning.copy(), "failed": np.isin(np.arange(self.num_envs), list(self._errors)),
        }

    def restore(self, saved: dict[str, NDArray[Any]]) -> None:
        self._batch.state[:] = saved["state"]
        self._last_ctrl[:] = saved["last_ctrl"]
        self._batch.warning[:] = saved["warning"]
        failed = np.flatnonzero(saved["failed"])
        self._errors = {int(i): "the engine failed before this state was saved" for i in failed}

    def render(self, env: int, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        if self.renderer is None:
            # By its name, which data.sources does not follow: how things are drawn is no part of what was trained here.
            self.renderer = importlib.import_module("expertgen.sims.render").SceneRenderer(self.model)
        assert self.renderer is not None
        batch = self._batch
        mocap = np.concatenate([batch.bind("mocap_pos")[env], batch.bind("mocap_quat")[env]], axis=-1)
        return self.renderer.image(batch.bind("qpos")[env], camera, width, height, mocap)

    def close(self) -> None:
        """Free the rendering context."""
        if self.renderer is not None:
            self.renderer.close()
            self.renderer = None
