"""One process of robosuite's Lift, timed for robosuite_lift.py in the environment that it makes.

Waits for a line on standard input before each measurement, so that all workers start together; answers each with a
JSON line. Arguments: control rate in Hz, seconds to run, seed.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import robosuite


def main() -> None:
    rate, seconds, seed = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    env = robosuite.make(
        "Lift", robots="Panda", has_renderer=False, has_offscreen_renderer=False, use_camera_obs=False,
        control_freq=rate, hard_reset=False, ignore_done=True,
    )  # fmt: skip
    generator = np.random.default_rng(seed)
    low, high = env.action_spec
    env.reset()
    for _ in range(20):  # numba compiles on the first steps
        env.step(np.zeros_like(low))
    print(json.dumps({"physics_step": env.model_timestep}), flush=True)
    for _ in sys.stdin:
        env.reset()
        processor, wall, steps = time.process_time(), time.perf_counter(), 0
        while time.perf_counter() - wall < seconds:
            env.step(generator.uniform(low, high))
            steps += 1
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(json.dumps({"steps": steps, "wall": wall, "processor": processor}), flush=True)


if __name__ == "__main__":
    main()
