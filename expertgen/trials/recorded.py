"""The trials that were recorded for a task, as they lie on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.trials.attempts import Attempt, attempts_of, unscored
from expertgen.trials.layout import EPISODES, LOG, PROTOCOL
from expertgen.trials.log import Entry, read_log
from expertgen.trials.order import Trial, trials_of
from expertgen.trials.protocol import Protocol, read_protocol


@dataclass(frozen=True)
class Recorded:
    """The trials of one protocol: what was asked for, what the log says, and where the records are."""

    folder: Path
    protocol: Protocol
    entries: list[Entry]
    attempts: list[Attempt]
    trials: tuple[Trial, ...]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def head(self) -> str:
        """The SHA-256 of the log's last line, which stands for all of it."""
        return str(self.entries[-1]["sha256"])

    def episode(self, attempt: Attempt) -> Path:
        """The folder of an attempt's record."""
        return self.folder / EPISODES / attempt.name

    @property
    def unscored(self) -> list[Trial]:
        """Trials that have neither a result nor as many invalid attempts as the protocol allows."""
        return unscored(self.trials, self.attempts, self.protocol.terms.invalid.repeats)

    @property
    def ended(self) -> bool:
        """Whether all trials were scored, and the log says so."""
        return self.entries[-1]["event"] == "ended" and not self.unscored


def names_of(folder: Path) -> list[str]:
    """The protocols whose trials lie in `folder`, data/TASK/trials: its folders with a log. Raises MissingInput where
    there are none."""
    names = sorted(path.parent.name for path in folder.glob(f"*/{LOG}"))
    if not names:
        raise MissingInput(
            f"no recorded trials at {folder}. Run some with `expertgen robot trial TASK --protocol FILE`, or fetch "
            "recorded ones with `dvc pull`."
        )
    return names


def read_recorded(folder: Path) -> Recorded:
    """The trials in `folder`, data/TASK/trials/NAME. Raises MissingInput, CorruptArtifact for a log that was edited,
    InvalidParameter for its protocol, IncompatibleArtifact where that is not the one it was begun with."""
    entries, _ = read_log(folder / LOG)
    if not entries:
        raise MissingInput(f"no log of trials at {folder / LOG}. Run them, or fetch them with `dvc pull`.")
    protocol = read_protocol(folder / PROTOCOL, folder.name)
    if entries[0].get("protocol_sha256") != protocol.sha256:
        raise IncompatibleArtifact(
            f"{folder / PROTOCOL} is not the protocol that {LOG} was begun with: SHA-256 {protocol.sha256}, expected "
            f"{entries[0].get('protocol_sha256')}. Restore it."
        )
    return Recorded(folder, protocol, entries, attempts_of(entries), trials_of(protocol))


def require_ended(recorded: Recorded) -> None:
    """Raises IncompatibleArtifact while trials are left: until then nobody shall know which policy is which."""
    if not recorded.ended:
        raise IncompatibleArtifact(
            f"{recorded.folder}: {len(recorded.unscored)} of {len(recorded.trials)} trials are still to be scored, and "
            f"policies stay behind their letters until then. Go on with `expertgen robot trial "
            f"{recorded.protocol.terms.task} --protocol FILE`."
        )
