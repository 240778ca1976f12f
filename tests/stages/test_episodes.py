"""The table of all episodes, from hand-made stores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from expertgen.data.hashing import file_sha256
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.index.episode_table import START, TABLE, TRAJECTORY, read_episode_table, table_provenance
from expertgen.params import Params, load_params
from expertgen.stages import episodes
from expertgen.workspace import Workspace
from tests.index.made import Motion, lift, write_store

TASK = "lift_banana"
DEMOS = [lift(0.50), lift(0.53), lift(0.50, height=0.0), Motion(*[np.full((4, 3), np.nan)] * 2, np.full(4, 0.04))]


@pytest.fixture
def params() -> Params:
    return load_params(Path(__file__).parents[2] / "params.yaml")


def make(root: Path, params: Params) -> pa.Table:
    workspace = Workspace(root, TASK)
    if not workspace.data("demos").exists():
        broken = Motion(DEMOS[3].tool, lift(steps=4).object, DEMOS[3].finger, healthy=False)
        write_store(workspace.data("demos"), [*DEMOS[:3], broken], first_seed=100)
        write_store(workspace.data("rollouts"), [lift(0.50, 0.02)], first_seed=200)
    episodes.run(params, TASK, workspace)
    return read_episode_table(workspace.data(TABLE), TASK)


def test_one_row_for_each_episode_of_both_stores(tmp_path: Path, params: Params, capsys) -> None:
    rows = make(tmp_path, params).to_pylist()
    assert "4 of demos, 1 of rollouts" in capsys.readouterr().out
    assert [row["id"] for row in rows] == [*(f"demos/00000{i}" for i in range(4)), "rollouts/000000"]
    assert [row["policy"] for row in rows] == ["script"] * 4 + ["expert"]
    assert [row["seed"] for row in rows] == [100, 101, 102, 103, 200]
    assert [row["success_end"] for row in rows] == [True, True, False, False, True]
    assert [row["length"] for row in rows] == [16, 16, 16, 4, 16]
    assert {row["perturbation"] for row in rows} == {"none"} and {row["task"] for row in rows} == {TASK}
    last = [rows[4][name] for name in ("start_x", "start_y", "start_z", "start_yaw")]
    assert last == pytest.approx([0.50, 0.02, 0.017, 0.3], abs=1e-6)


def test_distances_are_those_of_the_motions(tmp_path: Path, params: Params) -> None:
    rows = make(tmp_path, params).to_pylist()
    trajectories, starts = ([row[name] for row in rows] for name in (TRAJECTORY, START))
    assert np.linalg.norm(np.subtract(trajectories[0], trajectories[1])) == pytest.approx(0.03, abs=1e-6)
    assert np.linalg.norm(np.subtract(trajectories[0], trajectories[4])) == pytest.approx(0.02, abs=1e-6)
    assert np.linalg.norm(np.subtract(starts[0], starts[1])) == pytest.approx(0.03, abs=1e-6)
    assert starts[0] == starts[2] and np.linalg.norm(np.subtract(trajectories[0], trajectories[2])) > 0.05


def test_a_failed_simulation_has_a_start_and_no_trajectory(tmp_path: Path, params: Params) -> None:
    row = make(tmp_path, params).to_pylist()[3]
    assert not row["healthy"] and row[TRAJECTORY] is None and row[START] is not None


def test_the_bytes_depend_on_the_stores_and_on_nothing_else(tmp_path: Path, params: Params) -> None:
    made = [make(tmp_path / name, params) for name in ("one", "other", "one")]
    paths = [tmp_path / name / "data" / TASK / TABLE for name in ("one", "other")]
    assert file_sha256(paths[0]) == file_sha256(paths[1])
    assert str(tmp_path).encode() not in paths[0].read_bytes()
    known = table_provenance(made[0])
    assert known == table_provenance(made[1]) == table_provenance(made[2])
    assert set(known["inputs"]) == {"demos", "rollouts"}
    assert known["parameters"] == {"index": {"moments": 32, "yaw_lever": 0.04}}


def test_what_cannot_be_read_is_named_and_an_earlier_table_stays(tmp_path: Path, params: Params) -> None:
    workspace = Workspace(tmp_path, TASK)
    with pytest.raises(MissingInput, match="expertgen demos lift_banana"):
        episodes.run(params, TASK, workspace)
    make(tmp_path, params)
    before = file_sha256(workspace.data(TABLE))
    chunk = next(path for path in workspace.data("rollouts").rglob("c/*") if path.is_file())
    chunk.write_bytes(chunk.read_bytes()[::-1])
    with pytest.raises(CorruptArtifact, match="rollouts"):
        episodes.run(params, TASK, workspace)
    workspace.data("rollouts").rename(tmp_path / "away")
    with pytest.raises(MissingInput, match="expertgen rollouts lift_banana"):
        episodes.run(params, TASK, workspace)
    assert file_sha256(workspace.data(TABLE)) == before


def test_a_store_of_other_arrays_is_refused(demonstrated, untrained) -> None:
    params, workspace = demonstrated
    write_store(workspace.data("rollouts"), [lift()])
    episodes.run(params, TASK, workspace)  # what the demos stage makes is read
    assert read_episode_table(workspace.data(TABLE), TASK).num_rows == params.demos.episodes + 1
    untrained(params, Workspace(workspace.root / "other", TASK))
    workspace.data("rollouts").rename(workspace.root / "away")
    (workspace.root / "other/data" / TASK / "demos").rename(workspace.data("rollouts"))
    with pytest.raises(IncompatibleArtifact, match="rollouts holds data/joints: nothing"):
        episodes.run(params, TASK, workspace)
