"""What students are told: rendered frames and what an arm reports of itself, late as a camera is, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from expertgen.camera_env import PROPRIOCEPTION, CameraEnv, Hardship, Seen
from expertgen.env import Env
from expertgen.geometry import quaternion_to_rotation
from expertgen.seeds import generator
from expertgen.vision import look as look_module
from expertgen.vision.canvas import egl_works
from expertgen.vision.look import FACTORS, draw_look, plain_look
from expertgen.vision.painter import Painter, Views
from tests.vision.made import SMALL, environment, moved, open_painter

TASK = "push_pear"
EYE = 1.0  # m, above the table, of the cameras of a painter that draws nothing
BOTH, POINTS, IMAGES = {"points", "images"}, {"points"}, {"images"}
TELLS_OF = {  # what differs where a factor is drawn otherwise
    "camera_position": BOTH, "camera_angle": BOTH, "fovy": BOTH, "calibration_position": POINTS,
    "calibration_angle": POINTS, "dome": IMAGES, "lamps": IMAGES, "table": IMAGES, "background": IMAGES,
    "robot": IMAGES, "objects": IMAGES, "hsv": IMAGES, "scale": BOTH, "distractors": BOTH, "depth_noise": POINTS,
    "depth_holes": POINTS, "blur": IMAGES, "latency": BOTH,
}  # fmt: skip


@pytest.fixture(scope="module")
def env() -> Env:
    return environment(TASK, 2)


@pytest.fixture(scope="module")
def painter() -> Iterator[Painter]:
    with open_painter(TASK, SMALL) as opened:
        yield opened


@pytest.fixture(scope="module")
def ray_painter() -> Iterator[Painter]:
    with open_painter(TASK, SMALL, "ray") as opened:
        yield opened


class Remembering:
    """A painter that notes the state it is to draw, and shows the same frame whatever that is."""

    def __init__(self, frame: int = 0) -> None:
        self.drawn: list[tuple[np.ndarray, ...]] = []
        stream = np.random.default_rng(frame)
        shape = (len(SMALL.cameras), SMALL.height, SMALL.width)
        self.colour = stream.integers(0, 256, (*shape, 3)).astype(np.uint8)
        self.depth = stream.uniform(EYE - 0.3, EYE, shape).astype(np.float32)

    def draw(self, look: Any, start: np.ndarray, joints: np.ndarray, fingers: np.ndarray, objects: np.ndarray,
             colour: bool, depth: bool) -> Views:  # fmt: skip
        self.drawn.append((joints, fingers, objects))
        place = np.tile([0.5, 0.0, EYE], (len(SMALL.cameras), 1))
        turn = np.tile([1.0, 0, 0, 0], (len(place), 1))  # straight down
        return Views(self.colour if colour else None, self.depth if depth else None, place, turn, look.fovy)


def cameras_of(env: Env, sees: str, painter: Any, **more: Any) -> CameraEnv:
    return CameraEnv(env, SMALL, sees, painter=painter, **more)


def told(seen: Seen) -> np.ndarray:
    value = seen.points if seen.points is not None else seen.images
    assert value is not None
    return value.numpy()


def same(first: Seen, second: Seen) -> bool:
    return torch.equal(first.proprioception, second.proprioception) and np.array_equal(told(first), told(second))


@pytest.mark.parametrize("sees", ["points", "images"])
def test_each_factor_changes_what_it_stands_for_and_nothing_else(
    env: Env, painter: Painter, sees: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cameras = moved(cameras_of(env, sees, painter), [1, 2])
    seeds, before = [look.seed for look in cameras.looks], cameras.see()
    for factor in FACTORS:
        def other(*keys: str | int, factor: str = factor) -> np.random.Generator:
            return generator(*keys, "otherwise") if keys[-1] == factor else generator(*keys)

        monkeypatch.setattr(look_module, "generator", other)
        cameras.looks = [draw_look(SMALL, env.benchmark.num_objects, seed) for seed in seeds]
        after = cameras.see()
        assert torch.equal(before.proprioception, after.proprioception), factor
        assert np.array_equal(told(before), told(after)) == (sees not in TELLS_OF[factor]), factor


def test_what_is_told_has_the_shapes_it_says(env: Env, painter: Painter) -> None:
    cameras = cameras_of(env, "points", painter)
    cameras.reset(np.array([3, 4]))
    seen = cameras.see()
    assert seen.proprioception.shape == (2, PROPRIOCEPTION) and seen.proprioception.dtype == torch.float32
    assert seen.points is not None and seen.images is None
    assert seen.points.shape == (2, SMALL.cloud.points, 3) and seen.points.dtype == torch.float32
    assert ((seen.points >= torch.tensor(SMALL.cloud.low)) & (seen.points <= torch.tensor(SMALL.cloud.high))).all()
    cameras = cameras_of(env, "images", painter)
    cameras.reset(np.array([3, 4]))
    images = cameras.see().images
    assert images is not None and images.dtype == torch.uint8
    assert images.shape == (2, len(SMALL.cameras), SMALL.height, SMALL.width, 3)
    assert torch.equal(cameras.see().rows(torch.tensor([1])).images, images[1:])  # type: ignore[arg-type]


def test_proprioception_is_what_an_arm_reports(env: Env) -> None:
    cameras = moved(cameras_of(env, "images", Remembering()), [1, 2])
    told, state = cameras.proprioception().numpy(), env.simulator.state()
    position, rotation = env.kinematics.forward(state.joints)
    np.testing.assert_allclose(told[:, :7], state.joints, atol=1e-6)
    np.testing.assert_allclose(told[:, 7:10], position, atol=1e-6)
    np.testing.assert_allclose(told[:, 10:16], np.concatenate([rotation[..., 0], rotation[..., 1]], -1), atol=1e-6)
    np.testing.assert_allclose(told[:, 16], state.fingers.sum(-1), atol=1e-6)


@pytest.mark.parametrize("sees", ["points", "images"])
def test_nothing_privileged_is_told(env: Env, painter: Painter, sees: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Speeds, masses, friction, success and the teacher's observation may be anything."""
    cameras = moved(cameras_of(env, sees, painter), [1, 2])
    before, stream = cameras.see(), np.random.default_rng(0)
    model = env.simulator.model  # type: ignore[attr-defined]
    scrambled = environment(TASK, 2)
    scrambled.restore(env.state())
    scrambled.simulator.randomize(np.arange(2), {
        "object_mass": stream.uniform(0.01, 3, (2, env.benchmark.num_free)),
        "geom_friction": stream.uniform(0.1, 2, (2, model.ngeom, 3)),
    })  # fmt: skip
    scrambled.simulator._batch.bind("qvel")[:] = stream.standard_normal((2, model.nv))  # type: ignore[attr-defined]
    assert not np.array_equal(scrambled.simulator.state().velocities, env.simulator.state().velocities)

    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("a student asked for what only its teacher may know")

    scrambled.benchmark = dataclasses.replace(env.benchmark, success=forbidden, start_pose=forbidden, script=forbidden)
    monkeypatch.setattr(scrambled, "observe", forbidden)
    for name in ("state", "health", "jacobian"):
        monkeypatch.setattr(scrambled.simulator, name, forbidden)
    cameras.env = scrambled
    assert same(before, cameras.see())


