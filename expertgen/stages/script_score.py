"""How a program fares in simulation: its verdict, success over fresh starts, and what went wrong how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.env import WORKSPACE
from expertgen.geometry import slide_distance
from expertgen.make_env import make_env
from expertgen.metrics.wilson import Rate
from expertgen.params import Params
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.programs.recorded import as_script
from expertgen.programs.verdict import ProgramFailed, Verdict
from expertgen.rollout import Episodes, concatenate, run_episodes
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.layout import SceneLayout

_BATCH = 128
_CHUNK = 8  # control steps per engine call; changes speed alone
MOVED, RAISED, OPENED = 0.02, 0.05, 0.05  # m


@dataclass(frozen=True)
class Score:
    """A program's verdict and, where it ran to its end, its rates on the starts that `seeds` name.

    failures: how often of n what happened, in words. at_end counts success at the end of the episode, any_time at the
    end of some control step."""

    verdict: Verdict
    seeds: NDArray[np.int64]
    at_end: Rate | None = None
    any_time: Rate | None = None
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Larger is better: success at the end, at any time, running at all."""
        if self.at_end is None or self.any_time is None:
            return (0, 0, 0)
        return (self.at_end.successes, self.any_time.successes, 1)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        verdict = {"kind": self.verdict.kind, "message": self.verdict.message, "line": self.verdict.line}
        starts = {"first_seed": int(self.seeds[0]), "n": len(self.seeds)}
        if self.at_end is None or self.any_time is None:
            return {"verdict": verdict, "starts": starts}
        rates = {"success_end": self.at_end.to_json(), "success_any": self.any_time.to_json()}
        return {"verdict": verdict, "starts": starts, **rates, "failures": self.failures}

    def text(self) -> str:
        """For a person, or the model that is to do better."""
        if self.at_end is None or self.any_time is None:
            return f"The program did not run to its end. {self.verdict}"
        n = len(self.seeds)
        lines = [f"{count} of {n}: {what}" for what, count in self.failures.items() if count]
        return "\n".join([
            f"success at the end of the episode {self.at_end}, at any time {self.any_time}, n = {n}, 95 % Wilson",
            *(["What went wrong, in how many episodes:", *lines] if lines else []),
        ])  # fmt: skip


def score(program: str | None, params: Params, task: str, seeds: NDArray[np.int64]) -> Score:
    """Run a program's text, or the shipped script for None, from the starts `seeds` (N,), with the flaws of
    params.script."""
    parts, cut = [], 0
    for batch in np.split(seeds, range(_BATCH, len(seeds), _BATCH)):
        env = make_env(task, params.simulation, len(batch), _CHUNK)
        policy = ScriptedPolicy(env, params.script, _CHUNK, as_script(program, WORKSPACE))
        try:
            parts.append(run_episodes(env, policy.act, batch, on_start=policy.plan))
        except ProgramFailed as failed:
            return Score(failed.verdict, seeds)
        cut += int((policy.planned > env.episode_steps).sum())
    episodes = concatenate(parts)
    success = episodes.success & episodes.healthy[:, None]
    failures = {"the plan is longer than the episode, and cut": cut} | _failures(params, task, episodes)
    return Score(Verdict("ok"), seeds, Rate.of(success[:, -1]), Rate.of(success.any(1)), failures)


def object_names(params: Params, task: str) -> dict[int, str]:
    """Names of a task's objects, by the ids that programs use: an articulated one first."""
    benchmark = _benchmark(task)
    model = build_tabletop(params.simulation.robot, params.simulation.timestep, benchmark.add_objects)
    names = [str(model.body(int(body)).name) for body in SceneLayout(model).object_bodies]
    return dict(enumerate([*(["articulated object"] if benchmark.articulated else []), *names], start=1))


def _failures(params: Params, task: str, episodes: Episodes) -> dict[str, int]:
    benchmark, names = _benchmark(task), object_names(params, task)
    lost = episodes.success_any & ~episodes.success_end
    found = {"successful at some time, but not at the end": lost, "the simulation failed": ~episodes.healthy}
    for free in range(benchmark.num_free):
        number = free + 1 + benchmark.articulated
        way = episodes.objects[:, :, free, :3] - episodes.start_objects[:, None, free, :3]
        moved = (np.linalg.norm(way, axis=-1) >= MOVED).any(1)
        raised, still = (way[..., 2] >= RAISED).any(1), way[:, -1, 2] >= RAISED
        name = f"object {number} ({names[number]})"
        found[f"{name} never moved by {100 * MOVED:g} cm"] = ~moved
        found[f"{name} moved, but was never raised by {100 * RAISED:g} cm"] = moved & ~raised
        found[f"{name} was raised, and is down again at the end"] = raised & ~still
    if benchmark.articulated:
        opening = slide_distance(episodes.objects[:, -1, -2], episodes.objects[:, -1, -1])
        found[f"object 1 is opened by less than {100 * OPENED:g} cm at the end"] = opening < OPENED
    return {what: int(flags.sum()) for what, flags in found.items()}


def _benchmark(task: str) -> Any:
    from expertgen.benchmarks import TASKS

    return TASKS[task]
