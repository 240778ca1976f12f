"""Recorded episodes under other looks: what is drawn, that a seed decides it, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from expertgen import cli
from expertgen.data.atomic import atomic_write_json
from expertgen.data.checkpoints import add_to_checkpoint
from expertgen.data.episodes import EpisodeStore
from expertgen.data.hashing import content_sha256, path_sha256, tree_sha256
from expertgen.data.lerobot.pictures import cell_means, difference
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.data.lerobot.verify import verify_release
from expertgen.data.lerobot.video import VideoFile
from expertgen.errors import IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.params import ViewParams
from expertgen.scenes.tabletop import CAMERAS
from expertgen.stages import rerender, rollouts
from expertgen.stages.rerender_colours import storable
from expertgen.stages.rerender_command import Order
from expertgen.stages.rerender_shard import draw_episode
from expertgen.vision.look import plain_look

TASK = "lift_banana"
DRAWN = ("front", "side", "left")
STEPS = 8


@pytest.fixture(scope="module")
def once(tmp_path_factory) -> Path:
    """Where what one test recorded is kept for the others."""
    return tmp_path_factory.mktemp("recorded") / "data"


@pytest.fixture
def recorded(once, small, untrained, changed, tmp_path):
    """Three short episodes of an expert that learnt nothing, all of which may be released."""
    params, workspace = changed(small[0], "simulation", episode_steps=STEPS), small[1]
    camera = dataclasses.replace(params.rollouts.cameras[0], width=96, height=64)
    params = changed(changed(params, "rollouts", cameras=(camera,)), "vision", width=64, height=48)
    if not once.exists():
        untrained(params, workspace)
        add_to_checkpoint(workspace.data("prior"), "provenance.json", {"inputs": {"demos": "d" * 64}})
        rollouts.run(params, TASK, workspace)
        shutil.copytree(workspace.root / "data", once)
    shutil.copytree(once, workspace.root / "data", dirs_exist_ok=True)
    return changed(params, "release", episodes="all"), workspace, tmp_path / "looks"


def frames(reader: ReleaseReader, episode: int, camera: str) -> np.ndarray:
    return reader.frames(episode, f"observation.images.{camera}").astype(np.int64)


def test_plain_images_stand_beside_drawn_ones_and_it_says_what_they_are(recorded, capsys) -> None:
    params, workspace, target = recorded
    rerender.run(params, TASK, workspace, target, Order(seed=41, size=(80, 48), episodes=2))
    assert "is sound" in capsys.readouterr().out
    assert verify_release(target).cameras == tuple(
        f"observation.images.{name}" for name in sorted(["front", *(f"{name}_randomised" for name in DRAWN)])
    )
    reader, store = ReleaseReader(target), EpisodeStore.open(workspace.data("rollouts"))
    assert len(reader.episodes) == 2
    for index in range(2):
        source, released = store.episode(index), reader.arrays(index)
        np.testing.assert_array_equal(released["observation.state"], source["observation"])
        np.testing.assert_array_equal(released["action"], source["action"])
        assert abs(frames(reader, index, "front") - source["image_front"]).mean() < 3
        assert json.loads(reader.episodes[index]["source"]) == {"store": "rollouts", "episode": index, "looks": 41}
    drawn = {name: [frames(reader, index, f"{name}_randomised") for index in range(2)] for name in DRAWN}
    for first, second in drawn.values():
        assert first.shape == (STEPS, 48, 80, 3)
        # Another look for each episode; within one, all but the robot and what it touches stays as it was.
        assert abs(first[0] - second[0]).mean() > 15
        assert all(np.median(abs(episode - episode[0])) <= 3 for episode in (first, second))
        assert (abs(first[-1] - first[0]).max(-1) > 30).any()
    lineage, made_from = (json.loads((target / "meta" / f"{name}.json").read_text()) for name in
                          ("lineage", "provenance"))  # fmt: skip
    assert lineage["rollouts"] == content_sha256(store.directory) and lineage["demos"] == "d" * 64
    looks = made_from["parameters"]["looks"]
    assert (looks["seed"], looks["width"], looks["height"], looks["latency"]) == (41, 80, 48, 0)
    assert looks["ranges"]["hsv"] == {"hue": 0.04, "saturation": 0.3, "value": 0.25}
    card = " ".join((target / "README.md").read_text().split())
    for words in ("looks' seed, 41", '"camera_position": 0.03', lineage["looks"], lineage["rollouts"],
                  "no camera is late", "the first 2 are here"):  # fmt: skip
        assert words in card


def test_a_seed_decides_every_byte_at_any_number_of_workers(recorded, changed, tmp_path) -> None:
    params, workspace, target = recorded
    sums = []
    for seed, workers in ((0, 1), (0, 2), (1, 1)):
        target = tmp_path / f"seed{seed}-{workers}"
        target.mkdir()  # an empty folder may be there
        order = Order(seed, size=(32, 24), episodes=2)
        rerender.run(changed(params, "rollouts", workers=workers), TASK, workspace, target, order)
        sums.append(tree_sha256(target))
    assert sums[0] == sums[1]
    assert [name for name in sums[0] if sums[0][name] != sums[2][name] and name.endswith("mp4")] == [
        f"videos/observation.images.{name}_randomised/chunk-000/file-000.mp4" for name in sorted(DRAWN)
    ]


def test_the_scene_is_drawn_as_it_was_recorded(recorded, changed) -> None:
    params, workspace, _ = recorded
    store = EpisodeStore.open(workspace.data("rollouts"))
    position, target = CAMERAS["front"]
    vision = dataclasses.replace(params.vision, width=96, height=64, cameras=(ViewParams("front", position, target),))
    for episode in rerender._to_draw(params, TASK, store, [0, 2], vision, seed=0):
        look = plain_look(vision, 1)
        number, images = draw_episode(dataclasses.replace(episode, look=look))
        plain = store.episode([0, 2][number])["image_front"]
        # Lamps and shadows differ; what changes from one step to another does so in the same places.
        moves = (abs(np.diff(shown.astype(float).mean(-1), axis=0)).ravel() for shown in (plain, images["front"]))
        assert np.corrcoef(*moves)[0, 1] > 0.6


def test_an_interruption_leaves_nothing(recorded, monkeypatch) -> None:
    params, workspace, target = recorded
    before = sorted(target.parent.iterdir())

    def interrupted(work, items, workers):
        yield work(items[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(rerender, "run_in_workers", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rerender.run(params, TASK, workspace, target, Order(0, None, None))
    assert sorted(target.parent.iterdir()) == before


def test_episodes_keep_their_order_whichever_is_done_first(monkeypatch) -> None:
    done = [(2, "c"), (0, "a"), (3, "d"), (1, "b")]
    monkeypatch.setattr(rerender, "run_in_workers", lambda work, items, workers: (pair for pair in done))
    assert "".join(rerender.in_turn(draw_episode, [], 4)) == "abcd"


def test_what_cannot_be_is_refused_before_anything_is_drawn(recorded, changed, monkeypatch) -> None:
    params, workspace, target = recorded
    order = Order(0, None, None)
    monkeypatch.setattr(rerender, "run_in_workers", lambda *_: pytest.fail("it draws"))
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    for there in (target, target / "notes.txt"):
        with pytest.raises(InvalidParameter, match="not an empty folder"):
            rerender.run(params, TASK, workspace, there, order)
    assert (target / "notes.txt").read_text() == "mine"
    with pytest.raises(InvalidParameter, match="a stage's output"):
        rerender.run(params, TASK, workspace, workspace.data("rollouts") / "looks", order)
    free = target.parent / "free"
    with pytest.raises(MissingInput, match=f"gate_rollouts {TASK}"):
        rerender.run(changed(params, "release", episodes="successes"), TASK, workspace, free, order)
    with pytest.raises(IncompatibleArtifact, match=r"simulation\.control_hz 10\.0, the parameters say 20"):
        rerender.run(changed(params, "simulation", control_hz=20.0), TASK, workspace, free, order)
    with pytest.raises(InvalidParameter, match="found 63 x 48 px, expected even"):
        rerender.run(changed(params, "vision", width=63), TASK, workspace, free, order)
    assert not free.exists()


def test_what_the_release_leaves_out_is_left_out(recorded, changed, monkeypatch) -> None:
    params, workspace, target = recorded
    verdict = {"sha256": {f"data/{TASK}/rollouts": path_sha256(workspace.data("rollouts"))}, "left_out": [0]}
    atomic_write_json(workspace.gate("rollouts") / "passed.json", verdict)
    monkeypatch.setattr(EpisodeStore, "successes", lambda store, at_end: np.ones(store.num_episodes, bool))
    order = Order(0, (32, 24), episodes=1)
    rerender.run(changed(params, "release", episodes="successes"), TASK, workspace, target, order)
    assert [json.loads(row["source"])["episode"] for row in ReleaseReader(target).episodes] == [1]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--seed", "-1"], "--seed: found -1"),
        (["--episodes", "0"], "--episodes: found 0"),
        (["--size", "640"], "--size: found '640'"),
        (["--size", "641x360"], "even numbers"),
        (["--size", "8x8"], "from 16 to 4096"),
    ],
)
def test_wrong_options_are_refused(small, tmp_path: Path, capsys, options: list[str], word: str) -> None:
    command = ["rerender", TASK, str(tmp_path / "looks"), "--params", str(tmp_path / "params.yaml")]
    assert cli.main([*command, *options]) == 2
    assert word in capsys.readouterr().err and not (tmp_path / "looks").exists()


def test_colours_are_softened_only_where_video_could_not_hold_them(tmp_path: Path) -> None:
    mild = np.full((3, 108, 192, 3), 90, dtype=np.uint8)
    mild[:, 40:70, 60:120] = 140
    assert storable(mild) is mild
    gaudy = np.full_like(mild, (255, 0, 255))
    gaudy[:, 41:48, 71:78] = (255, 255, 0)
    soft = storable(gaudy)

    def worst(images: np.ndarray) -> float:
        file = VideoFile(tmp_path / "video.mp4", (192, 108), 10)
        seen = [frame.to_ndarray(format="rgb24") for frame in file.append(images)]
        file.close()
        return max(difference(cell_means(a), cell_means(b)) for a, b in zip(seen, images, strict=True))

    assert worst(gaudy) > 12 >= worst(soft)
