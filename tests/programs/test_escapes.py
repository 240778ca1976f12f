"""None of the attempts in escapes.txt gets out of the container, and each ends in a verdict on that program."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from expertgen.programs.verdict import Verdict
from tests.programs.scene import body, verdict_of

_ATTEMPT = re.compile(r"^###(!?) (\S+) (.+)\n((?:(?!###).*\n)*)", re.MULTILINE)


class Attempt(NamedTuple):
    whole: str
    expected: str
    name: str
    text: str

    def source(self, victim: Path, listener: int) -> str:
        text = self.text.replace("VICTIM", str(victim)).replace("LISTENER", f"('127.0.0.1', {listener})")
        return text if self.whole else body(*text.splitlines())


ATTEMPTS = [Attempt(*found) for found in _ATTEMPT.findall((Path(__file__).parent / "escapes.txt").read_text("utf-8"))]


class Outcome(NamedTuple):
    verdicts: dict[str, Verdict]
    folder: list[str]
    connections: int
    children: set[str]


def _children() -> set[str]:
    found: set[str] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        found |= set(path.read_text().split())
    return found


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """All attempts made, and what they left: files, connections, processes."""
    folder, before, connections = tmp_path_factory.mktemp("victim"), _children(), []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    connections.append(server.accept())
                except TimeoutError:
                    continue

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            port = server.getsockname()[1]
            with ThreadPoolExecutor(4) as pool:
                sources = [attempt.source(folder / "touched", port) for attempt in ATTEMPTS]
                verdicts = dict(zip((a.name for a in ATTEMPTS), pool.map(verdict_of, sources), strict=True))
        finally:
            stop.set()
            listener.join()
    yield Outcome(verdicts, [path.name for path in folder.iterdir()], len(connections), _children() - before)


def test_there_are_enough_attempts_each_of_its_own_name() -> None:
    assert len({attempt.name for attempt in ATTEMPTS}) == len(ATTEMPTS) >= 150


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name.replace(" ", "-"))
def test_the_attempt_ends_in_its_verdict(outcome: Outcome, attempt: Attempt) -> None:
    verdict = outcome.verdicts[attempt.name]
    assert verdict.kind in attempt.expected.split("|"), str(verdict)
    assert verdict.ok or (verdict.message and len(verdict.message) < 1200)


def test_nothing_is_left_of_them(outcome: Outcome) -> None:
    assert (outcome.folder, outcome.connections, outcome.children) == ([], 0, set())
