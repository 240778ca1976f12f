"""The log: appended to, torn, and tampered with."""

from __future__ import annotations

import errno
import json
import os

import pytest

from expertgen.data.write_errors import CannotWrite
from expertgen.errors import CorruptArtifact
from expertgen.trials.log import TrialLog, read_lines, read_log


@pytest.fixture
def log(tmp_path) -> TrialLog:
    log = TrialLog(tmp_path / "name" / "log.jsonl")
    for number in range(4):
        log.append("scored", trial=number, reason="größer")
    return log


def test_what_was_appended_is_read_back_by_whoever_opens_it_next(log):
    again = TrialLog(log.path)
    assert again.entries == log.entries and again.head == log.head and again.torn == ""
    again.append("ended")
    assert [entry["event"] for entry in read_log(log.path)[0]] == ["scored"] * 4 + ["ended"]


def edited(lines: list[str], number: int) -> list[str]:
    return [line.replace('"trial":1', '"trial":9') if index == number else line for index, line in enumerate(lines)]


@pytest.mark.parametrize(
    ("tamper", "at"),
    [
        (lambda lines: edited(lines, 1), 2),
        (lambda lines: [lines[0], *lines[2:]], 2),  # taken out
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),  # swapped
        (lambda lines: lines[1:], 1),  # beheaded
        (lambda lines: [*lines[:2], "{}", *lines[2:]], 3),  # put in
        (lambda lines: [*lines[:3], lines[3].replace("scored", "ended")], 4),  # the last one edited
        (lambda lines: [*lines, lines[3]], 5),  # repeated
        (lambda lines: [lines[0], "scored: 1", *lines[2:]], 2),  # no JSON
        (lambda lines: [lines[0].replace('"trial":0', '"trial":NaN'), *lines[1:]], 1),
    ],
)
def test_whatever_is_changed_is_found_and_its_line_named(log, tamper, at):
    log.path.write_text("\n".join(tamper(log.path.read_text().splitlines())) + "\n")
    with pytest.raises(CorruptArtifact, match=f"line {at}: "):
        TrialLog(log.path)
    problems = [line.number for line in read_lines(log.path)[0] if line.problem]
    assert problems[0] == at


def test_a_line_that_was_rewritten_with_its_own_sum_is_found_at_the_next(log):
    lines = log.path.read_text().splitlines()
    forged = TrialLog(log.path.with_name("forged.jsonl"))
    for entry in log.entries[:1]:
        forged.append("scored", trial=entry["trial"], reason="another")
    log.path.write_text("\n".join([forged.path.read_text().rstrip(), *lines[1:]]) + "\n")
    with pytest.raises(CorruptArtifact, match="line 2: it does not follow"):
        read_log(log.path)


@pytest.mark.parametrize("cut", [1, 30])
def test_a_line_that_a_kill_left_unfinished_is_taken_off_and_kept_aside(log, cut):
    whole = log.path.read_bytes()
    log.append("ended")
    log.path.write_bytes(log.path.read_bytes()[:-cut])
    again = TrialLog(log.path)
    assert len(again.entries) == 4 and again.torn.startswith('{"event":"ended"')
    assert log.path.read_bytes() == whole
    again.append("resumed", torn=again.torn)
    assert TrialLog(log.path).entries[-1]["torn"] == again.torn


def test_a_full_disk_leaves_the_log_as_it_was(log, monkeypatch):
    before, write = log.path.read_bytes(), os.write

    def half(descriptor, data):
        monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        return write(descriptor, data[:10])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(CannotWrite, match=r"log\.jsonl"):
        log.append("ended")
    monkeypatch.undo()
    assert log.path.read_bytes() == before and json.loads(before.splitlines()[-1])["trial"] == 3
    log.append("ended")
    assert read_log(log.path)[0][-1]["event"] == "ended"
