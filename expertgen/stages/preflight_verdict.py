"""The plain answer of the pre-flight."""

from __future__ import annotations

from typing import Any

from expertgen.metrics.wilson import Rate

# Below this the noise hardly moves the hand: a grasp needs corrections of millimetres.
MIN_SPREAD_MM = 1.0


def verdict(report: dict[str, Any]) -> dict[str, str]:
    """answer: yes | doubtful | no, and the reason, from the measurements of the pre-flight.

    A start that one of N random noises solves is within reach of a policy that chooses noise. So the share of
    such starts is a lower estimate of what steering can reach, and N noises that all fail say little: an actor
    moves along whole directions of noise, chunk by chunk, as random draws do not.
    """
    target, best, zero = report["target"], Rate.from_json(report["best_of_n"]), Rate.from_json(report["zero"])
    spread, reach = report["spread"]["position_mm"], f"best of {report['noises']} noises: {best}"
    if spread < MIN_SPREAD_MM:
        return _answer("no", f"noise moves actions by {spread:.2f} mm only; use sample prediction or fewer DDIM steps")
    if best.successes == 0:
        return _answer("no", f"{reach}; no reward would ever be seen. Improve the demonstrations or the prior")
    if zero.interval[0] >= target:
        return _answer("yes", f"zero noise alone already meets the target of {target:.1%}: {zero}")
    if best.interval[1] >= target:
        return _answer("yes", f"{reach} is consistent with the target of {target:.1%}")
    if best.rate >= 1 - 4 * (1 - target):
        return _answer("doubtful", f"{reach}, short of the target of {target:.1%}, though noise chosen chunk by chunk "
                       "reaches further than random draws")  # fmt: skip
    return _answer("no", f"{reach}, far from the target of {target:.1%}. Demonstrations must cover the unsolved starts")


def _answer(answer: str, reason: str) -> dict[str, str]:
    return {"answer": answer, "reason": reason[0].upper() + reason[1:] + "."}
