"""Running the trials of a protocol, one after the other, whatever stops in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from expertgen.data.atomic import atomic_write_bytes
from expertgen.data.hashing import path_sha256
from expertgen.errors import IncompatibleArtifact
from expertgen.robots.faults import RobotFault
from expertgen.seeds import generator
from expertgen.trials.attempts import BY_PROGRAM, BY_RULE, Attempt, attempts_of, due, folder_name, unscored
from expertgen.trials.layout import EPISODES, LOG, PROTOCOL
from expertgen.trials.log import TrialLog
from expertgen.trials.operator import Operator, Score, Stopped
from expertgen.trials.order import Trial, letters_of, trials_of
from expertgen.trials.protocol import Protocol
from expertgen.trials.record import read_record, write_record
from expertgen.trials.session import RobotSession, TrialOrder
from expertgen.trials.starts import starts_of

INTERRUPTED = "interrupted: the program ended amid the trial"


def open_log(folder: Path, protocol: Protocol) -> TrialLog:
    """The log of `protocol` in `folder`, as far as it goes. Raises CorruptArtifact, and IncompatibleArtifact for a log
    that was begun with another protocol: what was fixed beforehand stays."""
    log = TrialLog(folder / LOG)
    begun = log.entries[0].get("protocol_sha256") if log.entries else protocol.sha256
    if begun != protocol.sha256:
        raise IncompatibleArtifact(
            f"{folder / LOG} was begun with the protocol of SHA-256 {begun}, found {protocol.sha256}. A protocol is "
            f"not changed under way: restore it (a copy is {folder / PROTOCOL}), or give the changed one another name."
        )
    return log


class TrialRun:
    """The trials of one protocol. `root`: the project's folder; `say`: shows a line."""

    def __init__(self, protocol: Protocol, root: Path, folder: Path, log: TrialLog, operator: Operator,
                 say: Callable[[str], None] = print) -> None:  # fmt: skip
        self.protocol, self.root, self.folder, self.log = protocol, root, folder, log
        self.operator, self.say = operator, say
        self.trials, self.starts, self._letters = trials_of(protocol), starts_of(protocol), letters_of(protocol)

    @property
    def left(self) -> int:
        """Trials that are still to be scored."""
        return len(unscored(self.trials, attempts_of(self.log.entries), self.protocol.terms.invalid.repeats))

    def run(self, session: RobotSession) -> bool:
        """Run and score what is left; whether nothing is. Raises RobotFault where the robot cannot even be prepared;
        the same call goes on from there."""
        self._begin(session)
        try:
            self._score_what_ran()
            while (trial := self._due()) is not None:
                self._carry_out(trial, session)
                self._score_what_ran()
        except Stopped:
            return False
        if self.log.entries[-1]["event"] != "ended":
            self.log.append("ended")
        return True

    def _due(self) -> Trial | None:
        return due(self.trials, attempts_of(self.log.entries), self.protocol.terms.invalid.repeats)

    def _begin(self, session: RobotSession) -> None:
        terms, about = self.protocol.terms, {"operator": self.operator.name, "about": dict(session.about)}
        if not self.log.entries:
            atomic_write_bytes(self.folder / PROTOCOL, self.protocol.content)
            self.log.append("begun", protocol_sha256=self.protocol.sha256, task=terms.task, robot=terms.robot,
                            trials=len(self.trials), **about)  # fmt: skip
        elif self.log.entries[-1]["event"] != "ended":
            self.log.append("resumed", protocol_sha256=self.protocol.sha256, torn=self.log.torn, **about)
        attempts = attempts_of(self.log.entries)
        if attempts and attempts[-1].verdict is None and not (attempts[-1].record or attempts[-1].fault):
            self._take_up(attempts[-1])

    def _take_up(self, attempt: Attempt) -> None:
        """An attempt that the log left without an end: its record may be on the disk, whole, or there is none."""
        folder = self.folder / EPISODES / attempt.name
        if folder.is_dir():
            self._ran(attempt.trial, attempt.attempt, path_sha256(folder))
        else:
            self._scored(attempt, Score("invalid", INTERRUPTED, BY_PROGRAM))

    def _carry_out(self, trial: Trial, session: RobotSession) -> None:
        number = 1 + sum(attempt.trial == trial.number for attempt in attempts_of(self.log.entries))
        start, again = self.starts[trial.start], f", attempt {number}" if number > 1 else ""
        title = f"Trial {trial.number} of {len(self.trials)}{again}: policy {trial.letter}, start {trial.start + 1}."
        self.operator.confirm(f"\n{title} The arm goes to its start: keep out of its way.")
        session.prepare(start)
        self.operator.confirm(f"Reset the scene:\n{start.in_words()}\nKeep out of the arm's way; the trial begins now.")
        self.log.append("started", trial=trial.number, attempt=number, letter=trial.letter, start=trial.start)
        terms = self.protocol.terms
        # The same draw for all policies of a block, another for each repetition.
        seed = int(generator("trial", self.protocol.sha256, terms.seed, trial.block, number).integers(2**62))
        checkpoint = self.root / self._letters[trial.letter].checkpoint
        order = TrialOrder(trial.number, number, checkpoint, start, terms.max_seconds, seed)
        try:
            record = session.run(order)
        except RobotFault as fault:
            self.log.append("faulted", trial=trial.number, attempt=number, fault=str(fault))
            return
        folder = self.folder / EPISODES / folder_name(trial.number, number)
        self._ran(trial.number, number, write_record(folder, record))

    def _ran(self, trial: int, attempt: int, sha256: str) -> None:
        record = read_record(self.folder / EPISODES / folder_name(trial, attempt))
        self.log.append("ran", trial=trial, attempt=attempt, record=sha256, seconds=record.seconds, steps=len(record),
                        ended=record.ended, fault=record.fault, decisions=len(record.decisions))  # fmt: skip

    def _score_what_ran(self) -> None:
        """Have the last attempt scored, if it is not: what a fault counts as is for the protocol to say."""
        attempts = attempts_of(self.log.entries)
        if not attempts or attempts[-1].verdict is not None:
            return
        last, terms = attempts[-1], self.protocol.terms
        if last.fault:
            counts_as = terms.invalid.after_fault
            self.say(f"Trial {last.trial}: the robot broke down: {last.fault}. It counts as {counts_as}.")
            self._scored(last, Score(counts_as, f"robot fault: {last.fault}", BY_RULE))
            return
        success = read_record(self.folder / EPISODES / last.name).success
        question = (f"\nTrial {last.trial}, policy {last.letter}, has ended. Success is: {terms.success}\n"
                    f"Invalid is: {terms.invalid.rule}")  # fmt: skip
        measured = None if success is None else bool(success[-1])
        self._scored(last, self.operator.score(question, len(attempts), measured))

    def _scored(self, attempt: Attempt, score: Score) -> None:
        self.log.append("scored", trial=attempt.trial, attempt=attempt.attempt, verdict=score.verdict,
                        reason=score.reason, by=score.by)  # fmt: skip