@pytest.mark.parametrize("sees", ["points", "images"])
def test_objects_are_told_of_by_frames_alone(env: Env, sees: str) -> None:
    """With the same frames, what is told is the same, wherever the objects are and were."""
    cameras = moved(cameras_of(env, sees, Remembering()), [1, 2])
    before, stream = cameras.see(), np.random.default_rng(0)
    cameras._past = [(joints, fingers, stream.standard_normal(objects.shape)) for joints, fingers, objects in
                     cameras._past]  # fmt: skip
    env.start_objects = stream.standard_normal(env.start_objects.shape)
    assert same(before, cameras.see())
    others = cameras_of(env, sees, Remembering(1))
    others.looks, others._seeds, others._past = cameras.looks, cameras._seeds, cameras._past
    assert not np.array_equal(told(before), told(others.see())), "and other frames tell of something else"


def test_where_objects_began_moves_distractors_and_nothing_else(env: Env, painter: Painter) -> None:
    cameras = moved(cameras_of(env, "images", painter), [1, 2])
    cameras.looks = [dataclasses.replace(look, distractors=()) for look in cameras.looks]
    before = cameras.see()
    env.start_objects = env.start_objects + 0.1
    assert same(before, cameras.see())


@pytest.mark.parametrize("latency", [0.0, 0.03, 0.05, 0.1, 0.16, 0.2])
def test_cameras_show_the_state_of_a_latency_ago(env: Env, latency: float) -> None:
    painter = Remembering()
    cameras = cameras_of(env, "images", painter)
    moved(cameras, [1, 2])
    past = cameras._past
    cameras.looks = [dataclasses.replace(look, latency=latency) for look in cameras.looks]
    cameras.views(1, colour=True, depth=False)
    joints, fingers, objects = painter.drawn[-1]
    steps = latency * env.params.control_hz
    late, share = len(past) - 1 - int(steps + 1e-9), steps - int(steps + 1e-9)
    for found, part in ((joints, 0), (fingers, 1), (objects[:, :3], 2)):
        newer, older = (past[index][part][1][..., :3] if part == 2 else past[index][part][1]
                        for index in (late, late - 1))  # fmt: skip
        np.testing.assert_allclose(found, (1 - share) * newer + share * older, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(objects[:, 3:], axis=-1), 1, atol=1e-9)


