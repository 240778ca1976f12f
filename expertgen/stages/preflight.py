"""Steerability pre-flight: can noise alone take this prior to the target? Asked before anything is learnt.

DSRL (Wagenmaker et al. 2025, arXiv 2506.15799) can only choose among what the prior does under some noise. So:
how often does Gaussian noise succeed, zero noise (the prior's mode), the best of N noises of a start; how far do
actions move with noise; which starts does no noise solve?
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import provenance
from expertgen.data.publish import publication
from expertgen.make_env import make_env
from expertgen.metrics.wilson import Rate
from expertgen.params import Params, as_dict
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.report.figures import plot_ddim, plot_steerability
from expertgen.rollout import Episodes, run_episodes
from expertgen.seeds import torch_generator
from expertgen.stages.load_prior import load_prior
from expertgen.stages.preflight_spread import action_spread
from expertgen.stages.preflight_verdict import verdict
from expertgen.stages.progress import Progress, progress
from expertgen.stages.starts import PREFLIGHT, start_seeds
from expertgen.stages.threads import torch_threads
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Measure on `preflight.starts` starts of their own and write preflight.json, .md, .png to the reports."""
    with stage_lock(workspace.lock("preflight")):
        prior = load_prior(workspace)
        inputs = {"prior": workspace.data("prior")}
        parameters = {name: as_dict(getattr(params, name)) for name in ("simulation", "preflight")}
        del parameters["simulation"]["num_threads"]
        with timed(workspace, "preflight"), torch_threads(params.prior.num_threads):
            report = Preflight(params, task, prior).measure()
        report["provenance"] = provenance("preflight", task, params.seed, parameters, inputs)
        with publication(workspace.reports, "preflight") as folder:
            _figures(report, folder)
            atomic_write_text(folder / "preflight.md", _text(report))
            atomic_write_json(folder / "preflight.json", report)
        print(_text(report), file=sys.stderr)


class Preflight:
    """The measurements of one prior."""

    def __init__(self, params: Params, task: str, prior: DiffusionPrior) -> None:
        self.params, self.task, self.prior = params.preflight, task, prior
        self.seed = params.seed
        self.seeds = start_seeds(PREFLIGHT, params, self.params.starts)
        self.env = make_env(task, params.simulation, self.params.starts, prior.execute)

    def measure(self) -> dict:
        """All of it, as JSON values; success counts at any time and at the end of the episode."""
        counts = sorted(self.params.ddim_steps)
        with progress("preflight", self.params.noises + 1 + 2 * len(counts), "rollouts") as bar:
            draws = [self._shown(bar, self._gaussian(draw)) for draw in range(self.params.noises)]
            zero = self._shown(bar, self._zero())
            ddim = {str(count): self._ddim(bar, count) for count in counts}
        return self._report(draws, zero, ddim)

    def _shown(self, bar: Progress, episodes: Episodes) -> Episodes:
        bar.update(1, success=f"{episodes.success_end.mean():.1%}")
        return episodes

    def _report(self, draws: list[Episodes], zero: Episodes, ddim: dict) -> dict:
        success = np.stack([episodes.success_end for episodes in draws])
        starts = self.env.benchmark.start_pose(draws[0].start_objects)
        unsolved = np.flatnonzero(~success.any(0))
        report = {
            "starts": self.params.starts,
            "noises": self.params.noises,
            "seed": self.seed,
            "first_start_seed": int(self.seeds[0]),
            "definition": f"{self.env.benchmark.condition}, at the end of the episode; "
            "*_any: at the end of any control step",
            "target": self.params.target,
            # One noise per start, so that the interval's trials are independent; the mean over all beside it.
            "gaussian": Rate.of(success[0]).to_json(),
            "gaussian_any": Rate.of(draws[0].success_any).to_json(),
            "gaussian_mean": float(success.mean()),
            "zero": Rate.of(zero.success_end).to_json(),
            "zero_any": Rate.of(zero.success_any).to_json(),
            "best_of_n": Rate.of(success.any(0)).to_json(),
            "solved_by": success.sum(0).tolist(),
            "unsolved": [
                {"seed": int(self.seeds[i]), "x_m": round(float(starts[i, 0]), 4), "y_m": round(float(starts[i, 1]), 4),
                 "yaw_rad": round(float(starts[i, 2]), 4)}
                for i in unsolved
            ],
            "spread": action_spread(self.prior, draws[0].observation, self.params.noises, self.seed),
            "ddim": ddim,
        }
        return report | {"verdict": verdict(report)}

    def _gaussian(self, draw: int, steps: int | None = None) -> Episodes:
        generator = torch_generator("preflight", self.task, self.seed, draw)

        def act(observation: torch.Tensor) -> torch.Tensor:
            shape = (len(observation), self.prior.horizon, self.prior.action_dim)
            return self.prior.sample(observation, torch.randn(shape, generator=generator), steps)

        return run_episodes(self.env, act, self.seeds)

    def _zero(self, steps: int | None = None) -> Episodes:
        shape = (self.params.starts, self.prior.horizon, self.prior.action_dim)
        return run_episodes(self.env, lambda seen: self.prior.sample(seen, torch.zeros(shape), steps), self.seeds)

    def _ddim(self, bar: Progress, steps: int) -> dict:
        gaussian, zero = self._shown(bar, self._gaussian(0, steps)), self._shown(bar, self._zero(steps))
        return {
            "gaussian": Rate.of(gaussian.success_end).to_json(),
            "zero": Rate.of(zero.success_end).to_json(),
        }


def _figures(report: dict, folder: Path) -> None:
    definition = report["definition"].split(";")[0]
    caption = f"{report['starts']} starts from seed {report['first_start_seed']}; success: {definition}"
    zero = Rate.from_json(report["zero"])
    plot_steerability(
        folder / "preflight.png", report["solved_by"], report["noises"], zero_noise=zero, caption=caption
    )
    plot_ddim(folder / "ddim.png", ddim_series(report), caption=caption)


def ddim_series(report: dict) -> dict[str, dict[int, Rate]]:
    """Noise → DDIM steps → rate, as report.figures.plot_ddim takes it."""
    return {
        name: {int(steps): Rate.from_json(rates[key]) for steps, rates in report["ddim"].items()}
        for name, key in (("Gaussian noise", "gaussian"), ("zero noise", "zero"))
    }


def _text(report: dict) -> str:
    spread = report["spread"]
    lines = [
        f"Steerability pre-flight: {report['starts']} starts, success = {report['definition'].split(';')[0]}.",
        f"- Gaussian noise: {Rate.from_json(report['gaussian'])}",
        f"- zero noise: {Rate.from_json(report['zero'])}",
        f"- best of {report['noises']} Gaussian noises: {Rate.from_json(report['best_of_n'])}; "
        f"{len(report['unsolved'])} starts solved by none",
        f"- noise moves an action's tool position by {spread['position_mm']:.1f} mm and its yaw by "
        f"{spread['yaw_deg']:.1f} degrees (standard deviations over noises)",
        f"- verdict: **{report['verdict']['answer']}**. {report['verdict']['reason']}",
    ]
    return "\n".join(lines) + "\n"
