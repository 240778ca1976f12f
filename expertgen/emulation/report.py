"""The arm's state as it goes over the wire."""

from __future__ import annotations

import numpy as np
from franky_sim.franka_robot_protocol import RobotMode, StateControllerMode, StateMotionGeneratorMode
from franky_sim.franka_robot_server import ControlMode
from franky_sim.franka_robot_state import FrankaRobotState
from numpy.typing import NDArray

from expertgen.emulation.controller import Controller
from expertgen.emulation.errors import flags
from expertgen.scenes import panda_model as panda

Array = NDArray[np.float64]
_MODES = {
    ControlMode.POSITION: StateMotionGeneratorMode.kJointPosition,
    ControlMode.VELOCITY: StateMotionGeneratorMode.kJointVelocity,
    ControlMode.CARTESIAN_POSITION: StateMotionGeneratorMode.kCartesianPosition,
    ControlMode.CARTESIAN_VELOCITY: StateMotionGeneratorMode.kCartesianVelocity,
    ControlMode.TORQUE: StateMotionGeneratorMode.kNone,
    ControlMode.IDLE: StateMotionGeneratorMode.kIdle,
}


def _columns(pose: Array) -> list[float]:
    return pose.T.ravel().tolist()


def _elbow(joints: Array) -> tuple[float, float]:
    return float(joints[2]), 1.0 if joints[3] > 0 else -1.0


def robot_state(controller: Controller, mode: RobotMode, driven: StateControllerMode) -> FrankaRobotState:
    """What the arm tells its client of this moment; `driven`: by which of its controllers."""
    world, touch, tool = controller.world, controller.touch, controller.kinematics
    desired, joints = controller.follower.desired, world.joints
    return FrankaRobotState(
        q=joints.tolist(), q_d=desired.joints.tolist(), dq=world.velocities.tolist(), theta=joints.tolist(),
        dtheta=world.velocities.tolist(), dq_d=desired.velocity.tolist(), ddq_d=desired.acceleration.tolist(),
        tau_J=(controller.torques + world.gravity()).tolist(), tau_J_d=controller.torques.tolist(),
        robot_mode=mode, control_command_success_rate=1.0 if controller.moving else 0.0,
        O_T_EE=_columns(touch.pose), O_T_EE_d=_columns(desired.pose), O_T_EE_c=_columns(desired.pose),
        F_T_EE=_columns(tool.F_T_NE @ tool.NE_T_EE), F_T_NE=_columns(tool.F_T_NE),
        NE_T_EE=_columns(tool.NE_T_EE), EE_T_K=_columns(tool.EE_T_K),
        tau_ext_hat_filtered=touch.torques.tolist(), O_F_ext_hat_K=touch.wrench.tolist(),
        K_F_ext_hat_K=touch.in_tool.tolist(),
        joint_contact=touch.contacts[0], cartesian_contact=touch.contacts[1],
        joint_collision=touch.collisions[0], cartesian_collision=touch.collisions[1],
        m_ee=panda.HAND_MASS, F_x_Cee=panda.HAND_COM, I_ee=tuple(np.diag(panda.HAND_INERTIA[:3]).ravel()),
        m_load=tool.load, F_x_Cload=tool.load_com, I_load=tool.load_inertia,
        elbow=_elbow(joints), elbow_d=_elbow(desired.joints), elbow_c=_elbow(desired.joints),
        delbow_c=(float(desired.velocity[2]), 0.0), ddelbow_c=(float(desired.acceleration[2]), 0.0),
        O_dP_EE_d=desired.twist.tolist(), O_dP_EE_c=desired.twist.tolist(), O_ddP_EE_c=desired.twist_rate.tolist(),
        O_ddP_O=(0.0, 0.0, -9.81),
        errors=flags(controller.errors), reflex_reason=flags(controller.reflex),
        motion_generator_mode=_MODES[controller.mode], controller_mode=driven,
    )  # fmt: skip
