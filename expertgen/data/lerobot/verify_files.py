"""Checks of a release: its files are those that were written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from expertgen.data.hashing import file_names, file_sha256
from expertgen.data.lerobot.layout import NOT_OURS, SUMS
from expertgen.data.lerobot.problems import reading

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def own_files(root: Path) -> list[str]:
    """Relative paths of the files in `root`, sorted, without what the Hub and git add."""
    return [name for name in file_names(root) if not name.startswith(NOT_OURS)]


def sum_problems(root: Path) -> Iterator[str]:
    """Files that are missing, not listed in SHA256SUMS or different from it."""
    if not (root / SUMS).is_file():
        yield f"{SUMS} is missing: no release, or one that was never finished"
        return
    listed: dict[str, str] = {}
    with reading(SUMS):
        for line in (root / SUMS).read_text(encoding="utf-8").splitlines():
            match = _LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"a line reads {line[:80]!r}")
            listed[match[2]] = match[1]
    found = set(own_files(root)) - {SUMS}
    for name in sorted(listed.keys() | found):
        if name not in found:
            yield f"{name} is missing"
        elif name not in listed:
            yield f"{name} is not part of the release: {SUMS} does not list it"
        else:
            with reading(name):
                actual = file_sha256(root / name)
            if actual != listed[name]:
                yield f"{name} is damaged: its SHA-256 is {actual[:12]}..., expected {listed[name][:12]}... by {SUMS}"
