"""Episodes of the script, drawn by the real cameras: their starts look alike, and are told apart all the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo
from expertgen.data.lerobot.episode_videos import require_alike
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.data.lerobot.verify import verify_release
from expertgen.data.lerobot.writer import write_release
from expertgen.errors import CorruptArtifact, IncompatibleArtifact
from expertgen.make_env import make_env
from expertgen.params import load_params
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.rollout import run_episodes
from tests.data.lerobot import damage
from tests.data.lerobot.samples import INFO

TASK, SIZE, STEPS, SEEDS = "lift_banana", (192, 108), 6, np.arange(3)
CAMERAS = ("front", "side")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def recorded() -> list[ReleaseEpisode]:
    params = load_params(ROOT / "params.yaml")
    simulation = dataclasses.replace(params.simulation, num_threads=1, episode_steps=STEPS)
    env = make_env(TASK, simulation, len(SEEDS), 1)
    script = ScriptedPolicy(env, params.script, 1)
    drawn: list[list[dict[str, np.ndarray]]] = []

    def act(observation):
        drawn.append([
            {camera: env.simulator.render(index, camera, *SIZE) for camera in CAMERAS} for index in range(len(SEEDS))
        ])  # fmt: skip
        return script.act(observation)

    episodes = run_episodes(env, act, SEEDS, on_start=script.plan)
    env.simulator.close()
    return [
        ReleaseEpisode(
            observation=episodes.observation[row], action=episodes.action[row],
            joints=episodes.observation[row][:, 16:23], success=episodes.success[row], seed=int(SEEDS[row]),
            source={"store": "demos", "episode": row},
            images={camera: np.stack([step[row][camera] for step in drawn]) for camera in CAMERAS},
        )
        for row in range(len(SEEDS))
    ]  # fmt: skip


@pytest.fixture
def info() -> ReleaseInfo:
    return dataclasses.replace(INFO, cameras=dict.fromkeys(CAMERAS, SIZE))


def test_real_episodes_are_released_and_told_apart(recorded, info, tmp_path: Path) -> None:
    write_release(tmp_path / "release", recorded, info)
    assert verify_release(tmp_path / "release").images == len(SEEDS) * STEPS * len(CAMERAS)
    reader = ReleaseReader(tmp_path / "release")
    for camera in CAMERAS:
        key = f"observation.images.{camera}"
        first = [reader.frames(number, key, [0])[0] for number in range(len(SEEDS))]
        for number, frame in enumerate(first):
            for other, source in enumerate(recorded):
                if number == other:
                    require_alike(frame, source.images[camera][0], "")
                else:
                    with pytest.raises(IncompatibleArtifact):
                        require_alike(frame, source.images[camera][0], "")

    spans = [range(STEPS, 2 * STEPS), range(STEPS), range(2 * STEPS, 3 * STEPS)]
    damage.reorder_video(tmp_path / "release", "front", spans)
    with pytest.raises(CorruptArtifact, match="it is that of episode 1 in "):
        verify_release(tmp_path / "release")


def test_a_source_of_another_episode_is_refused(recorded, info, tmp_path: Path, monkeypatch) -> None:
    from expertgen.data.lerobot import video

    real = video.VideoFile.append
    stale = {camera: recorded[0].images[camera] for camera in CAMERAS}

    def mixed_up(self, images):  # an encoder that is given the images of the episode before
        return real(self, stale["front"] if np.array_equal(images, recorded[1].images["front"]) else images)

    monkeypatch.setattr(video.VideoFile, "append", mixed_up)
    with pytest.raises(IncompatibleArtifact, match="episode 1, camera front, frame 0: decoded again it differs"):
        write_release(tmp_path / "release", recorded, info)
    assert not list(tmp_path.iterdir())
