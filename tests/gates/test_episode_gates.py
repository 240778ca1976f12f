"""The gate of demonstrations, on a store of real episodes that are spoilt one thing at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from expertgen.gates.verdict import Part
from expertgen.geometry import rotation_z
from expertgen.params import Params
from expertgen.scenes import panda_model as panda
from expertgen.stages.gate_episodes import demos_parts
from tests.gates.recorded import COUNT, GATES, LIMITS, TASK, Recorded, broken, run_script

LAST = 60  # a control step at which the script only holds its last pose
Spoil = Callable[[Recorded, int, float], None]


def duplicate(store: Recorded, episode: int, by: float) -> None:
    for arrays in (store.steps, store.episodes):
        for name, array in arrays.items():
            if by > 1 and name != "seed":
                array[COUNT - 1] = array[episode]


def not_finite(store: Recorded, episode: int, by: float) -> None:
    if by > 1:
        store.steps["action"][episode, 5, 2] = np.nan


def action_rotation(store: Recorded, episode: int, by: float) -> None:
    store.steps["action"][episode, 7, 3:6] *= np.sqrt(1 + by * LIMITS["rotation_error"])


def tool_rotation(store: Recorded, episode: int, by: float) -> None:
    store.steps["observation"][episode, 7, [0, 4, 8]] *= np.sqrt(1 + by * LIMITS["rotation_error"])


def object_rotation(store: Recorded, episode: int, by: float) -> None:
    store.steps["observation"][episode, 7, 31:34] *= np.sqrt(1 + by * LIMITS["rotation_error"])


def beyond_a_joint_limit(store: Recorded, episode: int, by: float) -> None:
    joint, observed = store.steps["joints"][episode, :, 5], store.steps["observation"][episode, :, 21]
    shift = panda.JOINT_UPPER[5] - (2 - by) * LIMITS["joint_margin"] - max(joint.max(), observed.max())
    joint += shift
    observed += shift


def too_fast(store: Recorded, episode: int, by: float) -> None:
    joint, observed = store.steps["joints"][episode, :, 6], store.steps["observation"][episode, :, 22]
    moved = by * LIMITS["joint_speed"] * panda.VELOCITY_LIMIT[6] / 10 - (joint[LAST] - joint[LAST - 1])
    joint[LAST:] += moved
    observed[LAST + 1 :] += moved


def position_jump(store: Recorded, episode: int, by: float) -> None:
    store.steps["action"][episode, LAST:, 1] += by * LIMITS["position_jump"]


def rotation_jump(store: Recorded, episode: int, by: float) -> None:
    columns = store.steps["action"][episode, LAST:, 3:9].reshape(-1, 2, 3)
    turn = rotation_z(np.array(by * LIMITS["rotation_jump"]))
    store.steps["action"][episode, LAST:, 3:9] = (columns @ turn.T).reshape(-1, 6)


def gripper_between(store: Recorded, episode: int, by: float) -> None:
    store.steps["action"][episode, LAST, 9] = 0.3 if by > 1 else 1 - by * LIMITS["gripper_error"]


def outside_the_workspace(store: Recorded, episode: int, by: float) -> None:
    commanded, tool = store.steps["action"][episode, :, 1], store.steps["observation"][episode, :, 7]
    shift = 0.5 + by * LIMITS["outside_workspace"] - commanded.max()
    commanded += shift
    tool += shift


def truncated(store: Recorded, episode: int, by: float) -> None:
    store.lengths[episode] -= by > 1


def success_where_none_is(store: Recorded, episode: int, by: float) -> None:
    if by > 1:
        store.steps["success"][episode, 3] = store.episodes["success_any"][episode] = True


def flag_flipped(store: Recorded, episode: int, by: float) -> None:
    store.episodes["success_end"][episode] ^= by > 1


def out_of_step(store: Recorded, episode: int, by: float) -> None:
    store.steps["joints"][episode, 20, 0] += 2e-5 if by > 1 else 5e-6


def seed_of_the_evaluation(store: Recorded, episode: int, by: float) -> None:
    if by > 1:
        store.episodes["seed"][episode] = 20000


def seed_again(store: Recorded, episode: int, by: float) -> None:
    if by > 1:
        store.episodes["seed"][episode] = store.episodes["seed"][1]


def failed_simulation(store: Recorded, episode: int, by: float) -> None:
    """One of twenty is as many as may be. Its numbers are nobody's concern."""
    for spoilt in (episode, episode + 1)[: 1 + (by > 1)]:
        store.steps["observation"][spoilt, 30:] = np.nan
        store.steps["success"][spoilt] = False
        for name in ("healthy", "success_any", "success_end"):
            store.episodes[name][spoilt] = False


