"""The tool in an object's frame: the same wherever tool and object stand together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from expertgen.benchmarks.observation import PART, observe
from expertgen.geometry import quaternion_z, rotation_z, slide_pose
from expertgen.policies.relative import FAR, NEAR, TOOL_FEATURES, chunk_features, chunk_features_dim, tool_features

OFFSET = np.array([0.03, -0.01, 0.05])  # m, of the tool in the object's frame


def scene(x: float, y: float, yaw: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Observation (1, 53) and chunk (1, 8, 10) of a tool at OFFSET from an object at x, y, yaw, rotated as it is."""
    rotation = rotation_z(np.array([yaw]))
    position = np.array([[x, y, 0.02]]) + rotation[0] @ OFFSET
    pose = np.concatenate([[x, y, 0.02], quaternion_z(np.array(yaw))])[None, None]
    seen = observe(position, rotation, np.zeros((1, 7)), np.zeros((1, 2)), pose)
    action = np.concatenate([position[0], rotation[0, :, 0], rotation[0, :, 1], [1.0]])
    chunk = np.repeat(action[None, None], 8, axis=1)
    return torch.from_numpy(seen).float(), torch.from_numpy(chunk).float()


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-np.pi, np.pi))
def test_moving_the_whole_scene_changes_nothing(x: float, y: float, yaw: float) -> None:
    there, here = scene(x, y, yaw), scene(0.5, 0.0, 0.0)
    for moved, still in (
        (tool_features(there[0], (0,)), tool_features(here[0], (0,))),
        (chunk_features(*there, (0,)), chunk_features(*here, (0,))),
    ):
        torch.testing.assert_close(moved, still, atol=3e-5, rtol=0)


def test_values_are_the_offset_at_two_scales_and_the_relative_rotation() -> None:
    features = tool_features(scene(0.4, 0.1, 1.0)[0], (0,))[0].numpy()
    assert features.shape == (TOOL_FEATURES,)
    np.testing.assert_allclose(features[:3], OFFSET / FAR, atol=1e-5)
    np.testing.assert_allclose(features[3:6], np.tanh(OFFSET / NEAR), atol=1e-5)
    np.testing.assert_allclose(features[6:], [1, 0, 0, 0, 1, 0], atol=1e-5)


def test_a_part_is_seen_where_it_has_slid_to() -> None:
    base = np.concatenate([[0.5, 0.1, 0.2], quaternion_z(np.array(3.0))])
    objects = np.stack([base, slide_pose(base, np.array(0.1))])[None]
    position = slide_pose(base, np.array(0.1))[None, :3]
    seen = observe(position, rotation_z(np.array([3.0])), np.zeros((1, 7)), np.zeros((1, 2)), objects, True)
    features = tool_features(torch.from_numpy(seen).float(), (PART,))[0].numpy()
    np.testing.assert_allclose(features, [*[0.0] * 6, 1, 0, 0, 0, 1, 0], atol=1e-5)
    assert seen[0, 52] == pytest.approx(0.1) and not seen[0, 25:43].any()


@pytest.mark.parametrize("frames", [(), (0,), (0, 1), (2,), (0, 2)])
def test_an_absent_object_gives_zeros_and_sizes_agree(frames: tuple[int, ...]) -> None:
    seen, chunk = scene(0.4, 0.1, 1.0)
    assert chunk_features(seen, chunk, frames).shape == (1, chunk_features_dim(8, len(frames)))
    assert not tool_features(seen, (0, 1))[0, TOOL_FEATURES:].any()
