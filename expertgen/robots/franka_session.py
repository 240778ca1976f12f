"""What franky is asked for. Runs in a process of its own (connect.Client); the one module that imports franky for the
arm. No method waits for a motion: whoever asks has to be able to stop it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import franky
import numpy as np
from numpy.typing import NDArray

from expertgen.robots.faults import RobotFault

Array = NDArray[np.float64]
_MODES = {"Reflex": "reflex", "UserStopped": "stopped", "Guiding": "stopped", "Other": "stopped",
          "AutomaticErrorRecovery": "stopped"}  # fmt: skip
_STOPS = {"Torques": franky.TorqueStopMotion, "JointPositions": franky.JointStopMotion,
          "CartesianPose": franky.CartesianStopMotion}  # fmt: skip


class FrankaSession:
    """A connection to the arm's control at `address`.

    stiffness, damping and clip: N/m and Nm/rad; Ns/m and Nms/rad; m and rad, beyond which a target pulls no harder.
    forces, torques: N and Nm at which the arm's own reflex stops it: one for all, or six and seven. realtime: whether
    the kernel has to give the control thread real-time priority.
    """

    def __init__(
        self, address: str, stiffness: tuple[float, float], damping: tuple[float, float], clip: tuple[float, float],
        forces: float | Sequence[float], torques: float | Sequence[float], realtime: bool,
    ) -> None:
        config = franky.RealtimeConfig.Enforce if realtime else franky.RealtimeConfig.Ignore
        self._robot = franky.Robot(address, realtime_config=config)
        self._robot.set_collision_behavior(_numbers(torques), _numbers(forces))
        self._stiffness, self._damping, self._clip = stiffness, damping, clip
        self._tracker: Any = None
        self._fault = ""  # why a motion ended that nobody stopped
        self._halted = False

    def state(self) -> dict[str, Any]:
        """time s since the arm started; joints, velocities, base_T_ee and flange_T_ee (4, 4), wrench, torques; mode:
        idle, moving (a motion that ends), tracking, reflex or stopped; errors."""
        robot = self._robot
        in_control = robot.is_in_control
        if not in_control:
            self._collect()
        state = robot.state
        errors = _names(state.current_errors)
        mode = _MODES.get(state.robot_mode.name, "")
        if errors or self._fault:
            mode = mode or "reflex"
            errors = errors or _names(state.last_motion_errors)
        mode = mode or (("tracking" if self._tracker is not None else "moving") if in_control else "idle")
        return {
            "time": state.time.to_sec(), "joints": np.array(state.q), "velocities": np.array(state.dq),
            "base_T_ee": np.array(state.O_T_EE.matrix), "flange_T_ee": np.array(state.F_T_EE.matrix),
            "wrench": np.array(state.O_F_ext_hat_K), "torques": np.array(state.tau_ext_hat_filtered), "mode": mode,
            "errors": errors + ((self._fault,) if self._fault else ()),
        }  # fmt: skip

    def track(self, base_T_ee: Array) -> None:
        """Pull the end effector towards a pose (4, 4) from now on."""
        if self._tracker is not None and not self._robot.is_in_control:
            self._collect()
            raise RobotFault(f"it follows no more: {self._fault or 'its motion has ended'}.")
        if self._tracker is None:
            self._refuse_when_faulty()
            self._tracker = franky.CartesianImpedanceTracker(
                self._robot, translational_stiffness=self._stiffness[0], rotational_stiffness=self._stiffness[1],
                damping=np.repeat(self._damping, 3),
                translational_error_clip=np.full(3, self._clip[0]), rotational_error_clip=np.full(3, self._clip[1]),
            )
            self._halted = False
        self._tracker.set_target(franky.Affine(base_T_ee))

    def move_joints(self, joints: Array, speed: float) -> None:
        """Begin to go to joints (7,) at a share `speed` of the arm's own limits."""
        self._begin(franky.JointMotion(joints, relative_dynamics_factor=speed))

    def move_tool(self, base_T_ee: Array, speed: float) -> None:
        """Begin to go to a pose (4, 4) in a straight line."""
        self._begin(franky.CartesianMotion(franky.Affine(base_T_ee), relative_dynamics_factor=speed))

    def busy(self) -> bool:
        """Whether anything moves the arm on this program's word. Raises RobotFault if a motion failed."""
        if self._robot.is_in_control:
            return True
        self._collect()
        self._refuse_when_faulty()
        return False

    def halt(self) -> None:
        """Let the motion in progress come to rest as its kind can; returns at once."""
        self._halted, self._tracker = True, None
        if self._robot.is_in_control:
            kind = self._robot.current_control_signal_type
            if kind is None or kind.name not in _STOPS:
                self.brake()
            else:
                self._robot.move(_STOPS[kind.name](), asynchronous=True)

    def brake(self) -> None:
        """Have the arm itself end whatever moves it."""
        self._halted, self._tracker = True, None
        self._robot.stop()

    def recover(self) -> bool:
        """Clear the arm's errors; False if it refuses."""
        self._join(2.0)
        well = bool(self._robot.recover_from_errors())
        self._tracker, self._fault, self._halted = None, "", False
        return well

    def close(self) -> None:
        if self._robot.is_in_control:
            self.halt()
            self._join(0.7)

    def _begin(self, motion: Any) -> None:
        self._refuse_when_faulty()
        if self._robot.is_in_control:
            raise RobotFault("another motion is not at its end yet.")
        self._tracker, self._halted = None, False
        self._robot.move(motion, asynchronous=True)

    def _join(self, seconds: float) -> None:
        """Wait for the end of what moves it, whatever it ends with."""
        with contextlib.suppress(Exception):  # a stop ends a motion with an exception too
            self._robot.join_motion(seconds)

    def _collect(self) -> None:
        """Keep the words with which the last motion ended, unless it was to end. Never waits."""
        try:
            self._robot.poll_motion()
        except Exception as error:
            if not self._halted:
                self._fault = f"{type(error).__name__}: {error}"

    def _refuse_when_faulty(self) -> None:
        if self._fault:
            raise RobotFault(f"a motion failed: {self._fault}.")


def _numbers(value: float | Sequence[float]) -> float | list[float]:
    return value if isinstance(value, float) else [float(one) for one in value]


def _names(errors: Any) -> tuple[str, ...]:
    return tuple(name for name in dir(errors) if not name.startswith("_") and getattr(errors, name) is True)
