"""Where a task's stages read and write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from expertgen.params import COMMITTED_PROFILE


@dataclass(frozen=True)
class Workspace:
    """The folders of one task under `root`.

    Outputs lie in data/TASK and reports/TASK; the committed profile's are those DVC and git keep. Every other
    profile has a tree of its own under runs/PROFILE, so that trying one out never touches what is committed.
    """

    root: Path
    task: str

    @classmethod
    def of_profile(cls, root: Path, task: str, profile: str | None) -> Workspace:
        """The workspace of `task` under the project's `root` for a profile; None is the committed one."""
        if profile is None or profile == COMMITTED_PROFILE:
            return cls(root, task)
        return cls(root / "runs" / profile, task)

    def data(self, name: str) -> Path:
        """The finished artifact `name` (demos, prior, expert): a directory that is complete or absent."""
        return self.root / "data" / self.task / name

    def work(self, stage: str) -> Path:
        """A stage's partial state, from which it resumes; neither git nor DVC keeps it."""
        return self.root / "data" / self.task / ".work" / stage

    def kept(self, stage: str) -> Path:
        """A stage's finished outputs once more, for DVC removes outputs before it calls the stage."""
        return self.root / "data" / self.task / ".work" / "kept" / stage

    def lock(self, stage: str) -> Path:
        """The lock file of a stage's outputs, outside `work`, which the stage may remove when it is done."""
        return self.root / "data" / self.task / ".work" / f"{stage}.lock"

    @property
    def reports(self) -> Path:
        """Measurements, figures, texts and videos."""
        return self.root / "reports" / self.task

    def gate(self, stage: str) -> Path:
        """Where the gate of a stage's outputs reports: gate.json, gate.md, passed.json."""
        return self.root / "reports" / stage / self.task

    @property
    def page(self) -> Path:
        """The page that shows all reports, without need of anything else."""
        return self.reports / "index.html"

    @property
    def table(self) -> Path:
        """The short table of policies that `evaluate` writes and `run` prints."""
        return self.reports / "table.md"
