"""Which starts this run keeps for what."""

from __future__ import annotations

from expertgen.params import Params
from expertgen.stages.starts import DEMOS, LEARNING_CURVE, PREFLIGHT, start_seeds


def seed_uses(params: Params) -> dict[str, range]:
    """What starts are used for → their seeds. Evaluation comes first: a seed of two uses is told as evaluation's.

    Raises InvalidParameter for a `seed` without room.
    """
    evaluated = params.evaluate
    counted = {
        "pre-flight": (PREFLIGHT, params.preflight.starts),
        "learning curve": (LEARNING_CURVE, params.steer.evaluate_episodes),
        "demonstrations": (DEMOS, params.demos.episodes),
    }
    uses = {"evaluation": range(evaluated.seed, evaluated.seed + evaluated.episodes)}
    for use, (kind, count) in counted.items():
        first = int(start_seeds(kind, params, 1)[0])
        uses[use] = range(first, first + count)
    return uses | {"steering": range(2**32, 2**63)}  # see learn.steering_seeds
