"""The emulated arm and hand of franky-sim at an address, until this process's input ends."""

import sys
import threading

import franky_sim
from franky_sim.franka_gripper_protocol import GripperCommandStatus
from franky_sim.franka_gripper_server import FrankaGripperServer
from franky_sim.franka_server import BaseCommand
from franky_sim.mujoco_simulator import MujocoSimulator

_stop = FrankaGripperServer.stop


def stop(self, command_id, tcp_socket):
    """As a real hand does, and franky-sim does not, answer the order that is broken off."""
    kind, pending = self._pending_command_type, self._pending_command_id
    if pending is not None:
        BaseCommand.send_response(tcp_socket, kind, pending, GripperCommandStatus.kAborted, command_type_struct="H",
                                  status_type_struct="H")  # fmt: skip
    _stop(self, command_id, tcp_socket)


def main(address):
    FrankaGripperServer.stop = stop
    with MujocoSimulator() as simulator:
        simulator.add_robot()
        with franky_sim.SimulationServer(simulator, hostname_candidates=[address]) as server:
            server.run_async()
            print("ready", flush=True)
            done = threading.Event()
            threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
            done.wait()


if __name__ == "__main__":
    main(sys.argv[1])
