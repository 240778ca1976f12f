"""Why a stage did not end well. Which of these a Prefect task may try again is said in `tasks.outcome`."""

from __future__ import annotations

from expertgen.errors import ExpertGenError


class NoProject(ExpertGenError):
    """There is no DVC project where one is needed."""


class BrokenGraph(ExpertGenError):
    """DVC cannot read dvc.yaml."""


class StageFailed(ExpertGenError):
    """The stage's own doing: a gate that says no, an error a person must mend, a defect. Never tried again."""


class InfrastructureFailed(ExpertGenError):
    """The machine's or the network's doing: the same call may succeed a little later."""


class StageIsBusy(ExpertGenError):
    """Another process, not of a flow, uses the stage's files through DVC."""


class WorkerGone(ExpertGenError):
    """The process that serves the flow has ended, so that its work was ended too."""
