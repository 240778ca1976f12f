"""What is written comes back: through Parquet and timestamps, to LeRobot's and pandas' eyes, in equal bytes."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import weakref
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertgen.data.hashing import tree_sha256
from expertgen.data.lerobot.card import read_front_matter
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.data.lerobot.verify import verify_release
from expertgen.data.lerobot.writer import write_release
from tests.data.lerobot import damage
from tests.data.lerobot.samples import CAMERAS, FPS, HEIGHT, INFO, LENGTHS, WIDTH, episode, episodes


def test_arrays_come_back_bit_for_bit_and_images_by_their_time(written: Path) -> None:
    reader = ReleaseReader(written)
    for number, source in enumerate(episodes()):
        found = reader.arrays(number)
        for name, values in {
            "observation.state": source.observation, "action": source.action, "next.success": source.success,
            "observation.joint_position": source.joints,
        }.items():  # fmt: skip
            assert found[name].dtype == values.dtype and np.array_equal(found[name], values)
        assert found["timestamp"].tolist() == (np.arange(len(source)) / FPS).astype(np.float32).tolist()
        assert found["frame_index"].tolist() == list(range(len(source)))
        assert found["index"].tolist() == list(range(sum(LENGTHS[:number]), sum(LENGTHS[: number + 1])))
        for camera in CAMERAS:
            frames = reader.frames(number, f"observation.images.{camera}")
            errors = np.abs(frames.astype(int)[:, None] - source.images[camera][None]).mean((2, 3, 4))
            assert errors.argmin(1).tolist() == list(range(len(source)))  # each is the source of its own step
            assert errors.diagonal().max() < 3


@pytest.mark.parametrize("camera", CAMERAS)
def test_every_second_frame_of_an_episode_can_be_decoded_by_itself(written: Path, camera: str) -> None:
    with av.open(str(written / damage.video(camera))) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == FPS and stream.frames == len(packets)
    assert [packet.is_keyframe for packet in packets] == [step % 2 == 0 for length in LENGTHS for step in range(length)]
    assert [packet.pts * packet.time_base * FPS for packet in packets] == list(range(sum(LENGTHS)))


def test_each_episode_says_where_it_comes_from(written: Path) -> None:
    for number, (row, source) in enumerate(zip(ReleaseReader(written).episodes, episodes(), strict=True)):
        assert row["seed"] == source.seed and json.loads(row["source"]) == source.source
        assert row["lineage/expert"] == "e" * 64 and row["lineage/demos"] == "d" * 64
        assert (row["success"], row["success_end"]) == (source.success.any(), source.success[-1])
        assert row["length"] == LENGTHS[number] and row["tasks"] == ["lift the banana"]
    assert json.loads((written / "meta/lineage.json").read_text()) == {"expert": "e" * 64, "demos": "d" * 64}
    assert json.loads((written / "meta/provenance.json").read_text()) == {"stage": "release", "seed": 3}


def test_the_form_is_lerobots(written: Path) -> None:
    info = json.loads((written / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["splits"]) == ("v3.0", FPS, {"train": "0:3"})
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (3, sum(LENGTHS), 1)
    assert info["features"]["observation.images.side"]["shape"] == [HEIGHT, WIDTH, 3]
    assert info["features"]["observation.images.side"]["info"]["video.codec"] == "h264"
    assert info["features"]["action"] == {"dtype": "float32", "shape": [10], "names": list(INFO.action_names)}
    assert not [name for name in info["features"] if "/" in name]
    schema = pq.read_schema(written / "data/chunk-000/file-000.parquet")
    assert set(schema.names) == {name for name, of in info["features"].items() if of["dtype"] != "video"}
    stats = json.loads((written / "meta/stats.json").read_text())
    assert stats.keys() == info["features"].keys()
    assert np.shape(stats["observation.images.front"]["q99"]) == (3, 1, 1)
    assert np.shape(stats["observation.state"]["mean"]) == (53,) and stats["index"]["count"] == [sum(LENGTHS)]
    tasks = pd.read_parquet(written / "meta/tasks.parquet")
    assert tasks.iloc[0].name == "lift the banana" and tasks.loc["lift the banana"].task_index == 0


def test_the_card_has_front_matter_and_says_what_counts_as_success(written: Path) -> None:
    text = (written / "README.md").read_text()
    matter = read_front_matter(text)
    assert matter["license"] == "apache-2.0" and matter["task_categories"] == ["robotics"]
    assert "LeRobot" in matter["tags"]
    assert matter["configs"] == [{"config_name": "default", "data_files": "data/*/*.parquet"}]
    for expected in (INFO.success_definition, INFO.instruction, "2 of 3 episodes", "e" * 64, "front (96 x 64 px)"):
        assert expected in text


def test_sums_can_be_checked_without_this_package(written: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=written, check=True)


def test_equal_episodes_give_equal_bytes(written: Path, tmp_path: Path) -> None:
    write_release(tmp_path / "again", (episode for episode in episodes()), INFO)
    assert tree_sha256(tmp_path / "again") == tree_sha256(written)


def test_the_images_of_one_episode_are_held_at_a_time(tmp_path: Path) -> None:
    seen: list[weakref.ref] = []

    def stream():
        for number in range(4):
            made = episode(number, 3)
            assert all(reference() is None for reference in seen[:-1])
            seen.append(weakref.ref(made.images["front"]))
            yield made
            del made

    write_release(tmp_path / "release", stream(), INFO)
    assert len(seen) == 4


def test_large_releases_go_into_several_files_and_folders(tmp_path: Path) -> None:
    small = dataclasses.replace(INFO, data_files_size_in_mb=1e-6, video_files_size_in_mb=1e-6, chunks_size=2)
    write_release(tmp_path, episodes(), small)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*") if path.is_file()}
    for kind, suffix in (("data", "parquet"), ("videos/observation.images.side", "mp4")):
        files = {name for name in names if name.startswith(kind)}
        assert files == {f"{kind}/chunk-{n // 2:03d}/file-{n % 2:03d}.{suffix}" for n in range(3)}
    assert verify_release(tmp_path).frames == sum(LENGTHS)
    reader = ReleaseReader(tmp_path)
    assert np.array_equal(reader.arrays(2)["action"], episodes()[2].action)
    assert reader.frames(2, "observation.images.front", [5]).shape == (1, HEIGHT, WIDTH, 3)


@settings(max_examples=6)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4), fps=st.sampled_from([1, 7, 30]))
def test_totals_and_times_follow_from_the_lengths(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], fps: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "lengths"
    info = dataclasses.replace(INFO, fps=fps, cameras={"front": (WIDTH, HEIGHT)})
    made = [episode(number, length, ("front",)) for number, length in enumerate(lengths)]
    write_release(path, made, info)
    report = verify_release(path)
    assert (report.episodes, report.frames, report.images) == (len(lengths), sum(lengths), sum(lengths))
    rows = ReleaseReader(path).episodes
    ends = np.cumsum(lengths)
    assert [row["dataset_to_index"] for row in rows] == ends.tolist()
    key = "videos/observation.images.front"
    assert np.allclose([row[f"{key}/to_timestamp"] for row in rows], ends / fps)
    assert [row[f"{key}/from_timestamp"] for row in rows[1:]] == [row[f"{key}/to_timestamp"] for row in rows[:-1]]
