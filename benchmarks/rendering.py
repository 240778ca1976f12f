"""What students' cameras cost: vision.painter.Painter against MuJoCo's bare renderer, and whole observations.

    python benchmarks/rendering.py [--task lift_banana] [--repeats 12] [--processes 1 2] [--json PATH]

The painter draws every camera of 16 episodes one after the other, each dressed anew in the look and state of its own:
that is how students' observations are made. The bare renderer, mujoco.Renderer's update_scene and render and nothing
else, draws the very same dressed scene at the same size, with the same settings (no shadows, no multisampling, no
reflections, no sky, round shapes of as few faces, the same groups of geoms); colour and depth take it two drawings.
Both are timed episode by episode, in alternating order; the ratio is painter over bare frames a second, of which the
file holds median and quartiles over the repeats. Drawing stays in the thread that asks for it (LP_NUM_THREADS=0), so a
rate is one core's; with two processes both measure at the same time and rates are their sums.

Observations are those of CameraEnv.see: all cameras, their faults, the merged cloud. Where mujoco_warp and an NVIDIA
GPU are at hand, its ray tracer draws the same cameras in many worlds at once.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("LP_NUM_THREADS", "0")

import multiprocessing
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import expertgen.sims  # noqa: F401  # isort: skip  # before mujoco: it chooses how to render
import mujoco
import numpy as np
from rendering_warp import warp_rates

from expertgen.benchmarks import TASKS
from expertgen.camera_env import CameraEnv, look_seed
from expertgen.data.atomic import atomic_write_json
from expertgen.env import start_generator
from expertgen.errors import require_known
from expertgen.make_env import make_env
from expertgen.params import Params, load_params
from expertgen.scenes.panda import COLLISION_GROUP
from expertgen.vision.canvas import egl_works
from expertgen.vision.look import draw_look
from expertgen.vision.painter import Painter

ROOT = Path(__file__).resolve().parents[1]
EPISODES, OBSERVED = 16, 16
KINDS = {"colour": (True, False), "depth": (False, True), "both": (True, True)}
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "processor": time.process_time}
_FLAGS = (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION, mujoco.mjtRndFlag.mjRND_SKYBOX,
          mujoco.mjtRndFlag.mjRND_HAZE)  # fmt: skip


class Pair:
    """A painter, and bare renderers of its model, with what the painter is to draw."""

    def __init__(self, params: Params, task: str) -> None:
        vision, benchmark = params.vision, TASKS[task]
        self.painter = Painter(params.simulation.robot, benchmark.add_objects, vision, "egl")
        self.model, self.cameras = self.painter.model, self.painter.dresser.parts.cameras
        self.starts = [benchmark.reset_distribution(start_generator(seed)) for seed in range(EPISODES)]
        self.looks = [draw_look(vision, benchmark.num_objects, look_seed(0, seed)) for seed in range(EPISODES)]
        # The painter has set the model's quality by now, which a renderer takes over when it is made.
        self.colour, self.depth = (mujoco.Renderer(self.model, vision.height, vision.width) for _ in range(2))
        self.depth.enable_depth_rendering()
        self.option = mujoco.MjvOption()
        self.option.geomgroup[COLLISION_GROUP] = 0
        for renderer in (self.colour, self.depth):
            for flag in _FLAGS:
                renderer.scene.flags[flag] = 0

    def paint(self, episode: int, colour: bool, depth: bool) -> None:
        """All cameras of an episode, by the painter."""
        start = self.starts[episode]
        self.painter.draw(
            self.looks[episode], start.objects, start.joints, start.fingers, start.objects, colour, depth
        )

    def render(self, colour: bool, depth: bool) -> None:
        """All cameras of the scene as the painter has left it, by the bare renderers."""
        for camera in self.cameras:
            for renderer, wanted in ((self.colour, colour), (self.depth, depth)):
                if wanted:
                    renderer.update_scene(self.painter.data, camera=int(camera), scene_option=self.option)
                    renderer.render()

    def close(self) -> None:
        """Free the graphics contexts."""
        self.colour.close()
        self.depth.close()
        self.painter.close()


def timed(work: Callable[[], Any]) -> np.ndarray:
    """Seconds on each of CLOCKS."""
    before = [clock() for clock in CLOCKS.values()]
    work()
    return np.array([clock() for clock in CLOCKS.values()]) - before


def one_repeat(pair: Pair, colour: bool, depth: bool, swap: int) -> np.ndarray:
    """Seconds (painter or bare, clock) for all episodes, in alternating order."""
    total = np.zeros((2, len(CLOCKS)))
    for episode in range(EPISODES):
        runs = [(0, lambda e=episode: pair.paint(e, colour, depth)), (1, lambda: pair.render(colour, depth))]
        if (episode + swap) % 2:
            pair.paint(episode, colour, depth)  # so that the bare renderer has the same scene to draw
            runs.reverse()
        for which, work in runs:
            total[which] += timed(work)
    return total


def measure(params: Params, task: str, repeats: int, barrier: Barrier) -> dict[str, Any]:
    """Seconds (repeats, painter or bare, clock) of each of KINDS, and (repeats, clock) of an observation of each kind,
    after one of warm-up; processes wait for one another before each repeat."""
    pair, found = Pair(params, task), {}
    for kind, (colour, depth) in KINDS.items():
        rows = []
        for repeat in range(repeats + 1):
            barrier.wait()
            rows.append(one_repeat(pair, colour, depth, repeat))
        found[kind] = np.stack(rows[1:])
    simulation = params.simulation
    env = make_env(task, simulation, OBSERVED, params.prior.execute)
    for sees in ("points", "images"):
        cameras = CameraEnv(env, params.vision, sees, painter=pair.painter)
        cameras.reset(np.arange(OBSERVED))
        rows = []
        for _ in range(repeats + 1):
            barrier.wait()
            rows.append(timed(cameras.see))
        found[sees] = np.stack(rows[1:])
    pair.close()
    return found


def _work(params: Params, task: str, repeats: int, barrier: Barrier, results: Any) -> None:
    results.put(measure(params, task, repeats, barrier))


def measure_together(params: Params, task: str, repeats: int, count: int) -> list[dict[str, Any]]:
    """What `count` processes measure at the same time."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(count), context.Queue()
    workers = [context.Process(target=_work, args=(params, task, repeats, barrier, results)) for _ in range(count)]
    for worker in workers:
        worker.start()
    found = [results.get(timeout=3600) for _ in workers]
    for worker in workers:
        worker.join()
    return found


