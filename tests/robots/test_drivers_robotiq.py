"""The real client of Robotiq's grippers against emulated registers."""

import time

import pytest

pytest.importorskip("pyrobotiqgripper")

from expertgen.emulation.robotiq import EmulatedRobotiq
from expertgen.emulation.robotiq_registers import ACTIVATING, WIDTH, ModelFingers, Registers
from expertgen.robots.faults import RobotFault
from expertgen.robots.robotiq import FAULTS, RobotiqGripper, Travel

PATIENT = 120.0


class Now:
    """The emulated gripper's time, which passes as a test says."""

    time = 0.0

    def __call__(self):
        return self.time


@pytest.fixture(scope="module")
def wire():
    now = Now()
    emulated = EmulatedRobotiq(Registers(ModelFingers(now), now, activated=True), serial=True)
    yield emulated, now
    emulated.close()


@pytest.fixture(scope="module")
def driver(wire):
    gripper = RobotiqGripper(wire[0].url, rate=0, timeout=PATIENT, connect_timeout=PATIENT)
    yield gripper
    gripper.close()


@pytest.fixture
def gripper(wire, driver):
    """Activated, open, with nothing between its fingers."""
    emulated, now = wire
    emulated.registers.fingers.object_width = 0.0
    emulated.registers.write(0, [0, 0, 0])
    emulated.registers.write(0, [0x0900, 0, 0])
    now.time += 10.0
    driver._wanted = None
    return driver


def test_it_goes_to_a_width_and_tells_what_was_really_sent(wire, gripper):
    sent = gripper.send(0.0401)
    assert sent == pytest.approx(0.0401, abs=0.0002)
    assert gripper.observe().moving
    wire[1].time += 0.1
    between = gripper.observe()
    assert between.moving and sent < between.width < WIDTH
    wire[1].time += 2.0
    state = gripper.observe()
    assert (state.moving, state.holds, state.fault) == (False, False, "") and state.width == pytest.approx(sent)


def test_widths_outside_of_its_travel_are_sent_as_its_ends(gripper):
    assert gripper.send(1.0) == pytest.approx(WIDTH)
    assert gripper.send(-1.0) == 0.0
    with pytest.raises(RobotFault, match="a width that is none"):
        gripper.send(float("nan"))


def test_it_holds_what_stops_its_fingers_and_lets_go_of_it(wire, gripper):
    wire[0].registers.fingers.object_width = 0.03
    gripper.send(0.0)
    assert not gripper.observe().holds
    wire[1].time += 2.0
    state = gripper.observe()
    assert state.holds and not state.moving and state.width == pytest.approx(0.03, abs=0.0004)
    gripper.send(WIDTH)
    wire[1].time += 2.0
    assert not gripper.observe().holds and gripper.observe().width == pytest.approx(WIDTH)


def test_it_stays_where_it_is_stopped_until_the_next_target(wire, gripper):
    gripper.send(0.0)
    wire[1].time += 0.1
    gripper.stop()
    width = gripper.observe().width
    wire[1].time += 2.0
    assert gripper.observe().width == width and 0 < width < WIDTH
    gripper.send(0.0)
    wire[1].time += 2.0
    assert gripper.observe().width == 0.0


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_every_fault_is_told_and_nothing_is_sent_until_a_person_recovers(wire, gripper, code):
    wire[0].registers.break_down(code)
    state = gripper.observe()
    assert f"{code:#04x}" in state.fault and FAULTS[code] in state.fault and not state.moving
    with pytest.raises(RobotFault, match="recover it first"):
        gripper.send(0.02)


def test_after_an_emergency_stop_it_is_activated_by_recover_alone(wire, gripper, monkeypatch):
    emulated, now = wire
    gripper.send(0.02)
    emulated.registers.emergency_stop()
    assert "0x05" in gripper.observe().fault
    now.time += 10.0
    assert gripper.observe().fault  # time alone mends nothing
    monkeypatch.setattr(emulated.registers, "_now", time.monotonic)  # activation takes time of its own
    gripper.recover()
    assert gripper.observe().fault == ""
    gripper.send(0.02)


def test_a_fault_that_activation_does_not_mend_is_told(wire, gripper, monkeypatch):
    registers, write = wire[0].registers, wire[0].registers.write
    registers.break_down(5)

    def broken(offset, values):
        write(offset, values)
        registers.break_down(12)

    monkeypatch.setattr(registers, "write", broken)
    monkeypatch.setattr(registers, "_now", time.monotonic)
    with pytest.raises(RobotFault, match=r"(?i)internal fault"):
        gripper.recover()


def test_on_a_serial_line_it_is_read_in_the_background_and_a_cut_cable_is_told_within_the_timeout(wire, gripper):
    emulated = wire[0]
    serial = RobotiqGripper(emulated.serial_port, rate=50.0, timeout=PATIENT, connect_timeout=PATIENT)
    try:
        assert serial.observe().fault == ""
        sent = serial.send(0.05)
        until = time.monotonic() + PATIENT
        while emulated.registers._written[1] != Travel().position(sent) and time.monotonic() < until:
            time.sleep(0.01)
        wire[1].time += 2.0
        while serial.observe().moving and time.monotonic() < until:
            time.sleep(0.01)
        assert serial.observe().width == pytest.approx(sent)
        emulated.muted, serial._timeout = True, 1.0
        time.sleep(1.2)
        with pytest.raises(RobotFault, match=r"has not answered|did not answer|GripperCommunication|Modbus"):
            serial.observe()
    finally:
        emulated.muted = False
        serial.close()


def test_a_gripper_that_is_not_there_is_told_of():
    with pytest.raises(RobotFault, match=r"gripper at tcp://127\.0\.0\.1:9: .*robot_setup"):
        RobotiqGripper("tcp://127.0.0.1:9", connect_timeout=PATIENT)


class TestRegisters:
    def test_activation_takes_its_time_and_starts_at_the_rising_edge(self):
        now = Now()
        registers = Registers(ModelFingers(now), now)
        assert registers.read()[0] == 0
        registers.write(0, [0x0100, 0, 0])
        assert registers.read()[0] >> 12 & 0b11 == 1
        now.time += ACTIVATING
        assert registers.read()[0] >> 12 & 0b11 == 3

    def test_to_go_without_activation_is_a_fault(self):
        now = Now()
        registers = Registers(ModelFingers(now), now)
        registers.write(0, [0x0800, 255, 0])
        assert registers.read()[1] >> 8 == 7

    def test_speed_and_position_are_the_grippers(self):
        now = Now()
        registers = Registers(ModelFingers(now), now, activated=True)
        registers.write(0, [0x0900, 255, 255 << 8])
        now.time += 0.1  # at 150 mm/s
        assert registers.fingers.width() == pytest.approx(WIDTH - 0.015)
        now.time += 10
        status = registers.read()
        assert status[2] >> 8 == 230 and status[0] >> 14 == 3
