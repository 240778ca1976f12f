"""One JSON text per value, so that equal values are equal bytes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def json_text(value: Any) -> str:
    """`value` as sorted, indented JSON that ends with a newline.

    NumPy scalars are written as numbers. Raises ValueError for NaN and infinity, which JSON lacks, and
    TypeError for values it cannot hold.
    """
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False, default=_plain) + "\n"


def compact_json(value: Any) -> str:
    """`value` as sorted JSON without white space: the form that fingerprints are taken of."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"JSON cannot hold a {type(value).__name__}: {value!r}")
