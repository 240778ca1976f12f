"""What is tried again and what is not."""

from __future__ import annotations

import errno

import pytest

from tasks.errors import InfrastructureFailed, StageFailed, StageIsBusy, WorkerGone
from tasks.outcome import judge


def of_command(status: int) -> dict:
    """As DVC reports a stage whose command ended with `status`."""
    message = f"failed to run: python -m expertgen demos ladle, exited with {status}"
    causes = [
        {"types": ["ReproductionError"], "message": "failed to reproduce 'demos@ladle'", "errno": None},
        {"types": ["StageCmdFailedError", "DvcException"], "message": message, "errno": None},
    ]
    return {"ended": "command", "status": 255, "causes": causes}


def of_dvc(*types: str, number: int | None = None) -> dict:
    return {"ended": "command", "status": 255, "causes": [{"types": list(types), "message": "m", "errno": number}]}


def test_a_stage_that_ended_well() -> None:
    judge("demos@ladle", {"ended": "command", "status": 0, "causes": []})


@pytest.mark.parametrize("status", [1, 2, 126, 127, -2, 130])
def test_the_sciences_own_failures_are_final(status: int) -> None:
    with pytest.raises(StageFailed, match="demos@ladle"):
        judge("demos@ladle", of_command(status))


@pytest.mark.parametrize(("status", "name"), [(-9, "SIGKILL"), (137, "SIGKILL"), (-15, "SIGTERM"), (-11, "SIGSEGV")])
def test_a_killed_stage_is_infrastructure(status: int, name: str) -> None:
    with pytest.raises(InfrastructureFailed, match=name):
        judge("demos@ladle", of_command(status))


def test_a_stage_may_ask_to_be_tried_again() -> None:
    with pytest.raises(InfrastructureFailed, match="asks to be tried again"):
        judge("demos@ladle", of_command(75))


def test_a_stage_that_prints_what_dvc_says_changes_nothing() -> None:
    report = of_command(2)
    report["causes"][1]["message"] = "failed to run: echo exited with -9, exited with 2"
    with pytest.raises(StageFailed):
        judge("demos@ladle", report)


@pytest.mark.parametrize("report", [{}, {"ended": "command", "status": -9}, {"ended": "signal", "status": -15}])
def test_a_killed_dvc_or_guardian_is_infrastructure(report: dict) -> None:
    with pytest.raises(InfrastructureFailed):
        judge("demos@ladle", report)


@pytest.mark.parametrize(
    "report",
    [
        of_dvc("UploadError", "FileTransferError", "DvcException"),
        of_dvc("ConnectionRefusedError", "ConnectionError", "OSError", number=errno.ECONNREFUSED),
        of_dvc("EndpointConnectionError", "ConnectionError", "BotoCoreError"),
        of_dvc("OSError", number=errno.EIO),
        of_dvc("MemoryError"),
    ],
)
def test_a_remote_that_does_not_answer_is_infrastructure(report: dict) -> None:
    with pytest.raises(InfrastructureFailed):
        judge("push of demos@ladle", report)


@pytest.mark.parametrize(
    "report",
    [
        of_dvc("OSError", number=errno.ENOSPC),
        of_dvc("PermissionError", "OSError", number=errno.EACCES),
        of_dvc("NoRemoteError", "RemoteConfigError", "ConfigError", "DvcException"),
        of_dvc("MissingDataSource", "DvcException"),
        {"ended": "command", "status": 1},
    ],
)
def test_what_a_person_must_mend_is_final(report: dict) -> None:
    with pytest.raises(StageFailed):
        judge("demos@ladle", report)


def test_a_lock_is_waited_for() -> None:
    with pytest.raises(StageIsBusy):
        judge("demos@ladle", of_dvc("LockError", "DvcException"))


def test_work_does_not_go_on_without_its_worker() -> None:
    with pytest.raises(WorkerGone):
        judge("demos@ladle", of_command(-9) | {"ended": "worker"})