def test_a_turn_is_drawn_half_way_however_its_quaternion_is_signed(env: Env) -> None:
    painter = Remembering()
    cameras = cameras_of(env, "images", painter)
    cameras.reset(np.array([1, 2]))
    joints, fingers, objects = cameras._past[-1]
    older, newer = objects.copy(), objects.copy()
    older[:, 0, 3:] = [np.cos(0.1), 0, 0, np.sin(0.1)]
    newer[:, 0, 3:] = [-np.cos(0.2), 0, 0, -np.sin(0.2)]
    cameras._past = [(joints, fingers, older), (joints, fingers, older), (joints, fingers, older),
                     (joints, fingers, newer)]  # fmt: skip
    cameras.looks = [dataclasses.replace(look, latency=0.05) for look in cameras.looks]
    cameras.views(0, colour=True, depth=False)
    found = quaternion_to_rotation(painter.drawn[-1][2][0, 3:])
    np.testing.assert_allclose(found[:2, 0], [np.cos(0.3), np.sin(0.3)], atol=1e-6)


def test_a_late_image_is_the_image_of_the_state_of_that_time(env: Env, painter: Painter) -> None:
    at_once = plain_look(SMALL, env.benchmark.num_objects)
    cameras = moved(cameras_of(env, "images", painter), [1, 2], steps=7)
    cameras.looks = [at_once] * 2
    earlier = told(cameras.see())
    moved(cameras, [1, 2], steps=8)
    cameras.looks = [at_once] * 2
    now = told(cameras.see())
    cameras.looks = [dataclasses.replace(at_once, latency=1 / env.params.control_hz)] * 2
    np.testing.assert_array_equal(told(cameras.see()), earlier)
    assert not np.array_equal(now, earlier), "the arm moves"


def test_more_latency_adds_to_the_look_s_own_and_ends_where_memory_does(env: Env) -> None:
    def shown(look_s: float, more: float) -> np.ndarray:
        painter = Remembering()
        cameras = moved(cameras_of(env, "images", painter, hardship=Hardship(more_latency=more)), [1, 2])
        cameras.looks = [dataclasses.replace(look, latency=look_s) for look in cameras.looks]
        cameras.views(0, colour=True, depth=False)
        return painter.drawn[-1][0]

    np.testing.assert_allclose(shown(0.05, 0.1), shown(0.15, 0.0), atol=1e-12)
    assert not np.allclose(shown(0.05, 0.1), shown(0.05, 0.0))
    np.testing.assert_allclose(shown(0.05, 9.0), shown(0.3, 0.0), atol=1e-12)


