"""How far a prior's actions move with its initial noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from expertgen.policies.diffusion import DiffusionPrior
from expertgen.seeds import torch_generator


def action_spread(prior: DiffusionPrior, observations: NDArray[np.float32], noises: int, seed: int) -> dict[str, Any]:
    """Standard deviations, over `noises` Gaussian noises, of the executed actions at visited states.

    observations (N, T, D) of whole episodes; each chunk's first one is used, of up to 64 episodes. Returns root
    mean squares over states and executed actions: tool position in mm (3-D), yaw in degrees, the share of actions
    for which noises disagree on the gripper; and position by chunk of the episode, in mm.
    """
    visited = torch.from_numpy(observations[:64, :: prior.execute])  # (N, C, D)
    episodes, chunks, dim = visited.shape
    generator = torch_generator("preflight", "spread", seed)
    flat = visited.reshape(-1, dim)
    shape = (len(flat), prior.horizon, prior.action_dim)
    sampled = [prior.sample(flat, torch.randn(shape, generator=generator)) for _ in range(noises)]
    actions = torch.stack(sampled)[:, :, : prior.execute]  # (noises, N * C, E, 10)
    variance = actions[..., :3].var(0).sum(-1).reshape(episodes, chunks, -1)
    yaw = torch.atan2(actions[..., 4], actions[..., 3])  # of the rotation's first column
    turned = torch.stack((yaw.cos(), yaw.sin())).mean(1).norm(dim=0).clamp(max=1)  # 1: all noises agree
    closing = (actions[..., 9] > 0).float().mean(0)
    return {
        "position_mm": 1000 * float(variance.mean().sqrt()),
        "position_mm_by_chunk": [round(1000 * float(v), 2) for v in variance.mean((0, 2)).sqrt()],
        "yaw_deg": float(torch.rad2deg((-2 * turned.clamp(min=1e-9).log()).mean().sqrt())),
        "gripper_disagreement": float(((closing > 0) & (closing < 1)).float().mean()),
    }
