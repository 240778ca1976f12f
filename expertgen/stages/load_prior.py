"""The task's prior, as the stages that run it load it."""

from __future__ import annotations

from expertgen.benchmarks.observation import OBSERVATION_DIM
from expertgen.env import ACTION_DIM
from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.workspace import Workspace


def load_prior(workspace: Workspace) -> DiffusionPrior:
    """The task's prior. Raises MissingInput, CorruptArtifact, IncompatibleArtifact."""
    path = workspace.data("prior")
    if not path.exists():
        raise MissingInput(
            f"no prior at {path}. Train it with `expertgen prior {workspace.task}` (in the same profile), or fetch "
            f"the released one with `dvc pull prior@{workspace.task}`."
        )
    prior = DiffusionPrior.load(path)
    found, expected = (prior.observation_dim, prior.action_dim), (OBSERVATION_DIM, ACTION_DIM)
    if found != expected:
        raise IncompatibleArtifact(
            f"{path} maps {found[0]} observed numbers to actions of {found[1]}; expected {expected[0]} and "
            f"{expected[1]}. Train it again with `expertgen prior {workspace.task}`."
        )
    return prior
