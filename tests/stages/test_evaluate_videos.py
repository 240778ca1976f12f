"""Videos show the evaluated episodes, can be played, and are not black."""

from __future__ import annotations

import dataclasses

import av
import numpy as np
import pytest
from matplotlib.image import imread

from expertgen.make_env import make_env
from expertgen.stages import evaluate
from expertgen.stages.evaluate_encode import LABEL_HEIGHT, side_by_side, write_mp4
from expertgen.stages.evaluate_rollouts import Runner
from expertgen.stages.evaluate_videos import film, make_videos

TASK = "lift_banana"
SIZE = (96, 64)


@pytest.fixture
def ready(small, changed, untrained):
    """Small parameters with episodes of two chunks, and untrained checkpoints."""
    params, workspace = small
    params = changed(params, "simulation", episode_steps=16)
    untrained(params, workspace)
    return params, workspace


def decode(path) -> np.ndarray:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 10
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(stream)])


def test_frames_come_back_from_a_video(tmp_path) -> None:
    ramp = np.linspace(0, 255, 20, dtype=np.uint8)[:, None, None, None]
    films = [np.broadcast_to(ramp, (20, 64, 96, 3)), np.broadcast_to(255 - ramp, (20, 64, 96, 3))]
    frames = side_by_side(films, ["rising", "falling"])
    assert frames.shape == (20, 64 + LABEL_HEIGHT, 192, 3)
    write_mp4(tmp_path / "ramp.mp4", frames, 10.0)
    decoded = decode(tmp_path / "ramp.mp4")
    assert decoded.shape == frames.shape
    assert np.abs(decoded[:, LABEL_HEIGHT:].astype(int) - frames[:, LABEL_HEIGHT:]).mean() < 4
    assert frames[0, :LABEL_HEIGHT].min() < 100 < 250 < frames[0, :LABEL_HEIGHT].max()  # dark letters on white


def test_a_film_shows_the_recorded_episodes(ready) -> None:
    params, workspace = ready
    evaluated = Runner(params, TASK, workspace).run("script", np.arange(20000, 20005)).episodes
    films = film("script", evaluated, np.array([3, 1]), TASK, params.simulation, SIZE)
    assert [shot.seed for shot in films] == [20003, 20001]
    for shot in films:
        assert shot.frames.shape == (17, 64, 96, 3) and shot.frames.std() > 20 and shot.frames.mean() > 40
        assert np.abs(shot.frames[0].astype(int) - shot.frames[-1]).mean() > 1  # the arm moves
    assert not np.array_equal(films[0].frames[0], films[1].frames[0])
    simulator = make_env(TASK, params.simulation, 1, 8).simulator
    start = [evaluated.observation[3, :1, 16:23], evaluated.observation[3, :1, 23:25], evaluated.start_objects[3:4]]
    simulator.reset(np.array([0]), *start)
    assert np.array_equal(simulator.render(0, "front", *SIZE), films[0].frames[0])
    simulator.close()


def test_where_the_expert_saves_a_start_both_are_shown(ready, tmp_path) -> None:
    params, workspace = ready
    runner = Runner(params, TASK, workspace)
    episodes = {name: runner.run(name, np.arange(20000, 20004)).episodes for name in ("prior", "expert")}
    success = np.zeros_like(episodes["expert"].success)
    success[2, 10:] = True  # a success there never was: the choice of starts and the labels depend on it
    episodes["expert"] = dataclasses.replace(episodes["expert"], success=success)
    make_videos(tmp_path, episodes, 1, TASK, params.simulation, SIZE)
    assert {path.name for path in (tmp_path / "videos").iterdir()} == {"expert_1.mp4", "prior_and_expert.mp4"}
    assert decode(tmp_path / "videos" / "expert_1.mp4").shape == (17, 64 + LABEL_HEIGHT, 96, 3)
    assert decode(tmp_path / "videos" / "prior_and_expert.mp4").shape == (17, 64 + LABEL_HEIGHT, 192, 3)


def test_the_stage_writes_its_videos_and_a_film_strip(ready, changed) -> None:
    params, workspace = ready
    evaluate.run(changed(params, "evaluate", videos=2), TASK, workspace)
    videos = sorted((workspace.reports / "videos").iterdir())
    assert [path.name for path in videos] == ["expert_1.mp4", "expert_2.mp4"]
    for path in videos:
        frames = decode(path)
        assert len(frames) == 17 and frames[:, LABEL_HEIGHT:].std() > 20
    strip = imread(workspace.reports / "filmstrip.png")
    assert strip.shape[1] >= 1200 and strip[..., :3].std() > 0.1
    report = (workspace.reports / "report.md").read_text()
    assert "(videos/expert_2.mp4)" in report and "(filmstrip.png)" in report
