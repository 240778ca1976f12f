"""The one world that is emulated: the task's own scene in steps of a millisecond, its arm driven by torques."""

from __future__ import annotations

from collections import deque

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.emulation.snapshot import Snapshot
from expertgen.env import start_generator
from expertgen.geometry import slide_distance, slide_pose
from expertgen.params import SimulationParams
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.layout import SceneLayout

Array = NDArray[np.float64]
STEP = 0.001  # s, the arm's control cycle
_KEPT = 250  # steps that are remembered, for cameras that show what was
# Nm: a quarter of the friction of an FR3's joints as MuJoCo Menagerie has it. The arm compensates its friction itself,
# how well is not published.
FRICTION = 0.25 * np.array([1.137, 1.137, 1.137, 1.137, 0.763, 0.44, 0.248])
_REST = 5e-3  # m/s or rad/s below which a joint or an object counts as at rest


class World:
    """The scene of `task`; `time` counts its steps. Deterministic: the same torques give the same bytes."""

    def __init__(self, task: str, params: SimulationParams) -> None:
        self.task, self.robot, self.benchmark = task, params.robot, TASKS[task]
        self.model = build_tabletop(params.robot, STEP, self.benchmark.add_objects)
        self.layout = SceneLayout(self.model)
        self.arm = np.array([int(self.model.joint(f"joint{i}").dofadr[0]) for i in range(1, 8)])
        addresses = {int(self.model.jnt_qposadr[j]): int(self.model.jnt_dofadr[j]) for j in range(self.model.njnt)}
        self._finger_dofs = np.array([addresses[int(place)] for place in self.layout.gripper.joints])
        # Torques come from the controller: the scene's own servos of the arm are off.
        self.model.actuator_gainprm[self.layout.arm_ctrl] = self.model.actuator_biasprm[self.layout.arm_ctrl] = 0
        self.model.dof_frictionloss[self.arm] = FRICTION
        self.data = mujoco.MjData(self.model)
        self.steps = 0
        self.seed = 0
        self.start = np.zeros((self.benchmark.num_objects, 7))
        self._past: deque[tuple[float, Array, Array]] = deque(maxlen=_KEPT)
        self.reset(0, arm=True)

    @property
    def time(self) -> float:
        """Seconds that have passed in the world; no reset takes them back."""
        return self.steps * STEP

    @property
    def joints(self) -> Array:
        return self.data.qpos[self.layout.arm_qpos]

    @property
    def velocities(self) -> Array:
        return self.data.qvel[self.arm]

    @property
    def fingers(self) -> Array:
        """(2,) m openings."""
        return self.layout.gripper.openings(self.data.qpos)

    def reset(self, seed: int, arm: bool, joints: list[float] | None = None) -> None:
        """Objects to where the start that `seed` names has them, at rest; with `arm`, arm and fingers too, the arm to
        `joints` (7,) rad if given."""
        start = self.benchmark.reset_distribution(start_generator(seed))
        layout, data = self.layout, self.data
        if arm:
            data.qpos[layout.arm_qpos], data.qvel[:] = start.joints if joints is None else joints, 0
            data.qpos[layout.gripper.joints] = layout.gripper.coordinates(start.fingers[None])[0]
            data.ctrl[layout.gripper_ctrl] = layout.gripper.command(start.fingers.mean())
        self.seed = seed
        self.place(start.objects)

    def place(self, objects: Array) -> None:
        """Objects (O, 7) where they shall start, at rest; the arm goes on as it was."""
        layout, data = self.layout, self.data
        robot = np.concatenate([self.arm, self._finger_dofs])
        velocities = np.zeros(self.model.nv)
        velocities[robot] = data.qvel[robot]
        qpos, ctrl = data.qpos.copy(), data.ctrl.copy()
        mujoco.mj_resetData(self.model, data)
        data.qpos[:], data.qvel[:], data.ctrl[:], data.time = qpos, velocities, ctrl, self.time
        data.qpos[layout.object_qpos.ravel()] = objects[: len(layout.object_qpos)].ravel()
        if layout.articulated:
            base, part = objects[-2], objects[-1]
            data.mocap_pos[0], data.mocap_quat[0] = base[:3], base[3:]
            data.qpos[layout.slide_qpos] = slide_distance(base, part)
        mujoco.mj_forward(self.model, data)
        self.start = objects.copy()
        self._past.clear()
        self._remember()

    def step(self, torques: Array) -> None:
        """A millisecond with `torques` (7,) Nm at the arm's joints, beyond those that gravity asks for."""
        self.data.qfrc_applied[self.arm] = torques
        mujoco.mj_step(self.model, self.data)
        self.steps += 1
        self._remember()

    def push(self, force: Array) -> None:
        """A force (3,) N, base frame, on the hand from now on."""
        self.data.xfrc_applied[self.layout.hand_body, :3] = force

    def coriolis(self) -> Array:
        """(7,) Nm of velocity alone, as of the last step."""
        return self.data.qfrc_bias[self.arm] - self.data.qfrc_gravcomp[self.arm]

    def inertia(self, acceleration: Array) -> Array:
        """(7,) Nm that accelerate the arm by (7,) rad/s²."""
        whole, torques = np.zeros(self.model.nv), np.zeros(self.model.nv)
        whole[self.arm] = acceleration
        mujoco.mj_mulM(self.model, self.data, torques, whole)
        return torques[self.arm]

    def gravity(self) -> Array:
        """(7,) Nm that hold arm and hand up."""
        return self.data.qfrc_gravcomp[self.arm].copy()

    def outside_torques(self) -> Array:
        """(7,) Nm that what is touched, and `push`, exert on the joints, as of the last step."""
        model, data = self.model, self.data
        total = np.zeros(model.nv)
        if data.ncon:
            contact = data.efc_type >= int(mujoco.mjtConstraint.mjCNSTR_CONTACT_FRICTIONLESS)
            mujoco.mj_mulJacTVec(model, data, total, np.where(contact, data.efc_force, 0.0))
        hand = self.layout.hand_body
        if data.xfrc_applied[hand].any():
            push = data.xfrc_applied[hand]
            mujoco.mj_applyFT(model, data, push[:3], push[3:], data.xipos[hand], hand, total)
        return total[self.arm]

    def at_rest(self) -> bool:
        """Whether nothing moves any more."""
        return bool(np.abs(self.data.qvel).max() < _REST)

    def sound(self) -> bool:
        """Whether the engine still has a finite state."""
        return bool(np.isfinite(self.data.qpos).all() and np.isfinite(self.data.qvel).all())

    def snapshot(self, age: float = 0.0) -> Snapshot:
        """The world `age` s ago, or as long ago as it remembers; nothing from before the last reset."""
        back = min(round(age / STEP), len(self._past) - 1)
        time, qpos, mocap = self._past[-1 - back]
        objects = qpos[self.layout.object_qpos]
        if self.layout.articulated:
            part = slide_pose(mocap, qpos[self.layout.slide_qpos])
            objects = np.concatenate([objects, mocap[None], part[None]])
        return Snapshot(time, qpos[self.layout.arm_qpos], self.layout.gripper.openings(qpos), objects, self.start)

    def success(self) -> bool:
        """The task's own judgement of this moment."""
        now = self.snapshot()
        return bool(self.benchmark.success(now.objects[None, None], now.start[None])[0, 0])

    def _remember(self) -> None:
        mocap = np.concatenate([self.data.mocap_pos, self.data.mocap_quat], axis=-1)
        self._past.append((self.time, self.data.qpos.copy(), mocap[0] if len(mocap) else mocap.ravel()))
