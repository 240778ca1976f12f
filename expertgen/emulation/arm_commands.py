"""What a client may ask of the arm over TCP, where franky-sim only says yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from franky_sim import franka_robot_protocol as protocol
from franky_sim.franka_robot_protocol import AutomaticErrorRecoveryStatus as Recovered
from franky_sim.franka_robot_protocol import MoveStatus, RobotCommand

from expertgen.emulation.touch import Thresholds

if TYPE_CHECKING:
    from expertgen.emulation.arm_server import ArmServer


class Move(protocol.MoveCommand):
    """Refused while the arm is stopped or in a reflex."""

    def handle(self, server: ArmServer) -> None:
        if server.stopped:
            self.reply(MoveStatus.kCommandRejectedDueToActivatedSafetyFunctions)
        elif server.controller.errors or server.current_motion_id:
            self.reply(MoveStatus.kCommandNotPossibleRejected)
        else:
            server.start_motion(self.controller_mode, self.motion_generator_mode, self.command_id)
            self.reply(MoveStatus.kMotionStarted)


class StopMove(protocol.StopMoveCommand):
    def handle(self, server: ArmServer) -> None:
        self.reply(0)
        server.stop_motion(MoveStatus.kPreempted)


class Recover(protocol.AutomaticErrorRecoveryCommand):
    """Not while the button is pressed."""

    def handle(self, server: ArmServer) -> None:
        if server.stopped:
            self.reply(Recovered.kCommandRejectedDueToActivatedSafetyFunctions)
        else:
            server.controller.recover()
            self.reply(Recovered.kSuccess)


class SetCollisionBehavior(protocol.SetCollisionBehaviorCommand):
    def handle(self, server: ArmServer) -> None:
        # The nominal ones: those for phases of acceleration are for what the estimate then errs by, which here is nil.
        server.controller.touch.thresholds = Thresholds(
            np.array(self.lower_torque_thresholds_nominal), np.array(self.upper_torque_thresholds_nominal),
            np.array(self.lower_force_thresholds_nominal), np.array(self.upper_force_thresholds_nominal),
        )  # fmt: skip
        self.reply(0)


class SetJointImpedance(protocol.SetJointImpedanceCommand):
    def handle(self, server: ArmServer) -> None:
        server.controller.stiffness = np.array(self.K_theta)
        self.reply(0)


class SetNEToEE(protocol.SetNEToEECommand):
    def handle(self, server: ArmServer) -> None:
        server.robot.set_NE_T_EE(self.NE_T_EE)
        server.controller.retool()
        self.reply(0)


COMMANDS = {
    RobotCommand.kMove: Move,
    RobotCommand.kStopMove: StopMove,
    RobotCommand.kSetCollisionBehavior: SetCollisionBehavior,
    RobotCommand.kSetJointImpedance: SetJointImpedance,
    RobotCommand.kSetCartesianImpedance: protocol.SetCartesianImpedanceCommand,
    RobotCommand.kGetRobotModel: protocol.GetRobotModelCommand,
    RobotCommand.kAutomaticErrorRecovery: Recover,
    RobotCommand.kSetLoad: protocol.SetLoadCommand,
    RobotCommand.kSetNEToEE: SetNEToEE,
    RobotCommand.kSetEEToK: protocol.SetEEToKCommand,
}
