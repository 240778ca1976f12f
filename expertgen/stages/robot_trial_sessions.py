"""Which robots trials can be run on: each a module here with

    open_session(params, workspace, checkpoints) -> RobotSession

where `checkpoints` are all that its trials will name, to be loaded before the first.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

from expertgen.errors import IncompatibleArtifact

# As protocols name them. Imported by name, so that what one needs is asked of nobody else.
_MODULE = "expertgen.stages.robot_trial_{robot}"


def session_module(robot: str) -> ModuleType:
    """The module that opens sessions with `robot` (simulation | emulation | hardware). Raises IncompatibleArtifact
    where this installation has none."""
    name = _MODULE.format(robot=robot)
    if find_spec(name) is None:
        raise IncompatibleArtifact(f"the protocol's robot is {robot}, for which there is no {name} in this version.")
    return importlib.import_module(name)
