"""Exports of a release: what comes back, equal bytes, faults, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest

from expertgen import cli
from expertgen.benchmarks.observation import OBSERVATION_NAMES
from expertgen.data.export.formats import FORMATS
from expertgen.data.export.parts import columns, slices
from expertgen.data.export.robomimic_layout import validation
from expertgen.data.export.source import ReleaseSource
from expertgen.data.hashing import tree_sha256
from expertgen.data.lerobot.pictures import rgb
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.data.lerobot.writer import write_release
from expertgen.env import ACTION_NAMES
from expertgen.errors import CorruptArtifact, InvalidParameter, MissingInput
from expertgen.stages import export_command, export_release
from expertgen.workspace import Workspace
from tests.data.export_faults import DATA, FAULTS, Fault, inject
from tests.data.export_robomimic_faults import ROBOMIMIC_FAULTS
from tests.data.lerobot.samples import CAMERAS, FPS, INFO, LENGTHS, episodes

ROOT = Path(__file__).parents[2]
EVERY = [("lerobot-v2.1", name, fault) for name, fault in FAULTS.items()]
EVERY += [("robomimic", name, fault) for name, fault in ROBOMIMIC_FAULTS.items()]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with a release of three episodes. Not to be changed."""
    workspace = Workspace(tmp_path_factory.mktemp("project"), "lift_banana")
    write_release(workspace.data("release"), episodes(), INFO)
    return workspace