def test_at_the_start_nothing_is_older_than_the_start(env: Env) -> None:
    painter = Remembering()
    cameras = moved(cameras_of(env, "images", painter, hardship=Hardship(more_latency=0.2)), [1, 2])
    cameras.reset(np.array([5, 6]))
    cameras.views(0, colour=True, depth=False)
    np.testing.assert_allclose(painter.drawn[-1][0], env.simulator.state().joints[0], atol=1e-12)


def test_a_lost_camera_tells_nothing_and_the_others_as_before(env: Env, painter: Painter) -> None:
    def seen(sees: str, lost: int | None, painter: Any) -> np.ndarray:
        cameras = cameras_of(env, sees, painter, hardship=Hardship(lost_camera=lost))
        cameras.reset(np.array([1, 2]))
        return told(cameras.see())

    whole = seen("images", None, painter)
    for lost in range(len(SMALL.cameras)):
        part = seen("images", lost, painter)
        assert not part[:, lost].any()
        others = [camera for camera in range(len(SMALL.cameras)) if camera != lost]
        np.testing.assert_array_equal(part[:, others], whole[:, others])
    # Where only one camera sees anything, nothing is left without it, and without another nothing is missing.
    single = Remembering()
    single.depth[:] = np.inf
    single.depth[2] = EYE - 0.1
    everything = {tuple(point) for point in seen("points", None, single)[0]}
    assert len(everything) > 10 and not seen("points", 2, single).any()
    assert {tuple(point) for point in seen("points", 0, single)[0]} == everything


def test_a_held_factor_is_at_its_extremes_in_every_episode(env: Env) -> None:
    cameras = cameras_of(env, "images", Remembering(), hardship=Hardship(held="blur"))
    cameras.reset(np.array([1, 2]))
    assert all((look.blur == SMALL.randomise.blur).all() for look in cameras.looks)


@pytest.mark.parametrize("sees", ["points", "images"])
def test_without_opengl_students_see_too(env: Env, ray_painter: Painter, sees: str) -> None:
    cameras = moved(cameras_of(env, sees, ray_painter), [1, 2])
    seen = told(cameras.see())
    if sees == "images":
        assert seen.reshape(2 * len(SMALL.cameras), -1).std(-1).min() > 5, "no empty picture"
    else:
        assert all(len(np.unique(cloud, axis=0)) > 40 for cloud in seen)
    assert not np.array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen, told(cameras.see()))


def test_rays_and_opengl_tell_of_the_same_points(env: Env, painter: Painter, ray_painter: Painter) -> None:
    if not egl_works():
        pytest.skip("no EGL here: install libegl1 and libgl1-mesa-dri")
    told_by: list[np.ndarray] = []
    for drawn_by in (painter, ray_painter):
        cameras = moved(cameras_of(env, "points", drawn_by), [1, 2])
        cameras.looks = [dataclasses.replace(look, depth_noise=0.0, depth_holes=0.0) for look in cameras.looks]
        told_by.append(told(cameras.see()))
    for first, second in zip(*told_by, strict=True):
        for a, b in ((first, second), (second, first)):
            far = cKDTree(a).query(b)[0]
            assert np.median(far) < SMALL.cloud.voxel and np.quantile(far, 0.98) < 4 * SMALL.cloud.voxel


def test_two_painters_in_one_process_do_not_draw_into_each_other_s_pictures(env: Env, painter: Painter) -> None:
    cameras = moved(cameras_of(env, "images", painter), [1, 2])
    before = told(cameras.see())
    with open_painter("stack_banana", SMALL) as other:
        others_env = environment("stack_banana", 1)
        others = CameraEnv(others_env, SMALL, "images", painter=other)
        others.reset(np.array([1]))
        first = told(others.see())
        np.testing.assert_array_equal(told(cameras.see()), before)
        np.testing.assert_array_equal(told(others.see()), first)
    np.testing.assert_array_equal(told(cameras.see()), before)
