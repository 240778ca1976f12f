"""What trials came to, unblinded: success of each policy, comparisons on matched starts, invalid trials."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np

from expertgen.metrics.paired import mcnemar_exact
from expertgen.metrics.wilson import Rate
from expertgen.trials.attempts import Attempt
from expertgen.trials.intervals import clopper_pearson
from expertgen.trials.order import letters_of
from expertgen.trials.record import read_record
from expertgen.trials.recorded import Recorded, require_ended

Outcomes = dict[int, bool]  # block → success, of one policy


def results(recorded: Recorded) -> dict[str, Any]:
    """The numbers of a report, plain JSON. Raises IncompatibleArtifact while trials are left, CorruptArtifact."""
    require_ended(recorded)
    protocol, letters = recorded.protocol, letters_of(recorded.protocol)
    outcomes = {policy.name: _outcomes(recorded, letter) for letter, policy in letters.items()}
    names = [policy.name for policy in protocol.terms.policies]
    return {
        "robot": protocol.terms.robot, "success": protocol.terms.success, "n": protocol.terms.n,
        "seed": protocol.terms.seed, "protocol_sha256": protocol.sha256, "log_sha256": recorded.head,
        "operators": sorted({str(entry["operator"]) for entry in recorded.entries if "operator" in entry}),
        "scored_by": dict(sorted(Counter(attempt.by for attempt in recorded.attempts).items())),
        "policies": [_policy(recorded, letter, letters[letter].name, outcomes) for letter in
                     sorted(letters, key=lambda letter: names.index(letters[letter].name))],
        "paired": [_paired(first, second, outcomes) for first, second in combinations(names, 2)],
        "attempts": len(recorded.attempts),
        "invalid": [_invalid(attempt, letters[attempt.letter].name)
                    for attempt in recorded.attempts if attempt.verdict == "invalid"],
        "without_result": [{"trial": trial.number, "policy": letters[trial.letter].name, "start": trial.start + 1}
                           for trial in recorded.trials if trial.block not in outcomes[letters[trial.letter].name]],
        "starts": [_start(recorded, block, outcomes) for block in range(protocol.terms.n)],
    }  # fmt: skip


def _outcomes(recorded: Recorded, letter: str) -> Outcomes:
    blocks = {trial.number: trial.block for trial in recorded.trials}
    counted = [attempt for attempt in recorded.attempts if attempt.letter == letter and attempt.counts]
    return {blocks[attempt.trial]: attempt.verdict == "success" for attempt in counted}


def _policy(recorded: Recorded, letter: str, name: str, outcomes: dict[str, Outcomes]) -> dict[str, Any]:
    policy = next(one for one in recorded.protocol.terms.policies if one.name == name)
    found: dict[str, Any] = {"name": name, "letter": letter, "checkpoint": policy.checkpoint, "sha256": policy.sha256}
    values = list(outcomes[name].values())
    found["success"] = None
    if values:
        low, high = clopper_pearson(sum(values), len(values))
        found["success"] = Rate(sum(values), len(values)).to_json() | {"exact_low": low, "exact_high": high}
    counted = [attempt for attempt in recorded.attempts if attempt.letter == letter and attempt.counts]
    records = [read_record(recorded.episode(attempt)) for attempt in counted if attempt.record]
    decisions = Counter(f"{one.check}: {one.verdict}" for record in records for one in record.decisions)
    found["seconds"] = float(np.mean([record.seconds for record in records])) if records else None
    found["filter"] = dict(sorted(decisions.items()))
    found["failures"] = dict(sorted(Counter(one.reason for one in counted if one.verdict == "failure").items()))
    return found


def _paired(first: str, second: str, outcomes: dict[str, Outcomes]) -> dict[str, Any]:
    """Both policies on the starts at which both have a result: exact McNemar."""
    shared = sorted(outcomes[first].keys() & outcomes[second].keys())
    one, other = (np.array([outcomes[name][block] for block in shared], dtype=bool) for name in (first, second))
    return {
        "first": first, "second": second, "n": len(shared), "both": int((one & other).sum()),
        "only_first": int((one & ~other).sum()), "only_second": int((other & ~one).sum()),
        "neither": int((~one & ~other).sum()), "p_value": mcnemar_exact(one, other),
    }  # fmt: skip


def _invalid(attempt: Attempt, name: str) -> dict[str, Any]:
    return {"trial": attempt.trial, "attempt": attempt.attempt, "policy": name, "start": attempt.start + 1,
            "reason": attempt.reason, "by": attempt.by}  # fmt: skip


def _start(recorded: Recorded, block: int, outcomes: dict[str, Outcomes]) -> dict[str, Any]:
    start = next(trial.start for trial in recorded.trials if trial.block == block)
    return {"start": start + 1, "success": {name: by_block.get(block) for name, by_block in sorted(outcomes.items())}}
