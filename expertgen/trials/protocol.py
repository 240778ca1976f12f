"""The protocol of a comparison on a robot: fixed beforehand, read strictly, known by its SHA-256."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, cast

from expertgen.errors import InvalidParameter, MissingInput
from expertgen.params.checks import Problems, check
from expertgen.params.kinds import Count, CountOrZero, Positive, Seed
from expertgen.params.yamlfile import read_yaml

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")  # it names a folder
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_POLICIES = 26  # one for each letter


@dataclass(frozen=True)
class ComparedPolicy:
    """`name`: as the report calls it; `checkpoint`: a student's folder, below the project's; `sha256`: of its content
    (data.hashing.content_sha256)."""

    name: str
    checkpoint: str
    sha256: str


@dataclass(frozen=True)
class InvalidRule:
    """`rule`: when a trial is invalid, in words; `repeats`: how often one trial is repeated for it, at most;
    `after_fault`: what a trial counts as in which the robot broke down."""

    rule: str
    repeats: CountOrZero
    after_fault: Literal["invalid", "failure"]


@dataclass(frozen=True)
class Place:
    """Where an object lies: x, y in m, base frame, and yaw in degrees."""

    x: float
    y: float
    yaw: float


@dataclass(frozen=True)
class ListedStart:
    """A place for each free object, then for an articulated one."""

    places: tuple[Place, ...]


@dataclass(frozen=True)
class Terms:
    """What stands in the file, but for the starts. `n`: trials of each policy; `success`: its criteria, in words."""

    task: str
    robot: Literal["simulation", "emulation", "hardware"]
    policies: tuple[ComparedPolicy, ...]
    n: Count
    max_seconds: Positive
    success: str
    invalid: InvalidRule
    seed: Seed


@dataclass(frozen=True)
class DrawnTerms(Terms):
    """Each policy meets `n` starts, drawn by `seed` from the task's reset distribution."""

    starts: Literal["drawn"]


@dataclass(frozen=True)
class ListedTerms(Terms):
    """Each policy meets each of these starts equally often."""

    starts: tuple[ListedStart, ...]


@dataclass(frozen=True)
class Protocol:
    """A protocol file: its terms, its bytes, and the name under which its trials are kept."""

    name: str
    terms: DrawnTerms | ListedTerms
    content: bytes

    @property
    def sha256(self) -> str:
        """Of the file's bytes, in hex: whatever is changed, even a word, makes it another protocol."""
        return hashlib.sha256(self.content).hexdigest()


def read_protocol(path: Path, name: str | None = None) -> Protocol:
    """The protocol in the file `path`; `name`: that of the file by default.

    Raises MissingInput, and InvalidParameter for whatever is unknown, missing, ill-typed or contradicts itself.
    """
    if not path.is_file():
        raise MissingInput(f"no protocol at {path}. docs/trials.md shows one to begin with.")
    named = path.stem if name is None else name
    if not NAME.fullmatch(named):
        raise InvalidParameter(
            f"{path}: its name names the folder of its trials; expected small letters, digits, - and _."
        )
    values, problems = read_yaml(path, str(path)), Problems(str(path))
    listed = isinstance(values, dict) and isinstance(values.get("starts"), list)
    terms = check(values, ListedTerms if listed else DrawnTerms, "", problems)
    if not problems.lines:
        _check_relations(terms, problems)
    if problems.lines:
        raise InvalidParameter(problems.message())
    return Protocol(named, cast(DrawnTerms | ListedTerms, terms), path.read_bytes())


def _check_relations(terms: DrawnTerms | ListedTerms, problems: Problems) -> None:
    names = [policy.name for policy in terms.policies]
    if len(set(names)) < len(names) or len(names) > _MOST_POLICIES:
        problems.add("policies", ", ".join(names)[:60], f"different names, at most {_MOST_POLICIES}")
    for i, policy in enumerate(terms.policies):
        if not _SHA256.fullmatch(policy.sha256):
            expected = "64 hex digits: `expertgen robot trial TASK --protocol FILE --check` says which"
            problems.add(f"policies[{i}].sha256", repr(policy.sha256)[:40], expected)
        path = PurePosixPath(policy.checkpoint)
        if path.is_absolute() or ".." in path.parts:
            problems.add(f"policies[{i}].checkpoint", policy.checkpoint, "a path below the project's folder")
    if isinstance(terms, ListedTerms) and terms.n % len(terms.starts):
        expected = f"a multiple of {len(terms.starts)}: each policy meets each listed start equally often"
        problems.add("n", str(terms.n), expected)
