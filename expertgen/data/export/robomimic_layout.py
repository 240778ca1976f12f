"""What robomimic's HDF5 file of a release holds, and under which names."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.data.export.parts import columns
from expertgen.data.lerobot import layout

FILE = "demos.hdf5"
DATA, TRAIN, VALID = "data", "mask/train", "mask/valid"
ACTIONS, STATES, REWARDS, DONES = "actions", "states", "rewards", "dones"
OBS, NEXT_OBS, JOINT_POSITION = "obs", "next_obs", "joint_position"
TOTAL, ENV_ARGS, RELEASE, LENGTH, SHA256 = "total", "env_args", "release", "num_samples", "sha256"
VALID_SHARE = 0.1
# robomimic knows robosuite (1), gym (2) and iGibson (3). It can make none of our environments; 2 asks for least.
_GYM = 2

Arrays = dict[str, NDArray[Any]]


def demo_name(number: int) -> str:
    """The group of an episode in data/."""
    return f"demo_{number}"


def image_name(key: str) -> str:
    """What the images of the feature `key` are called among the observations."""
    return key.rpartition(".")[2] + "_image"


def state_parts(features: dict[str, dict[str, Any]]) -> dict[str, list[int]]:
    """The parts of the state that are observations of their own, by their components; joints that the release has as
    a feature too are left to it."""
    names = features[layout.STATE]["names"]
    joints = list(features[layout.JOINTS]["names"])
    return {part: of for part, of in columns(names).items() if [names[index] for index in of] != joints}


def low_dim(values: Arrays, features: dict[str, dict[str, Any]]) -> Arrays:
    """Datasets of a demonstration by their path in it, without images and without next_obs, from the columns `values`
    of an episode of T steps.

    `states` is all of observation.state: poses of what can move, no velocities. Rewards are 1 where the success
    definition holds after the action, dones 1 at the last step."""
    length = len(values[layout.ACTION])
    dones = np.zeros(length, dtype=np.int64)
    dones[-1] = 1
    obs = {part: values[layout.STATE][:, of] for part, of in state_parts(features).items()}
    obs[JOINT_POSITION] = values[layout.JOINTS]
    return {
        ACTIONS: values[layout.ACTION], STATES: values[layout.STATE], DONES: dones,
        REWARDS: values[layout.SUCCESS].astype(np.float32),
        **{f"{OBS}/{name}": array for name, array in obs.items()},
    }  # fmt: skip


def following(values: NDArray[Any]) -> NDArray[Any]:
    """Observations (T, ...) → those after each action. A release holds none after the last, which repeats the one
    before it."""
    return np.concatenate([values[1:], values[-1:]])


def shapes(features: dict[str, dict[str, Any]]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Type and shape, without the steps, of every dataset of a demonstration."""
    one = {
        name: np.zeros((1, *feature["shape"]) if feature["shape"] != [1] else 1, feature["dtype"])
        for name, feature in layout.columns(features).items()
    }  # fmt: skip
    found = {name: (array.dtype.name, array.shape[1:]) for name, array in low_dim(one, features).items()}
    for key in layout.video_keys(features):
        found[f"{OBS}/{image_name(key)}"] = ("uint8", tuple(features[key]["shape"]))
    after = {f"{NEXT_OBS}/{name.partition('/')[2]}": of for name, of in found.items() if name.startswith(f"{OBS}/")}
    return found | after


def env_args(info: dict[str, Any], instruction: str) -> dict[str, Any]:
    """What robomimic calls the environment. Nothing of it can be made there: train without rollouts."""
    kwargs = {"instruction": instruction, "robot_type": info["robot_type"], "control_freq": info["fps"]}
    return {"env_name": "expertgen", "type": _GYM, "env_kwargs": kwargs}


def validation(sources: list[str]) -> list[int]:
    """Which episodes are kept for validation, sorted: a tenth, at least one of two or more. `sources` are texts that
    tell episodes apart; by their SHA-256 the choice depends on the episodes and not on their order."""
    wanted = 0 if len(sources) < 2 else max(round(VALID_SHARE * len(sources)), 1)
    ranks = sorted(range(len(sources)), key=lambda number: hashlib.sha256(sources[number].encode()).hexdigest())
    return sorted(ranks[:wanted])


def parsed(text: Any) -> dict[str, Any]:
    """An attribute that holds a JSON object. Raises ValueError when it is none."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, found {str(value)[:80]}")
    return value
