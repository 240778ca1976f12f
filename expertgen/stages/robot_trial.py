"""`expertgen robot trial`: run the trials of a protocol, or go on with them."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from expertgen.data.hashing import content_sha256
from expertgen.data.lock import stage_lock
from expertgen.errors import IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.params import Params
from expertgen.stages.robot_trial_sessions import session_module
from expertgen.trials.operator import FileOperator, Operator, Stopped, TerminalOperator
from expertgen.trials.protocol import Protocol, read_protocol
from expertgen.trials.run import TrialRun, open_log
from expertgen.trials.session import RobotSession
from expertgen.trials.starts import starts_of
from expertgen.workspace import Workspace


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Run what is left of the protocol `args.protocol`, asking a person, or the file `args.answers`.

    Raises MissingInput, InvalidParameter, IncompatibleArtifact for a checkpoint that is not the protocol's, a log that
    was begun with another protocol and a robot that cannot be had, CorruptArtifact for a log that was edited,
    RobotFault, StageBusy, CannotWrite.
    """
    protocol = read_protocol(args.protocol)
    if protocol.terms.task != args.task:
        raise InvalidParameter(f"{args.protocol} is of the task {protocol.terms.task}, not of {args.task}.")
    starts_of(protocol)
    require_checkpoints(protocol, workspace.root)
    module = session_module(protocol.terms.robot)
    if args.check:
        total = protocol.terms.n * len(protocol.terms.policies)
        print(f"{args.protocol}: sound. {total} trials in blocks of one start, checkpoints as stated; nothing was run.")
        return
    try:
        operator: Operator = FileOperator(args.answers) if args.answers else TerminalOperator()
    except Stopped:
        return

    checkpoints = [workspace.root / policy.checkpoint for policy in protocol.terms.policies]

    def open_session() -> RobotSession:
        session: RobotSession = module.open_session(params, workspace, checkpoints)
        return session

    folder = workspace.data("trials") / protocol.name
    with stage_lock(workspace.lock(f"trials_{protocol.name}")):
        trials = TrialRun(protocol, workspace.root, folder, open_log(folder, protocol), operator)
        with closing(open_session()) as session:
            ended = trials.run(session)
    _tell(args.task, folder, trials, ended)


def require_checkpoints(protocol: Protocol, root: Path) -> None:
    """Raises MissingInput for a checkpoint that is not there, IncompatibleArtifact for another than the protocol's."""
    for policy in protocol.terms.policies:
        path = root / policy.checkpoint
        if not path.is_dir():
            raise MissingInput(f"no checkpoint at {path}, which the protocol names. Train it, or `dvc pull` it.")
        found = content_sha256(path)
        if found != policy.sha256:
            raise IncompatibleArtifact(
                f"{path} is not the checkpoint that the protocol was fixed with: SHA-256 {found}, expected "
                f"{policy.sha256}. Restore it, or write a protocol for this one, under another name."
            )


def _tell(task: str, folder: Path, trials: TrialRun, ended: bool) -> None:
    if ended:
        print(f"All trials are scored: {folder}\nThe log's last SHA-256: {trials.log.head}")
        print(f"Next: dvc add {folder}; add {task} to trials.tasks in params.yaml; dvc repro trials@{task}")
    else:
        print(f"Stopped with {trials.left} of {len(trials.trials)} trials left; the same command goes on.")
