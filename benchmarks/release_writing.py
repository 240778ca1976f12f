"""Writing and checking a release, against plain PyAV encoding of the same images with the same options.

    python benchmarks/release_writing.py [--episodes 8] [--repeats 5] [--json reports/benchmarks/release_writing.json]

Episodes of params.yaml's script are simulated and drawn once, by two cameras at 192 x 108 px. Then, taking turns: all
images are encoded into one file for each camera; the episodes are written as a release, with comparison, statistics,
sums and the final check; and that release is checked alone. Rates are camera images a second, medians of `--repeats`
turns after one of warm-up; a frame of the release has one image of each camera. The ratio is release over plain
encoding, by processor time, which other processes of the machine hardly disturb.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

import expertgen.sims  # noqa: F401  # before mujoco, so that it chooses how to render
from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_json
from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo
from expertgen.data.lerobot.verify import verify_release
from expertgen.data.lerobot.video import CONTAINER_OPTIONS, ENCODER_OPTIONS
from expertgen.data.lerobot.writer import write_release
from expertgen.make_env import make_env
from expertgen.params import Params, load_params
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.rollout import run_episodes

ROOT = Path(__file__).resolve().parents[1]
TASK, CAMERAS, SIZE = "lift_banana", ("front", "side"), (192, 108)
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "processor": time.process_time}
JOINTS = slice(16, 23)  # of an observation, see benchmarks.observation


def record(params: Params, count: int) -> tuple[list[ReleaseEpisode], float]:
    """Scripted episodes with their images, and images drawn a second."""
    simulation = dataclasses.replace(params.simulation, num_threads=1)
    env = make_env(TASK, simulation, count, 1)
    script = ScriptedPolicy(env, params.script, 1)
    images: dict[str, list[list[np.ndarray]]] = {camera: [[] for _ in range(count)] for camera in CAMERAS}
    seconds = 0.0

    def act(observation: Any) -> Any:
        nonlocal seconds
        begun = time.perf_counter()
        for camera in CAMERAS:
            for row in range(count):
                images[camera][row].append(env.simulator.render(row, camera, *SIZE))
        seconds += time.perf_counter() - begun
        return script.act(observation)

    done = run_episodes(env, act, np.arange(count), on_start=script.plan)
    env.simulator.close()  # type: ignore[attr-defined]
    episodes = [
        ReleaseEpisode(
            observation=done.observation[row], action=done.action[row], joints=done.observation[row][:, JOINTS],
            success=done.success[row], seed=row, source={"store": "demos", "episode": row},
            images={camera: np.stack(images[camera][row]) for camera in CAMERAS},
        )
        for row in range(count)
    ]  # fmt: skip
    return episodes, number_of_images(episodes) / seconds


def number_of_images(episodes: list[ReleaseEpisode]) -> int:
    return sum(len(episode) for episode in episodes) * len(CAMERAS)


def encode_plainly(folder: Path, episodes: list[ReleaseEpisode], fps: int) -> None:
    """What PyAV's documentation shows."""
    for camera in CAMERAS:
        with av.open(str(folder / f"{camera}.mp4"), "w", options=CONTAINER_OPTIONS) as container:
            stream = container.add_stream("libx264", rate=fps)
            stream.width, stream.height = SIZE
            stream.pix_fmt, stream.options = "yuv420p", ENCODER_OPTIONS
            for episode in episodes:
                for image in episode.images[camera]:
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))


def measure(episodes: list[ReleaseEpisode], info: ReleaseInfo, repeats: int) -> dict[str, Any]:
    """Rates of the three, and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder) / "release"
        works: dict[str, Callable[[], object]] = {
            "plain_encoding": lambda: encode_plainly(Path(folder), episodes, info.fps),
            "release_writing": lambda: write_release(release, episodes, info),
            "release_checking": lambda: verify_release(release),
        }
        seconds: dict[str, list[dict[str, float]]] = {name: [] for name in works}
        for _ in range(repeats + 1):
            for name, work in works.items():
                begun = {clock: read() for clock, read in CLOCKS.items()}
                work()
                seconds[name].append({clock: read() - begun[clock] for clock, read in CLOCKS.items()})
        report, images = verify_release(release), number_of_images(episodes)
    medians = {
        name: {clock: statistics.median(turn[clock] for turn in turns[1:]) for clock in CLOCKS}
        for name, turns in seconds.items()
    }
    rates = {
        name: {clock: round(images / value, 1) for clock, value in by_clock.items()}
        for name, by_clock in medians.items()
    }
    ratio = medians["plain_encoding"]["processor"] / medians["release_writing"]["processor"]
    return {"images_per_second": rates, "ratio": round(ratio, 3), "bytes_per_image": round(report.bytes / images, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=8)
    parser.add_argument("--steps", type=int, help="default: params.yaml's simulation.episode_steps")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, default=ROOT / "reports/benchmarks/release_writing.json")
    arguments = parser.parse_args()
    params = load_params(ROOT / "params.yaml")
    steps = arguments.steps or params.simulation.episode_steps
    params = dataclasses.replace(params, simulation=dataclasses.replace(params.simulation, episode_steps=steps))
    episodes, drawn = record(params, arguments.episodes)
    info = ReleaseInfo(
        task=TASK, instruction=TASKS[TASK].instruction, robot_type=params.simulation.robot,
        fps=int(params.simulation.control_hz), cameras=dict.fromkeys(CAMERAS, SIZE), license="apache-2.0",
        observation_names=[f"state_{index}" for index in range(episodes[0].observation.shape[1])],
        action_names=[f"action_{index}" for index in range(episodes[0].action.shape[1])],
        success_definition="See the task.", lineage={"provenance": {}},
    )  # fmt: skip
    result = {
        "task": TASK, "episodes": arguments.episodes, "frames": sum(map(len, episodes)), "cameras": len(CAMERAS),
        "size": list(SIZE), "images_drawn_per_second": round(drawn, 1), **measure(episodes, info, arguments.repeats),
    }  # fmt: skip
    for name, rate in result["images_per_second"].items():
        print(f"{name:17} {rate['wall']:8.1f} images/s, {rate['processor']:8.1f} a second of processor time")
    print(f"drawing           {drawn:8.1f} images/s; writing over plain encoding {result['ratio']:.2f}")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_json(arguments.json, result)


if __name__ == "__main__":
    main()
