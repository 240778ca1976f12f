"""`expertgen robot export`: recorded trials as a LeRobot v3.0 dataset, by the writer of releases."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.benchmarks import TASKS
from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo
from expertgen.data.lerobot.writer import write_release
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint, provenance
from expertgen.env import ACTION_NAMES
from expertgen.errors import InvalidParameter, MissingInput
from expertgen.params import Params
from expertgen.stages.release_verify import tell
from expertgen.stages.rerender_colours import storable
from expertgen.trials.attempts import Attempt
from expertgen.trials.order import letters_of
from expertgen.trials.record import TrialRecord, read_record
from expertgen.trials.recorded import Recorded, read_recorded, require_ended
from expertgen.trials.starts import starts_of
from expertgen.workspace import Workspace

PROPRIOCEPTION_NAMES = (
    *(f"joint_{number}" for number in range(1, 8)), *ACTION_NAMES[:9], "gripper_width",
)  # fmt: skip
_JOINTS = slice(0, 7)


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Write the trials of data/TASK/trials/NAME that count, success or failure, as the release `args.target`.

    Raises MissingInput, CorruptArtifact, IncompatibleArtifact while trials are left, InvalidParameter for a target that
    holds anything, StageBusy, CannotWrite.
    """
    target: Path = args.target
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise InvalidParameter(f"TARGET: {target} is there and not an empty folder. Nothing is replaced: give another.")
    recorded = read_recorded(workspace.data("trials") / args.name)
    require_ended(recorded)
    counted = [attempt for attempt in recorded.attempts if attempt.counts and attempt.record]
    if not counted:
        raise MissingInput(f"{recorded.folder} holds no trial that counts and has a record.")
    first = read_record(recorded.episode(counted[0]))
    name = f"robot-export-{fingerprint({'target': str(target.resolve())})[:12]}"
    with stage_lock(workspace.lock(name)):
        report = write_release(target, _episodes(recorded, counted), _info(params, recorded, counted, first))
    tell(target, report)


def _episodes(recorded: Recorded, counted: list[Attempt]) -> Iterator[ReleaseEpisode]:
    starts, letters = starts_of(recorded.protocol), letters_of(recorded.protocol)
    for attempt in counted:
        record = read_record(recorded.episode(attempt))
        # A person scores the whole trial, so success is told with its last step.
        success = np.zeros(len(record), dtype=bool)
        success[-1] = attempt.verdict == "success"
        yield ReleaseEpisode(
            observation=record.proprioception, action=record.sent,
            joints=np.ascontiguousarray(record.proprioception[:, _JOINTS]), success=success,
            seed=starts[attempt.start].seed,
            images={name: storable(_even(film)) for name, film in record.frames.items()},
            source={"store": f"trials/{recorded.name}", "episode": attempt.trial, "attempt": attempt.attempt,
                    "policy": letters[attempt.letter].name, "start": attempt.start + 1, "score": attempt.verdict,
                    "reason": attempt.reason, "scored_by": attempt.by},
        )  # fmt: skip


def _even(film: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) without a last odd row or column, which the format of videos cannot hold."""
    height, width = (side - side % 2 for side in film.shape[1:3])
    return film[:, :height, :width]


def _info(params: Params, recorded: Recorded, counted: list[Attempt], first: TrialRecord) -> ReleaseInfo:
    terms, about = recorded.protocol.terms, recorded.entries[0]["about"]
    inputs: dict[str, Any] = {"trials": recorded.folder}
    made_from = provenance("robot_export", terms.task, params.seed, {"protocol": recorded.protocol.sha256}, inputs,
                           ("av", "pyarrow"))  # fmt: skip
    policies = {f"policy_{index}": policy.sha256 for index, policy in enumerate(terms.policies, start=1)}
    where = {"simulation": "in simulation", "emulation": "on an emulated robot, not on hardware",
             "hardware": "on a real robot"}[terms.robot]  # fmt: skip
    return ReleaseInfo(
        task=terms.task, instruction=TASKS[terms.task].instruction, robot_type=str(about["robot"]),
        fps=round(first.control_hz),
        cameras={name: (film.shape[2], film.shape[1]) for name, film in
                 ((name, _even(film)) for name, film in first.frames.items())},
        license=params.release.license, observation_names=PROPRIOCEPTION_NAMES, action_names=ACTION_NAMES,
        success_definition=f"{terms.success} Scored once for each trial: `next.success` is true at its last step.",
        lineage={"trials": made_from["inputs"]["trials"], "protocol": recorded.protocol.sha256, **policies,
                 "provenance": made_from},
        made=f"Trials of visuomotor policies {where}, by a protocol fixed beforehand: {len(counted)} that count, "
        f"successes and failures, of {', '.join(policy.name for policy in terms.policies)}; `source` says which, and "
        "how it was scored. The action is what was really sent to the arm. Timestamps are whole control periods; times "
        "as they were measured lie in the recorded trials.",
    )  # fmt: skip
