"""A session for tests of connect.Client, in a process of its own."""

import os
import time

from expertgen.robots.faults import RobotFault


class Session:
    def __init__(self, wait: float = 0.0) -> None:
        time.sleep(wait)

    def add(self, one: int, other: int) -> int:
        return one + other

    def hang(self, seconds: float) -> str:
        time.sleep(seconds)
        return "late"

    def fail(self, how: str) -> None:
        if how == "die":
            os._exit(3)
        raise RobotFault("it hurts.") if how == "fault" else ValueError("a defect")

    def close(self) -> None: ...
