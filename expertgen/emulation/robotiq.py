"""The registers of a Robotiq 2F-85, served by Modbus RTU over TCP, and over a pseudo-terminal as on a serial line."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import socket
import threading
import tty
from typing import Any

from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from expertgen.emulation.robotiq_registers import Registers

NUMBER, OUTPUTS, INPUTS = 9, 1000, 2000


class EmulatedRobotiq:
    """Serves `registers` from construction to `close`. `url` and `serial_port` are what a driver connects to.

    muted: it answers nothing, as with a cut cable.
    """

    def __init__(self, registers: Registers, port: int = 0, serial: bool = False) -> None:
        self.registers, self.muted = registers, False
        self._port, self._loop, self._ready = port or _free_port(), asyncio.new_event_loop(), threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        self.url = f"tcp://127.0.0.1:{self._port}"
        self._bridge = _Bridge(self._port) if serial else None

    @property
    def serial_port(self) -> str:
        """The device file of the pseudo-terminal; only with `serial`."""
        assert self._bridge is not None
        return self._bridge.name

    def close(self) -> None:
        if self._bridge is not None:
            self._bridge.close()
        asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(5.0)
        self._thread.join(5.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        data = [SimData(at, count=3, values=0, datatype=DataType.REGISTERS) for at in (OUTPUTS, INPUTS)]
        device = SimDevice(NUMBER, simdata=data, action=self._accessed)
        try:
            self._server = ModbusTcpServer(device, framer=FramerType.RTU, address=("127.0.0.1", self._port),
                                           trace_packet=self._packet)  # fmt: skip
            await self._server.serve_forever(background=True)
        except BaseException as error:
            self._failure = error
            self._ready.set()
            return
        self._ready.set()
        await self._server.serving

    async def _accessed(
        self, function: int, start: int, address: int, count: int, memory: list[int], values: list | None
    ) -> None:
        if values is not None:
            if address < INPUTS:
                self.registers.write(address - OUTPUTS, [int(value) for value in values])
        elif address >= INPUTS:
            memory[INPUTS - start : INPUTS - start + 3] = self.registers.read()

    def _packet(self, sending: bool, data: bytes) -> bytes:
        return b"" if self.muted else data


class _Bridge:
    """A pseudo-terminal whose bytes go to the server and back, as a gateway's do."""

    def __init__(self, port: int) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.name = os.ttyname(self._slave)
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._stopping, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.write(self._stop, b"x")
        self._thread.join(5.0)
        self._socket.close()
        for descriptor in (self._master, self._slave, self._stopping, self._stop):
            os.close(descriptor)

    def _pump(self) -> None:
        while True:
            ways: list[Any] = [self._master, self._socket, self._stopping]
            readable, _, _ = select.select(ways, [], [])
            if self._stopping in readable:
                return
            if self._master in readable:
                self._socket.sendall(os.read(self._master, 1024))
            if self._socket in readable:
                data = self._socket.recv(1024)
                if not data:
                    return
                os.write(self._master, data)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
