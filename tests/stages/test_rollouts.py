"""The expert's episodes with images: what is kept, and that nothing but parameters decides its bytes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from expertgen.data.episodes import EpisodeStore
from expertgen.data.hashing import tree_sha256
from expertgen.errors import InvalidParameter, MissingInput, UnknownName
from expertgen.params import CameraParams
from expertgen.stages import rollouts
from expertgen.stages.starts import ROLLOUTS, start_seeds

TASK = "lift_banana"


@pytest.fixture
def ready(small, untrained):
    untrained(*small)
    return small


def test_episodes_hold_states_actions_outcomes_and_images(ready) -> None:
    params, workspace = ready
    rollouts.run(params, TASK, workspace)
    store = EpisodeStore.open(workspace.data("rollouts"))
    assert store.num_episodes == 3 and set(store.lengths) == {params.simulation.episode_steps}
    steps = {"observation", "action", "joints", "success", "objects", "image_front"}
    assert set(store.step_names) == steps
    np.testing.assert_array_equal(store.read_episodes("seed"), start_seeds(ROLLOUTS, params, 3))
    episode = store.episode(1)
    assert episode["image_front"].shape == (params.simulation.episode_steps, 24, 32, 3)
    assert episode["image_front"].dtype == np.uint8 and episode["image_front"].std() > 10
    assert (episode["image_front"][0] != episode["image_front"][20]).any()
    # Images show the state before the action, as the observation does; objects stand as they are after it.
    np.testing.assert_allclose(episode["observation"][1:, 25:28], episode["objects"][:-1, 0, :3], atol=1e-6)


def test_workers_interruptions_and_dvc_change_no_byte(ready, changed) -> None:
    params, workspace = ready
    rollouts.run(params, TASK, workspace)
    target = workspace.data("rollouts")
    first = tree_sha256(target)
    target.rename(target.with_name("moved"))  # DVC removes outputs before it calls a stage
    rollouts.run(params, TASK, workspace)
    assert tree_sha256(target) == first
    rollouts.run(changed(params, "rollouts", workers=2), TASK, workspace)
    assert tree_sha256(target) == first
    rollouts.run(changed(params, "rollouts", episodes=2), TASK, workspace)
    rollouts.run(changed(params, "rollouts", workers=2), TASK, workspace)
    assert tree_sha256(target) == first


def test_an_unknown_camera_is_refused_by_name(ready, changed) -> None:
    params, workspace = ready
    cameras = (dataclasses.replace(params.rollouts.cameras[0], name="frnt"),)
    with pytest.raises(UnknownName, match="front"):
        rollouts.run(changed(params, "rollouts", cameras=cameras), TASK, workspace)


def test_without_an_expert_it_says_what_to_run(small) -> None:
    with pytest.raises(MissingInput, match="expertgen prior lift_banana"):
        rollouts.run(small[0], TASK, small[1])


@pytest.mark.parametrize("cameras, message", [
    ([{"name": "front", "width": 33, "height": 24}], r"rollouts\.cameras\[0\]\.width: found 33, expected an even"),
    ([{"name": "front", "width": 32, "height": 24}] * 2, r"rollouts\.cameras\[1\]\.name: found 'front' again"),
    ([{"name": "front", "width": 32}], r"rollouts\.cameras\[0\]\.height: found nothing"),
])  # fmt: skip
def test_cameras_are_checked_like_every_parameter(small, cameras, message) -> None:
    import yaml

    from expertgen.params import as_dict, load_params

    params, workspace = small
    values = as_dict(params)
    values["rollouts"]["cameras"] = cameras
    path = workspace.root / "params.yaml"
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(InvalidParameter, match=message):
        load_params(path)
    assert isinstance(params.rollouts.cameras[0], CameraParams)