@pytest.fixture(scope="module")
def exported(project: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Its exports by their format. Not to be changed."""
    folder, source = tmp_path_factory.mktemp("exported"), ReleaseSource(project.data("release"))
    for name, of in FORMATS.items():
        of.write(source, folder / name, None)
    return {name: folder / name for name in FORMATS}


@pytest.mark.parametrize(("name", "fault"), [(of, fault) for of, _, fault in EVERY], ids=[id_ for _, id_, _ in EVERY])
def test_a_fault_is_told_though_the_sums_agree(
    exported: dict[str, Path], tmp_path: Path, name: str, fault: Fault
) -> None:
    root = Path(shutil.copytree(exported[name], tmp_path / "export"))
    words = inject(fault, root)
    with pytest.raises(CorruptArtifact) as caught:
        FORMATS[name].verify(root, None)
    assert words in str(caught.value) and str(root) in str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
def test_a_flipped_bit_is_told_by_the_sums(exported: dict[str, Path], tmp_path: Path, name: str) -> None:
    root = Path(shutil.copytree(exported[name], tmp_path / "export"))
    path = root / (DATA.format(1) if name == "lerobot-v2.1" else "demos.hdf5")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptArtifact, match="is damaged: its SHA-256"):
        FORMATS[name].verify(root, None)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_release_gives_the_same_bytes(
    project: Workspace, exported: dict[str, Path], tmp_path: Path, name: str
) -> None:
    FORMATS[name].write(ReleaseSource(project.data("release")), tmp_path / "again", None)
    assert tree_sha256(tmp_path / "again") == tree_sha256(exported[name])


def test_lerobot_has_a_table_and_a_video_of_each_episode(project: Workspace, exported: dict[str, Path]) -> None:
    root, reader = exported["lerobot-v2.1"], ReleaseReader(project.data("release"))
    info = json.loads((root / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["chunks_size"]) == ("v2.1", FPS, 1000)
    assert (info["total_episodes"], info["total_videos"], info["total_chunks"]) == (3, 6, 1)
    assert info["features"] == reader.info["features"]
    for number in range(len(LENGTHS)):
        place = {"episode_chunk": 0, "episode_index": number}
        table = pq.read_table(root / info["data_path"].format(**place))
        for name, values in reader.arrays(number).items():
            assert np.array_equal(np.array(table[name].to_pylist(), values.dtype), values)
        for camera in CAMERAS:
            key = f"observation.images.{camera}"
            with av.open(str(root / info["video_path"].format(video_key=key, **place))) as container:
                shown = list(container.decode(video=0))
            assert shown[0].pts == 0 and shown[0].key_frame
            assert np.array_equal([rgb(frame) for frame in shown], reader.frames(number, key))
    rows = [json.loads(line) for line in (root / "meta/episodes.jsonl").read_text().splitlines()]
    assert [row["length"] for row in rows] == list(LENGTHS) and rows[1]["seed"] == 40_001
    assert json.loads((root / "meta/tasks.jsonl").read_text()) == {"task_index": 0, "task": INFO.instruction}
    stats = json.loads((root / "meta/episodes_stats.jsonl").read_text().splitlines()[0])["stats"]
    assert stats["action"]["mean"] == reader.episodes[0]["stats/action/mean"]
    assert np.shape(stats["observation.images.front"]["max"]) == (3, 1, 1)


def test_groot_finds_parts_videos_and_the_instruction(exported: dict[str, Path]) -> None:
    root = exported["lerobot-v2.1"]
    modality = json.loads((root / "meta/modality.json").read_text())
    assert modality["video"]["side"] == {"original_key": "observation.images.side"}
    assert modality["annotation"] == {"human.task_description": {"original_key": "task_index"}}
    assert modality["state"] == {"state": {"start": 0, "end": 53}}  # as the sample calls its components
    stats = json.loads((root / "meta/stats.json").read_text())
    assert np.shape(stats["observation.state"]["q99"]) == (53,) and "observation.images.side" not in stats


def test_robomimic_has_a_group_of_each_episode(project: Workspace, exported: dict[str, Path]) -> None:
    reader = ReleaseReader(project.data("release"))
    with h5py.File(exported["robomimic"] / "demos.hdf5") as file:
        data = file["data"]
        assert data.attrs["total"] == sum(LENGTHS)
        assert json.loads(data.attrs["env_args"]).keys() == {"env_name", "type", "env_kwargs"}
        for number, length in enumerate(LENGTHS):
            demo, told = data[f"demo_{number}"], reader.arrays(number)
            assert demo.attrs["num_samples"] == length and "model_file" not in demo.attrs
            assert np.array_equal(demo["actions"], told["action"]) and demo["actions"].dtype == np.float32
            assert np.array_equal(demo["states"], told["observation.state"])
            assert np.array_equal(demo["obs/joint_position"], told["observation.joint_position"])
            assert np.array_equal(demo["rewards"], told["next.success"]) and list(demo["dones"]).index(1) == length - 1
            for camera in CAMERAS:
                images = reader.frames(number, f"observation.images.{camera}")
                assert np.array_equal(demo[f"obs/{camera}_image"], images)
                assert np.array_equal(demo[f"next_obs/{camera}_image"], [*images[1:], images[-1]])
        train, valid = (set(file[f"mask/{mask}"]) for mask in ("train", "valid"))
    assert len(valid) == 1 and train | valid == {b"demo_0", b"demo_1", b"demo_2"} and not train & valid


def test_which_episodes_are_for_validation_depends_on_themselves() -> None:
    sources = [f"episode {number}" for number in range(40)]
    chosen = {sources[number] for number in validation(sources)}
    assert len(chosen) == 4 and chosen == {sources[::-1][number] for number in validation(sources[::-1])}
    assert validation(["alone"]) == [] and len(validation(["one", "two"])) == 1


def test_the_parts_of_a_real_state_and_action() -> None:
    names = list(OBSERVATION_NAMES)
    of = columns(names)
    assert [names[index] for index in of["end_effector_position"]] == ["ee_pose_03", "ee_pose_13", "ee_pose_23"]
    assert [names[index][-2:] for index in of["end_effector_rotation"]] == ["00", "10", "20", "01", "11", "21"]
    left_out = set(range(len(names))) - {index for part in of.values() for index in part}
    assert {names[index] for index in left_out} == {  # the third column follows from the others, the last row is fixed
        "ee_pose_02", "ee_pose_12", "ee_pose_22", "ee_pose_30", "ee_pose_31", "ee_pose_32", "ee_pose_33"
    }  # fmt: skip
    assert slices(names)["joints"] == (16, 23) and slices(names)["end_effector_position_y"] == (7, 8)
    assert slices(ACTION_NAMES) == {
        "end_effector_position": (0, 3), "end_effector_rotation": (3, 9), "gripper": (9, 10)
    }  # fmt: skip


def test_the_command_line_writes_one_and_checks_it(
    project: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    shutil.copytree(project.data("release"), tmp_path / "data/lift_banana/release")
    options, target = ["--params", str(tmp_path / "params.yaml")], str(tmp_path / "out")
    assert cli.main(["export", "lift_banana", target, *options]) == 2
    assert "--format is missing" in capsys.readouterr().err
    assert cli.main(["export", "lift_banana", "--format", "robomimic", target, *options]) == 0
    assert cli.main(["export", "verify", target]) == 0
    assert capsys.readouterr().out.count("3 episodes, 16 frames") == 2
    assert cli.main(["export", "verify", "--format", "robomimic", target]) == 2
    assert cli.main(["export", "verify", str(tmp_path / "absent")]) == 2
    assert "no export at" in capsys.readouterr().err


@pytest.mark.parametrize("name", FORMATS)
def test_what_stands_at_the_target_is_never_replaced(project: Workspace, tmp_path: Path, name: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("kept")
    for target in (tmp_path / "full", tmp_path / "full" / "mine", project.data("release") / "inside"):
        with pytest.raises(InvalidParameter, match=r"Name another folder|is a file|outside"):
            export_release.run(project, name, target)
    assert (tmp_path / "full" / "mine").read_text() == "kept"
    (tmp_path / "empty").mkdir()
    export_release.run(project, name, tmp_path / "empty")
    FORMATS[name].verify(tmp_path / "empty", None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full"]


def test_what_comes_to_the_target_meanwhile_stays(project: Workspace, tmp_path: Path) -> None:
    def put(done: int, total: int) -> None:
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "mine").write_text("kept")

    with pytest.raises(InvalidParameter, match="not empty"):
        FORMATS["robomimic"].write(ReleaseSource(project.data("release")), tmp_path / "out", put)
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine"]


def test_a_damaged_or_missing_release_is_told_and_nothing_written(project: Workspace, tmp_path: Path) -> None:
    other = Workspace(tmp_path, "lift_banana")
    with pytest.raises(MissingInput, match="no release at"):
        export_release.run(other, "robomimic", tmp_path / "out")
    shutil.copytree(project.data("release"), other.data("release"))
    (other.data("release") / "meta/stats.json").write_text("{}")
    with pytest.raises(CorruptArtifact, match=r"meta/stats.json is damaged"):
        export_release.run(other, "robomimic", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", FORMATS)
def test_a_writer_that_fails_leaves_nothing(project: Workspace, tmp_path: Path, name: str) -> None:
    def fail(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FORMATS[name].write(ReleaseSource(project.data("release")), tmp_path / "out", fail)
    assert not list(tmp_path.iterdir())


def test_the_command_line_knows_all_formats() -> None:
    assert list(export_command.FORMATS) == list(FORMATS)


def test_nothing_else_is_made_of_exports() -> None:
    """So .dvcignore may leave them out of expertgen/data, on which most stages depend."""
    of = [path for path in (ROOT / "expertgen").rglob("*.py") if "expertgen.data.export" in path.read_text()]
    outside = {path.name for path in of if path.parent.name != "export"}
    assert outside == {"export_release.py"}
