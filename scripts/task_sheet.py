"""Draw each task at the start, in the middle and at the success of an episode of its script, into one picture.

    python scripts/task_sheet.py [TASK ...] [--png docs/tasks.png] [--episodes 16]

Of `--episodes` starts the first that the script brings to success is taken, with the script's flaws as in params.yaml.
The middle is half-way between the first motion of an object and success.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import expertgen.sims  # noqa: F401  # before mujoco, so that it chooses how to render
from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_bytes
from expertgen.env import Env
from expertgen.errors import MissingInput, require_known
from expertgen.make_env import make_env
from expertgen.params import load_params
from expertgen.policies.scripted import ScriptedPolicy

ROOT = Path(__file__).resolve().parents[1]
CAMERA, WIDTH, HEIGHT = "front", 256, 160
WIDER, LEFT, TOP = 1.6, 0.26, 0.36  # of the camera's whole picture: how much larger it is, and what is cut off of it
TITLE, GAP = 22, 8  # pixels
COLUMNS = 2  # of tasks
MOVED = 0.015  # m
CHUNK = 2  # control steps between two states that may be drawn
Frames = list[np.ndarray]


def frames(task: str, episodes: int) -> Frames:
    """Three images (HEIGHT, WIDTH, 3). Raises MissingInput where the script never succeeds."""
    params = load_params(ROOT / "params.yaml", task=task)
    env = make_env(task, dataclasses.replace(params.simulation, num_threads=1), episodes, CHUNK)
    seeds = np.arange(episodes)
    env.reset(seeds)
    script = ScriptedPolicy(env, params.script, CHUNK)
    script.plan(seeds)
    states, moved, success = [env.state()], [np.zeros(episodes)], [np.zeros(episodes, bool)]
    while env.elapsed[0] < env.episode_steps:
        result = env.step_chunk(script.act(env.observe()))
        states.append(env.state())
        moved.append(motion(env, result.objects[:, -1]))
        success.append(result.success[:, -1].numpy())
    good = np.flatnonzero(success[-1])
    if len(good) == 0:
        raise MissingInput(f"the script of {task} succeeds in none of {episodes} episodes; give more by --episodes.")
    chosen = int(good[0])
    begun = int(np.argmax(np.array(moved)[:, chosen] > MOVED))
    done = int(np.argmax(np.array(success)[:, chosen]))
    images = []
    for index in (0, (begun + done) // 2, len(states) - 1):
        env.restore(states[index])
        images.append(closer(env.simulator.render(chosen, CAMERA, round(WIDER * WIDTH), round(WIDER * HEIGHT))))
    env.simulator.close()  # type: ignore[attr-defined]
    return images


def closer(image: np.ndarray) -> np.ndarray:
    """(HEIGHT, WIDTH, 3) what lies on the table, of the whole picture."""
    top, left = round(TOP * len(image)), round(LEFT * image.shape[1])
    return image[top : top + HEIGHT, left : left + WIDTH]


def motion(env: Env, objects: np.ndarray) -> np.ndarray:
    """(B,) how far, m, the object that moved most is from its start: of the free ones, where there are any."""
    count = env.benchmark.num_free or env.benchmark.num_objects
    away: np.ndarray = np.linalg.norm(objects[:, :count, :3] - env.start_objects[:, :count, :3], axis=-1).max(1)
    return away


def sheet(drawn: dict[str, Frames]) -> Image.Image:
    """All tasks' frames with their names, COLUMNS side by side, in 256 colours."""
    columns = min(COLUMNS, len(drawn))
    rows = -(-len(drawn) // columns)
    strip, pitch = 3 * WIDTH, TITLE + HEIGHT + GAP
    image = Image.new("RGB", (columns * (strip + GAP) + GAP, rows * pitch + GAP), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(15)
    for number, (task, images) in enumerate(drawn.items()):
        x, y = GAP + number // rows * (strip + GAP), GAP + number % rows * pitch
        for place, (name, frame) in enumerate(zip((task, "middle", "success"), images, strict=True)):
            pen.text((x + place * WIDTH + 4, y), name if place else f"{task}: start", fill="black", font=font)
            image.paste(Image.fromarray(frame), (x + place * WIDTH, y + TITLE))
    return image.quantize(256, dither=Image.Dither.NONE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", metavar="TASK", nargs="*", help="default: all of the catalogue")
    parser.add_argument("--png", type=Path, default=ROOT / "docs" / "tasks.png")
    parser.add_argument("--episodes", type=int, default=16)
    arguments = parser.parse_args()
    for task in arguments.tasks:
        require_known("task", task, TASKS)
    drawn = {}
    for task in arguments.tasks or TASKS:
        drawn[task] = frames(task, arguments.episodes)
        print(task, flush=True)
    content = io.BytesIO()
    sheet(drawn).save(content, "png", optimize=True)
    atomic_write_bytes(arguments.png, content.getvalue())


if __name__ == "__main__":
    main()