# The n-th spoils episode n and breaks that expectation, which then names those episodes.
SPOILT: list[tuple[Spoil, str, list[int]]] = [
    (duplicate, "no two episodes alike", [0, COUNT - 1]),
    (not_finite, "finite values", [1]),
    (action_rotation, "orthonormal rotations of actions", [2]),
    (tool_rotation, "orthonormal rotations of the tool", [3]),
    (object_rotation, "orthonormal rotations of objects", [4]),
    (beyond_a_joint_limit, "joints within their limits", [5]),
    (too_fast, "joint speeds within their limits", [6]),
    (position_jump, "no jump of commanded positions", [7]),
    (rotation_jump, "no jump of commanded rotations", [8]),
    (gripper_between, "gripper commands are -1 or 1", [9]),
    (outside_the_workspace, "actions within the workspace", [10]),
    (truncated, "whole length", [11]),
    (success_where_none_is, "success as recomputed from the states", [12]),
    (flag_flipped, "success flags as their steps say", [13]),
    (out_of_step, "each state follows from the step before", [14]),
    (seed_of_the_evaluation, "seeds are those of demonstrations, which no other use shares", [15]),
    (seed_again, "no two episodes from one seed", [1, 16]),
    (failed_simulation, "few failed simulations", [17, 18]),
]


def spoilt(store: Recorded, by: float) -> Recorded:
    """The store, `by` times as far as each limit allows; 1.01 breaks each, 0.99 none."""
    for episode, (spoil, _, _) in enumerate(SPOILT):
        spoil(store, episode, by)
    return store


def test_what_just_keeps_to_every_limit_passes(demonstrated: Recorded, params: Params, tmp_path: Path) -> None:
    assert broken(demos_parts(params, TASK, spoilt(demonstrated, 0.99).write(tmp_path / "demos"))) == {}


def test_each_fault_breaks_its_own_expectation_and_names_its_episode(
    demonstrated: Recorded, params: Params, tmp_path: Path
) -> None:
    found = broken(demos_parts(params, TASK, spoilt(demonstrated, 1.01).write(tmp_path / "demos")))
    assert found == {name: episodes for _, name, episodes in SPOILT}


def test_shares_and_counts(demonstrated: Recorded, params: Params, tmp_path: Path) -> None:
    demonstrated.write(tmp_path / "demos")
    failures = np.flatnonzero(~demonstrated.episodes["success_end"]).tolist()
    share = 1 - len(failures) / COUNT
    assert broken(limited(params, tmp_path, success=share, episodes=COUNT)) == {}
    assert broken(limited(params, tmp_path, success=share + 1e-6, episodes=COUNT + 1)) == {
        "enough episodes": [], "enough successes at the end": failures,
    }


def limited(params: Params, folder: Path, **limits: float) -> list[Part]:
    gates = dataclasses.replace(GATES, demos=dataclasses.replace(GATES.demos, **limits))
    parts = demos_parts(dataclasses.replace(params, gates=gates), TASK, folder / "demos")
    return [dataclasses.replace(part, expectations=part.expectations[:5]) for part in parts]


def test_arrays_of_another_shape_are_told_and_nothing_else_passes_as_measured(
    demonstrated: Recorded, params: Params, tmp_path: Path
) -> None:
    demonstrated.steps["action"] = demonstrated.steps["action"][..., :9]
    parts = demos_parts(params, TASK, demonstrated.write(tmp_path / "demos"))
    assert set(parts[0].table["arrays"]) == {"data/action: float32 (9,) instead of float32 (10,)"}
    found = broken(parts)
    assert found["arrays have their types and shapes"] == list(range(COUNT))
    kept = {outcome.name for outcome in parts[0].expectations} - set(found)
    assert kept == {"enough episodes", "no two episodes from one seed"}


def test_success_of_an_articulated_object_is_recomputed_from_what_was_observed(params: Params, tmp_path: Path) -> None:
    store = Recorded.of(run_script(params, np.arange(1_000_000, 1_000_000 + COUNT), "open_drawer"))
    assert 0 < store.steps["success"].any(1).sum() < COUNT
    assert broken(demos_parts(params, "open_drawer", store.write(tmp_path / "sound"))) == {}
    episode = int(store.steps["success"].any(1).argmax())
    store.steps["success"][episode, -4] ^= True
    found = broken(demos_parts(params, "open_drawer", store.write(tmp_path / "spoilt")))
    assert found == {"success as recomputed from the states": [episode]}