def summary(found: list[dict[str, Any]], cameras: int) -> dict[str, Any]:
    """Rates, summed over processes, and ratios of painter over bare renderer."""
    result: dict[str, Any] = {"processes": len(found), "frames": {}, "observations_per_s": {}}
    for kind in KINDS:
        seconds = np.stack([each[kind] for each in found])  # (process, repeat, painter or bare, clock)
        result["frames"][kind] = {}
        for index, clock in enumerate(CLOCKS):
            painter, bare = seconds[..., 0, index], seconds[..., 1, index]
            low, middle, high = np.percentile(bare / painter, [25, 50, 75])
            result["frames"][kind][clock] = {
                "painter_per_s": round(float((EPISODES * cameras / np.median(painter, 1)).sum())),
                "bare_per_s": round(float((EPISODES * cameras / np.median(bare, 1)).sum())),
                "ratio": round(float(middle), 3),
                "ratio_quartiles": [round(float(low), 3), round(float(high), 3)],
            }
    for sees in ("points", "images"):
        seconds = np.median(np.stack([each[sees] for each in found]), axis=1)
        rates = (OBSERVED / seconds).sum(0)
        result["observations_per_s"][sees] = {clock: round(float(r)) for clock, r in zip(CLOCKS, rates, strict=True)}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="lift_banana")
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", type=Path, default=ROOT / "reports/benchmarks/rendering.json")
    arguments = parser.parse_args()
    require_known("task", arguments.task, TASKS)
    params = load_params(ROOT / "params.yaml", task=arguments.task)
    if not egl_works():
        raise SystemExit("no EGL here, so there is no bare renderer to compare with: install libegl1, libgl1-mesa-dri")
    rows = []
    for count in arguments.processes:
        found = measure_together(params, arguments.task, arguments.repeats, count)
        rows.append(summary(found, len(params.vision.cameras)))
        for kind, clocks in rows[-1]["frames"].items():
            row = clocks["wall"]
            print(f"{count} processes, {kind:6} {row['painter_per_s']:5} of {row['bare_per_s']:5} frames/s, "
                  f"ratio {row['ratio']:.3f} {row['ratio_quartiles']}, of processor time "
                  f"{clocks['processor']['ratio']:.3f}", flush=True)  # fmt: skip
        print(f"{count} processes, observations/s {rows[-1]['observations_per_s']}", flush=True)
    vision = params.vision
    content = {
        "task": arguments.task, "width": vision.width, "height": vision.height, "cameras": len(vision.cameras),
        "episodes": EPISODES, "repeats": arguments.repeats, "cores": os.cpu_count(), "runs": rows,
        "mujoco_warp": warp_rates(params, arguments.task),
    }  # fmt: skip
    print(f"mujoco_warp: {content['mujoco_warp']}")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_json(arguments.json, content)


if __name__ == "__main__":
    main()
