"""What franky-sim's servers keep to themselves, and the loop that serves several of them needs: their sockets."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from franky_sim.franka_server import FrankaServer


def _own(server: FrankaServer, name: str) -> Any:
    return getattr(server, f"_FrankaServer__{name}")  # of the version that pyproject.toml pins


def sockets(server: FrankaServer, free: bool) -> list[socket.socket]:
    """Those of `server` on which something may come; another client only while the one it has leaves it `free`."""
    names = ["tcp_socket", "udp_socket"] if server.tcp_connected else []
    if free or not names:
        names.append("server_socket")
    return [one for one in (_own(server, name) for name in names) if one is not None]


def serve(server: FrankaServer, ready: list[socket.socket]) -> None:
    """Take in what has come on those that are `ready`. Who connects takes the place of who was connected: a client
    that died without a word must not keep its successor waiting."""
    if server.tcp_connected and _own(server, "server_socket") in ready:
        server.reset_state()
    server.process_commands()


def send_packet(server: FrankaServer, packet: bytes) -> None:
    """To the client by UDP, if there is one."""
    udp = _own(server, "udp_socket")
    if udp is not None:
        with contextlib.suppress(OSError):  # it has gone: TCP will tell
            udp.sendto(packet, (_own(server, "client_address"), _own(server, "client_udp_port")))
