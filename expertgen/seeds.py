"""Random streams keyed by meaning: stage, task, shard, episode.

A stream depends on its keys alone, so work can be split over any number of processes or machines
and redone in any order with the same numbers.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def seed_sequence(*keys: str | int) -> np.random.SeedSequence:
    """The seed sequence of `keys`, the same in every process, platform and Python version.

    Keys are told apart by type and position: ("a", 1), ("a", "1"), ("a1",) and (1, "a") are four
    streams. Integers may be negative and of any size.

    Raises TypeError for no keys, or for a key that is neither a string nor an integer (a bool is refused
    too: as the integer it also is, it would collide with a count).
    """
    if not keys:
        raise TypeError("seed_sequence() needs at least one key")
    digest = hashlib.sha256()
    for key in keys:
        encoded = _encode(key)
        # The length keeps the boundary between keys: ("ab", "c") differs from ("a", "bc").
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return np.random.SeedSequence(int.from_bytes(digest.digest(), "little"))


def generator(*keys: str | int) -> np.random.Generator:
    """A NumPy generator (PCG64) for `keys`; see `seed_sequence`."""
    return np.random.Generator(np.random.PCG64(seed_sequence(*keys)))


def torch_generator(*keys: str | int) -> torch.Generator:
    """A torch CPU generator for `keys`; see `seed_sequence`.

    PyTorch's CPU engine uses the low 32 bits of a seed only, so a run that needs very many streams
    (tens of thousands) should draw with `generator` instead.
    """
    import torch  # slow to import, and the command line's help does not need it

    result = torch.Generator()
    result.manual_seed(int(seed_sequence(*keys).generate_state(1, np.uint64)[0]))
    return result


def _encode(key: str | int) -> bytes:
    if isinstance(key, str):
        return b"s" + key.encode("utf-8")
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        return b"i" + str(int(key)).encode("ascii")
    raise TypeError(f"a seed key must be a string or an integer, not {type(key).__name__}: {key!r}")
