"""The diffusion process as diffusers' schedulers define it, with a squared cosine schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

from expertgen.errors import InvalidParameter

Prediction = Literal["sample", "epsilon"]


def ddpm_scheduler(train_steps: int, prediction: Prediction) -> DDPMScheduler:
    """The forward process of training, eq. 4 of ExpertGen."""
    return DDPMScheduler(
        num_train_timesteps=train_steps, beta_schedule="squaredcos_cap_v2", prediction_type=prediction
    )


def ddim_scheduler(train_steps: int, prediction: Prediction, clip: float | None) -> DDIMScheduler:
    """The deterministic reverse process, eq. 6 of ExpertGen.

    Step it with eta=0 and use_clipped_model_output=True.

    Trailing spacing: the first step is the noisiest one of training, so the initial noise is x_T itself
    (alpha-bar 2e-7), which is what steering chooses; leading spacing would start at a partly denoised step.

    `clip` bounds the predicted clean chunk (normalised units). Noise prediction needs it: at the first step
    an error of the network is divided by sqrt(alpha-bar), multiplied by 2000. The noise is then recomputed
    from the clamped chunk, or the two would not describe the same noisy chunk. A predicted clean chunk needs
    no bound, and [-1, 1] would cut into standardised data.
    """
    return DDIMScheduler(
        num_train_timesteps=train_steps,
        beta_schedule="squaredcos_cap_v2",
        prediction_type=prediction,
        clip_sample=clip is not None,
        clip_sample_range=clip if clip is not None else 1.0,
        timestep_spacing="trailing",
    )


@dataclass(frozen=True)
class DDIMStep:
    """One denoising step: clean = clamp(p x + q network(x)), then x <- a x + b clean."""

    timestep: int
    p: float
    q: float
    a: float
    b: float


def ddim_steps(scheduler: DDIMScheduler, steps: int) -> tuple[DDIMStep, ...]:
    """The coefficients of `scheduler.step` at `steps` denoising steps.

    The previous timestep is diffusers' t - T // steps, which for some counts differs by one from the next
    timestep in its own list. For five counts of 100 (29, 31, 58, 62, 97) rounding makes that list end with a
    spurious -1, after the chunk is already clean; it is left out. Raises InvalidParameter unless 1 <= `steps`
    <= training steps.
    """
    train_steps: int = scheduler.config["num_train_timesteps"]
    if not 1 <= steps <= train_steps:
        raise InvalidParameter(
            f"{steps} DDIM steps asked for; the prior was trained with {train_steps} diffusion steps, "
            f"so give a number from 1 to {train_steps}."
        )
    scheduler.set_timesteps(steps)
    predicts_clean = scheduler.config["prediction_type"] == "sample"
    result = []
    for timestep in (int(t) for t in scheduler.timesteps if t >= 0):
        previous = timestep - train_steps // steps
        now = float(scheduler.alphas_cumprod[timestep])
        then = float(scheduler.alphas_cumprod[previous] if previous >= 0 else scheduler.final_alpha_cumprod)
        a = math.sqrt((1 - then) / (1 - now))
        p, q = (0.0, 1.0) if predicts_clean else (1 / math.sqrt(now), -math.sqrt((1 - now) / now))
        result.append(DDIMStep(timestep, p, q, a, math.sqrt(then) - a * math.sqrt(now)))
    return tuple(result)
