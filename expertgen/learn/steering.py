"""Diffusion steering with FastTD3: reinforcement learning over a frozen prior's initial noise.

ExpertGen, section IV-B and Table VI; DSRL, Wagenmaker et al. 2025 (arXiv 2506.15799). One decision is one
executed chunk of one environment: the noise that the prior turns into actions. The discount is per chunk.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expertgen.errors import InvalidParameter
from expertgen.learn.fasttd3 import FastTD3, Losses
from expertgen.learn.replay import Replay
from expertgen.learn.steering_collector import Collector
from expertgen.learn.steering_progress import Progress
from expertgen.learn.steering_state import read_state, write_state
from expertgen.params import SteerParams, as_dict
from expertgen.policies.action_view import ActionView
from expertgen.policies.choice import CriticChoice
from expertgen.policies.noise_space import NoiseSpace
from expertgen.policies.relative import TOOL_FEATURES
from expertgen.policies.steered import SteeredPolicy

if TYPE_CHECKING:
    from expertgen.env import Env
    from expertgen.policies.diffusion import DiffusionPrior

Evaluate = Callable[[SteeredPolicy], dict[str, Any]]


class Steering:
    """A run: `warmup_steps` vector steps of Gaussian noise, then `critic_warmup_updates` of the critics
    alone, then `updates` for every `update_every` vector steps. All chance is keyed by task and seed.

    `curve` is the learning curve so far: for each evaluation a dict of decisions, wall_time_s, and what
    `evaluate` returned. It has a point at 0 decisions, and at each multiple of `evaluate_every` passed.
    """

    def __init__(
        self, env: Env, prior: DiffusionPrior, params: SteerParams, task: str, seed: int,
        evaluate: Evaluate | None = None,
    ) -> None:
        """Resets `env`, which belongs to the run from here on; `evaluate` must use another.

        Raises InvalidParameter for the two-atom critic with rewards that can add up to more than 1.
        """
        if params.critic.loss == "bce" and not params.reward.terminate:
            raise InvalidParameter(
                "steer.critic.loss: found bce with steer.reward.terminate: false, expected terminate: true, "
                "since its two atoms are returns of 0 and 1. Or use c51 with v_max of about 1 / (1 - gamma)."
            )
        self._env, self._prior, self._params, self._evaluate = env, prior, params, evaluate
        self._task, self._seed = task, seed
        self._noise_space = NoiseSpace(params.noise, prior.horizon, prior.action_dim)
        self._frames = env.benchmark.frames if params.object_features else ()
        dim = env.observation_dim + TOOL_FEATURES * len(self._frames) + params.time_feature
        view = self._view() if params.critic.sees == "actions" else None
        self._learner = FastTD3(dim, self._noise_space.dim, params, view, "steer", task, seed)
        sizes = (dim, self._learner.judged_dim)
        self._replay = Replay(params.replay, env.num_envs, *sizes, params.n_step, params.gamma)
        self._collector = Collector(env, prior, self._noise_space, params, view, self._frames, task, seed)
        self._losses: Losses | None = None
        self._vector_steps = 0
        self._wall_time_s = 0.0
        self.curve: list[dict[str, Any]] = []

    def _view(self) -> ActionView:
        return ActionView(self._prior, self._noise_space, self._env.observation_dim, self._frames)

    @property
    def decisions(self) -> int:
        return self._vector_steps * self._env.num_envs

    def policy(self) -> SteeredPolicy:
        """The present policy, as a copy that further learning does not change."""
        actor = copy.deepcopy(self._learner.average.module)
        episode_steps = self._env.episode_steps if self._params.time_feature else None
        normaliser, shape = self._learner.normaliser, self._params.actor
        return SteeredPolicy(
            self._prior, actor, shape, normaliser, self._noise_space, episode_steps, self._frames, self._choice()
        )

    def _choice(self) -> CriticChoice | None:
        params = self._params
        if params.choice.candidates == 1 or self._losses is None:  # critics that have seen nothing have no say
            return None
        critic = copy.deepcopy(self._learner.target)
        return CriticChoice(critic, params.critic, params.choice, self._noise_space, self._learner.view)

    def run(self, until_decisions: int) -> Iterator[Progress]:
        """Go on until at least so many decisions were taken, with a Progress after each vector step.

        Between two of them the state is whole: save it there.
        """
        if self.decisions == 0 and not self.curve:
            self._add_curve_point()
        while self.decisions < until_decisions:
            started = time.perf_counter()
            warming_up = self._vector_steps < self._params.warmup_steps
            self._collector.step(self._learner, self._replay, random=warming_up)
            self._vector_steps += 1
            self._learn()
            self._wall_time_s += time.perf_counter() - started
            every = self._params.evaluate_every
            due = self.decisions // every > (self.decisions - self._env.num_envs) // every
            yield self._progress(self._add_curve_point() if due else None)

    def _learn(self) -> None:
        params, since = self._params, self._vector_steps - self._params.warmup_steps
        if since == (0 if params.warmup_steps else 1) and params.critic_warmup_updates:
            self._losses = self._learner.learn(self._replay, params.critic_warmup_updates, with_actor=False)
        if since >= 0 and self._vector_steps % params.update_every == 0:
            done = min(self.decisions / params.decisions, 1.0)
            rate = 1.0 + done * (params.final_learning_rate - 1.0)
            self._losses = self._learner.learn(self._replay, params.updates, rate=rate)

    def _add_curve_point(self) -> dict[str, Any] | None:
        if self._evaluate is None:
            return None
        point = {"decisions": self.decisions, "wall_time_s": self._wall_time_s}
        self.curve.append(point | self._evaluate(self.policy()))
        return self.curve[-1]

    def _progress(self, evaluation: dict[str, Any] | None) -> Progress:
        return Progress(
            decisions=self.decisions,
            wall_time_s=self._wall_time_s,
            episodes=self._collector.episodes,
            success=self._collector.steered.share(),
            gaussian_success=self._collector.gaussian.share(),
            losses=self._losses,
            evaluation=evaluation,
        )

    def save_state(self, path: Path) -> None:
        """Write all that the future depends on as a checkpoint directory, replacing an earlier one whole."""
        collector, counters = self._collector.state()
        tensors = {"learner": self._learner.state(), "replay": self._replay.state(), "collector": collector}
        own = {"vector_steps": self._vector_steps, "wall_time_s": self._wall_time_s, "curve": self.curve}
        losses = as_dict(self._losses) if self._losses else None
        write_state(path, self._identity(), tensors, own | {"losses": losses, "collector": counters})

    def load_state(self, path: Path) -> None:
        """Continue bit for bit from what `save_state` wrote, in a run made with equal arguments.

        Raises MissingInput, CorruptArtifact, and IncompatibleArtifact for another run's state.
        """
        tensors, counters = read_state(path, self._identity())
        self._learner.restore(tensors["learner"], str(path))
        self._replay.restore(tensors["replay"])
        self._collector.restore(tensors["collector"], counters["collector"])
        self._vector_steps, self._wall_time_s = counters["vector_steps"], counters["wall_time_s"]
        self._losses = Losses(**counters["losses"]) if counters["losses"] else None
        self.curve = counters["curve"]

    def _identity(self) -> dict[str, Any]:
        return {
            "task": self._task,
            "seed": self._seed,
            "num_envs": self._env.num_envs,
            "prior": self._prior.fingerprint(),
            "params": as_dict(self._params),
        }
