"""Client libraries in processes of their own: nothing they do can hang or kill the program."""

import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from expertgen.errors import MissingInput
from expertgen.robots.connect import Client, require_package
from expertgen.robots.faults import RobotFault

SESSION = "tests.robots.sessions:Session"
PATIENT = 120.0


@pytest.fixture
def client():
    client = Client("arm", SESSION, {}, PATIENT)
    yield client
    client.close()


def test_values_and_errors_come_through_and_a_failed_call_does_not_end_the_connection(client):
    assert client.call("add", 2, 3, timeout=PATIENT) == 5
    with pytest.raises(RobotFault, match=r"arm: it hurts\."):
        client.call("fail", "fault", timeout=PATIENT)
    with pytest.raises(RobotFault, match="arm: ValueError: a defect"):
        client.call("fail", "defect", timeout=PATIENT)
    assert client.call("add", 1, 1, timeout=PATIENT) == 2


def test_a_call_that_does_not_return_ends_the_process_and_is_told_of(client):
    with pytest.raises(RobotFault, match=r"did not answer to 'hang' within 0\.2 s"):
        client.call("hang", 1000.0, timeout=0.2)
    assert client.lost
    with pytest.raises(RobotFault, match="there is no connection"):
        client.call("add", 1, 1, timeout=PATIENT)


def test_a_client_that_dies_is_told_of(client):
    with pytest.raises(RobotFault, match=r"ended during 'fail' \(exit status 3\)"):
        client.call("fail", "die", timeout=PATIENT)


def test_a_connection_that_is_never_made_ends_after_its_timeout():
    with pytest.raises(RobotFault, match=r"did not answer to 'connect' within 0\.3 s.*robot_setup"):
        Client("arm", SESSION, {"wait": 1000.0}, 0.3)


def test_an_answer_that_was_given_up_is_not_taken_for_the_next(client):
    class Interrupt(BaseException): ...

    poll, broken = client._pipe.poll, []

    class Pipe:
        def poll(self, timeout):
            if not broken:
                broken.append(True)
                raise Interrupt
            return poll(timeout)

        def __getattr__(self, name):
            return getattr(pipe, name)

    pipe, client._pipe = client._pipe, Pipe()
    with pytest.raises(Interrupt):
        client.call("add", 1, 1, timeout=PATIENT)
    assert client.call("add", 5, 5, timeout=PATIENT) == 10


def test_a_client_does_not_outlive_its_program():
    code = (
        "import os; from expertgen.robots.connect import Client; "
        f"c = Client('arm', '{SESSION}', {{}}, {PATIENT}); print(c._process.pid, flush=True); os._exit(1)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=os.getcwd())
    pid, until = int(told.stdout), time.monotonic() + PATIENT
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < until:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{pid}")


def test_a_package_that_is_missing_is_named_with_how_to_install_it():
    with pytest.raises(MissingInput, match=r"needs the Python package no_such_thing.*expertgen\[robot\]"):
        require_package("no_such_thing", "the driver of nothing")


def test_the_drivers_import_no_client_library():
    code = (
        "import sys, expertgen.robots.franka_arm, expertgen.robots.franka_hand, expertgen.robots.robotiq, "
        "expertgen.robots.realsense, expertgen.robots.rig; "
        "print([name for name in ('franky', 'pyrealsense2', 'pyrobotiqgripper', 'pymodbus') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_peer_that_closes_in_mid_handshake_cannot_hang_the_driver_of_the_arm():
    pytest.importorskip("franky")
    from expertgen.robots.franka_arm import FrankaArm

    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.78", 1337))
        server.listen()

        def serve():
            peer, _ = server.accept()
            peer.recv(64)
            peer.close()

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(RobotFault, match=r"arm at 127\.0\.0\.78: .*robot_setup"):
            FrankaArm("127.0.0.78", realtime=False, connect_timeout=4.0)


def test_an_arm_that_is_not_there_is_told_of():
    pytest.importorskip("franky")
    from expertgen.robots.franka_arm import FrankaArm

    with pytest.raises(RobotFault, match=r"arm at 127\.0\.0\.77: .*refused"):
        FrankaArm("127.0.0.77", realtime=False, connect_timeout=PATIENT)
