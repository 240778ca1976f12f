"""The scripted policy: a script, planned when an episode starts and carried out without looking."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from expertgen.env import Env
from expertgen.params import ScriptParams
from expertgen.seeds import generator
from expertgen.skills import Planner


class ScriptedPolicy:
    """`plan` an episode for each environment, then `act`. Flaws follow params.yaml's `script`.

    script(planner) makes the plans; None for the benchmark's own.
    """

    def __init__(
        self, env: Env, params: ScriptParams, horizon: int, script: Callable[[Planner], None] | None = None
    ) -> None:
        self.env, self.params, self.horizon = env, params, horizon
        self._script = script or env.benchmark.script
        self.planned = np.zeros(0, dtype=np.int64)  # (B,) control steps of each plan, which the episode may cut
        self._plan = torch.zeros(env.num_envs, 0, 10)

    def plan(self, seeds: NDArray[np.int64]) -> None:
        """Plan whole episodes from the environments' present state; `seeds` (B,) draw each one's pose noise.

        Raises what the script raises."""
        env = self.env
        position, rotation = env.kinematics.forward(env.simulator.state().joints)
        yaw = np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])
        scale = np.array([self.params.position_noise] * 2 + [self.params.yaw_noise])
        noise = scale * np.stack([generator("script", int(seed)).standard_normal(3) for seed in seeds])
        planner = Planner(
            position, yaw, env.start_objects, noise, self.params, 1 / env.params.control_hz, env.benchmark.articulated
        )
        self._script(planner)
        self.planned = np.array([sum(map(len, plan)) for plan in planner.plans])
        actions = planner.actions(env.episode_steps + self.horizon)
        self._plan = torch.from_numpy(actions.astype(np.float32))

    def act(self, observation: torch.Tensor) -> torch.Tensor:
        """(B, horizon, 10) the next actions of each environment's plan."""
        steps = torch.from_numpy(self.env.elapsed)[:, None] + torch.arange(self.horizon)
        steps = steps.clamp(max=self._plan.shape[1] - 1)
        return torch.gather(self._plan, 1, steps[..., None].expand(-1, -1, self._plan.shape[-1]))

    def reset(self, mask: torch.Tensor) -> None:
        """Nothing to forget: plans are made by `plan`."""
