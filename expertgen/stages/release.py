"""The expert's episodes as a released dataset: LeRobot v3.0, which is checked as a stranger would check it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expertgen.benchmarks import TASKS
from expertgen.benchmarks.observation import OBSERVATION_NAMES
from expertgen.data.episodes import EpisodeStore
from expertgen.data.json_file import read_json
from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo
from expertgen.data.lerobot.verify import verify_release
from expertgen.data.lerobot.writer import write_release
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import provenance
from expertgen.env import ACTION_NAMES
from expertgen.errors import CorruptArtifact, MissingInput
from expertgen.params import Params, as_dict
from expertgen.stages.artifacts import PROVENANCE, bring_back, keep, put_in_place
from expertgen.stages.evaluate_metrics import definitions
from expertgen.stages.frames import JOINT_COLUMNS
from expertgen.stages.progress import progress
from expertgen.stages.release_verdict import released_without
from expertgen.stages.release_verify import tell
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Write data/TASK/rollouts as the release data/TASK/release, verified before it is put in place.

    With release.episodes `successes` the gate of rollouts says which episodes are left out. Raises MissingInput, also
    for a verdict that is not there, CorruptArtifact for a damaged store or a release that does not read back,
    IncompatibleArtifact for a verdict on other rollouts, StageBusy, CannotWrite.
    """
    target, work = workspace.data("release"), workspace.work("release")
    with stage_lock(workspace.lock("release")):
        store = EpisodeStore.open(workspace.data("rollouts"))
        left_out = released_without(params, task, workspace)
        lineage = _lineage(params, task, workspace, store, left_out)
        bring_back(workspace.kept("release"), target)
        if _is_finished(target, lineage["provenance"]):
            print(f"release: {target} is up to date", file=sys.stderr)
            return
        chosen = _chosen(params, store, left_out)
        shutil.rmtree(work, ignore_errors=True)
        with timed(workspace, "release"):
            report = write_release(work / "finished", _episodes(store, chosen), _info(params, task, lineage, left_out))
            put_in_place(work / "finished", target)
        keep(workspace.kept("release"), target)
        shutil.rmtree(work, ignore_errors=True)
    tell(target, report)


def _chosen(params: Params, store: EpisodeStore, left_out: list[int]) -> list[int]:
    """The episodes to release, by their numbers in the store."""
    wanted = store.read_episodes("healthy")
    if params.release.episodes == "successes":
        wanted = wanted & store.successes(at_end=True)
    wanted[left_out] = False
    if not wanted.any():
        raise MissingInput(
            f"{store.directory} holds no episode to release (release.episodes: {params.release.episodes}); "
            "the expert has to succeed first."
        )
    return [int(index) for index in wanted.nonzero()[0]]


def _episodes(store: EpisodeStore, chosen: list[int]) -> Iterator[ReleaseEpisode]:
    seeds = store.read_episodes("seed")
    with progress("release", len(chosen), "episodes") as bar:
        for index in chosen:
            steps = store.episode(index)
            images = {name.removeprefix("image_"): value for name, value in steps.items() if name.startswith("image_")}
            yield ReleaseEpisode(
                observation=steps["observation"], action=steps["action"],
                joints=steps["observation"][:, JOINT_COLUMNS].copy(), success=steps["success"],
                seed=int(seeds[index]), source={"store": "rollouts", "episode": index}, images=images,
            )  # fmt: skip
            bar.update()


def _info(params: Params, task: str, lineage: dict[str, Any], left_out: list[int]) -> ReleaseInfo:
    return ReleaseInfo(
        task=task, instruction=TASKS[task].instruction, robot_type=params.simulation.robot,
        fps=round(params.simulation.control_hz),
        cameras={camera.name: (camera.width, camera.height) for camera in params.rollouts.cameras},
        license=params.release.license, observation_names=OBSERVATION_NAMES, action_names=ACTION_NAMES,
        success_definition=f"{definitions(params, task)['task']} `next.success` tells it after each action.",
        lineage=lineage,
        made="Episodes of an expert policy in simulation: a diffusion policy learnt from scripted demonstrations, "
        "whose initial noise reinforcement learning steers (ExpertGen). " + _kept(params, len(left_out)),
    )  # fmt: skip


def _kept(params: Params, left_out: int) -> str:
    kept = "succeeded at its end" if params.release.episodes == "successes" else "could be simulated"
    without = f" Left out of the expert's episodes, as they move more abruptly than a robot shall: {left_out}."
    return f"Every episode {kept}.{without if left_out else ''}"


def _lineage(
    params: Params, task: str, workspace: Workspace, store: EpisodeStore, left_out: list[int]
) -> dict[str, Any]:
    """SHA-256 of what the episodes come from, as their makers recorded it, and the provenance of this release."""
    inputs = store.provenance["inputs"]
    prior = read_json(workspace.data("prior") / PROVENANCE)
    if prior is None:
        raise MissingInput(
            f"no prior at {workspace.data('prior')}, which the lineage of the release names. Train it with `expertgen "
            f"prior {task}`, or fetch the released one with `dvc pull prior@{task}`."
        )
    parameters = {"release": as_dict(params.release)} | ({"left_out": left_out} if left_out else {})
    made_from = provenance("release", task, params.seed, parameters, {"rollouts": store.directory},
                           ("av", "pyarrow"))
    return {
        "demos": prior["inputs"]["demos"], "prior": inputs["prior"], "expert": inputs["expert"],
        "rollouts": made_from["inputs"]["rollouts"],
        "provenance": made_from | {"rollouts": store.provenance, "prior": prior},
    }  # fmt: skip


def _is_finished(target: Path, made_from: dict[str, Any]) -> bool:
    if not target.is_dir() or read_json(target / "meta" / "provenance.json") != made_from:
        return False
    try:
        verify_release(target)
    except CorruptArtifact:
        print(f"release: {target} is damaged; writing it again", file=sys.stderr)
        return False
    return True
