"""Which policy meets which start when: drawn by the protocol's seed, interleaved, under letters for names.

A block is one start, which all policies meet one after the other; the order of blocks, and of policies in each block,
is random. So wear, light and whatever else drifts over hours touches all policies alike, and starts are matched.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from expertgen.seeds import generator
from expertgen.trials.protocol import ComparedPolicy, ListedTerms, Protocol


@dataclass(frozen=True)
class Trial:
    """The `number`th trial, from 1: policy `letter` meets the start `start` (from 0) in the block `block` (from 0)."""

    number: int
    block: int
    start: int
    letter: str


def letters_of(protocol: Protocol) -> dict[str, ComparedPolicy]:
    """What is behind each letter: for the machine that runs the policies, and for the report, not for the operator.

    The file's SHA-256 is drawn with too, or the same seed would give the same letters to every comparison.
    """
    policies = protocol.terms.policies
    drawn = generator("trial letters", protocol.sha256, protocol.terms.seed).permutation(len(policies))
    return {string.ascii_uppercase[place]: policies[index] for place, index in enumerate(drawn)}


def number_of_starts(protocol: Protocol) -> int:
    """How many different starts there are."""
    terms = protocol.terms
    return len(terms.starts) if isinstance(terms, ListedTerms) else terms.n


def trials_of(protocol: Protocol) -> tuple[Trial, ...]:
    """All trials in the order in which they are to be run."""
    draw = generator("trial order", protocol.sha256, protocol.terms.seed)
    letters, starts = sorted(letters_of(protocol)), number_of_starts(protocol)
    found: list[Trial] = []
    for block in draw.permutation(protocol.terms.n):
        for index in draw.permutation(len(letters)):
            found.append(Trial(len(found) + 1, int(block), int(block) % starts, letters[index]))
    return tuple(found)
