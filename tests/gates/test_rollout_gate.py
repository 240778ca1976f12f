"""The gate of rollouts: what it asks beyond that of demonstrations, on real episodes with rendered frames."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from expertgen.gates.verdict import GateFailed
from expertgen.make_env import make_env
from expertgen.params import Params
from expertgen.rollout import Episodes
from expertgen.stages import gate
from expertgen.stages.gate_episodes import rollouts_parts
from expertgen.stages.release_verdict import released_without
from expertgen.workspace import Workspace
from tests.gates.recorded import FRAMES, TASK, Recorded, broken, run_script

CAMERAS = ("front", "side")


@pytest.fixture(scope="session")
def short(params: Params) -> Params:
    """`params` with episodes of half the length, for drawing takes time."""
    return dataclasses.replace(params, simulation=dataclasses.replace(params.simulation, episode_steps=32))


@pytest.fixture(scope="session")
def _rolled_out(short: Params) -> Recorded:
    episodes = run_script(short, np.array([3_500_000, 3_500_001]))
    store = Recorded.of(episodes)
    store.steps["objects"] = episodes.objects.astype(np.float32)
    frames = np.stack([list(frames_of(episodes, row, short)) for row in range(2)])
    return dataclasses.replace(
        store, steps=store.steps | {f"image_{camera}": frames[:, :, i] for i, camera in enumerate(CAMERAS)}
    )


def frames_of(episodes: Episodes, row: int, params: Params) -> Iterator[np.ndarray]:
    """(cameras, 24, 32, 3) before each action."""
    simulator = make_env(TASK, params.simulation, 1, 1).simulator
    objects = np.concatenate([episodes.start_objects[row][None], episodes.objects[row, :-1]])
    for seen, poses in zip(episodes.observation[row].astype(np.float64), objects, strict=True):
        simulator.reset(np.zeros(1, dtype=np.int64), seen[None, 16:23], seen[None, 23:25], poses[None])
        yield np.stack([simulator.render(0, camera, 32, 24) for camera in CAMERAS])
    simulator.close()


@pytest.fixture
def rolled_out(_rolled_out: Recorded) -> Recorded:
    """Two episodes of the script as the rollouts stage writes the expert's, to be spoilt."""
    return _rolled_out.copy()


def test_real_episodes_pass(rolled_out: Recorded, short: Params, tmp_path: Path) -> None:
    assert broken(rollouts_parts(short, TASK, rolled_out.write(tmp_path / "rollouts"))) == {}


def test_what_just_keeps_to_every_limit_passes(rolled_out: Recorded, short: Params, tmp_path: Path) -> None:
    spoil_frames(rolled_out, 0.95)
    assert broken(rollouts_parts(short, TASK, rolled_out.write(tmp_path / "rollouts"))) == {}


def test_each_fault_breaks_its_own_expectation(rolled_out: Recorded, short: Params, tmp_path: Path) -> None:
    spoil_frames(rolled_out, 1.05)
    success, flags = rolled_out.steps["success"], rolled_out.episodes
    success[1, -1] ^= True  # nothing but the final state contradicts it
    flags["success_any"][1], flags["success_end"][1] = success[1].any(), success[1, -1]
    flags["seed"][:] = [1_000_003, 2_000_000]
    assert broken(rollouts_parts(short, TASK, rolled_out.write(tmp_path / "rollouts"))) == {
        "no black frame, camera front": [0],
        "no empty frame, camera front": [1],
        "frames change while the arm moves, camera side": [0],
        "success as recomputed from the states": [1],
        "seeds are not those of another use": [0, 1],
    }


def test_a_few_abrupt_episodes_pass_but_are_named_for_the_release_to_leave_out(
    rolled_out: Recorded, short: Params, tmp_path: Path, capsys
) -> None:
    workspace = Workspace(tmp_path, TASK)
    rolled_out.steps["action"][1, 20, 0] += 0.2
    rolled_out.write(workspace.data("rollouts"))
    with pytest.raises(GateFailed, match=r"few abrupt episodes.*gates\.rollouts\.abrupt.*at fault: 1 \(seed 3500001\)"):
        gate.run("rollouts", short, TASK, workspace)
    some = dataclasses.replace(short.gates.rollouts, abrupt=0.5)
    tolerant = dataclasses.replace(short, gates=dataclasses.replace(short.gates, rollouts=some))
    gate.run("rollouts", tolerant, TASK, workspace)
    assert "warning: no jump of commanded positions" in capsys.readouterr().out
    assert json.loads((workspace.gate("rollouts") / "passed.json").read_text())["left_out"] == [1]
    assert released_without(tolerant, TASK, workspace) == [1]


def spoil_frames(store: Recorded, by: float) -> None:
    """A dark frame, a plain one, and some that stand still, `by` times as much as is allowed."""
    front, side = store.steps["image_front"], store.steps["image_side"]
    lit = round(FRAMES["brightness"] / by / 255 * front[0, 0].size)
    front[0, 9] = 0
    front[0, 9].reshape(-1)[:lit] = 255
    half = round(FRAMES["contrast"] - (by - 1) * 20)  # grey values to either side, so that it is the deviation
    front[1, 9] = 128 - half
    front[1, 9, ::2] = 128 + half
    joints = store.steps["observation"][0, :, 16:23]
    travel = np.abs(np.diff(joints, axis=0)).max(-1)
    allowed = [step for step in range(len(travel)) if (travel[step] > FRAMES["frozen_travel"]) == (by > 1)]
    side[0, allowed[0] + 1] = side[0, allowed[0]]


def test_black_frames_and_a_store_without_images(rolled_out: Recorded, short: Params, tmp_path: Path) -> None:
    rolled_out.steps["image_side"][1] = 0
    found = broken(rollouts_parts(short, TASK, rolled_out.write(tmp_path / "black")))
    assert found == {f"{fault}, camera side": [1] for fault in (
        "no black frame", "no empty frame", "frames change while the arm moves"
    )}
    for camera in CAMERAS:
        del rolled_out.steps[f"image_{camera}"]
    found = broken(rollouts_parts(short, TASK, rolled_out.write(tmp_path / "blind")))
    assert found == {"images of at least one camera": [0, 1]}
