"""The learner of students: what it fits, exact resume, and the policy that it hands out."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from expertgen.camera_env import PROPRIOCEPTION, Seen
from expertgen.data.checkpoints import load_checkpoint, save_checkpoint
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.learn.dagger import Dagger, teacher_share
from expertgen.models.student_network import StudentConfig
from expertgen.params import ShareParams, load_params
from expertgen.policies.student import TOOL, StudentPolicy

_PARAMS = load_params(Path(__file__).parents[2] / "params.yaml")
DISTILL = dataclasses.replace(
    _PARAMS.distill, samples=64, envs=4, memory=100, batch_size=32, final_updates=10, learning_rate=5e-3,
    weight_decay=1e-4, average=0.9, workers=1, num_threads=1,
)  # fmt: skip
STUDENT = dataclasses.replace(
    _PARAMS.student, feature=32, width=64, blocks=1,
    points=dataclasses.replace(_PARAMS.student.points, channels=(16, 32), train=12),
    images=dataclasses.replace(_PARAMS.student.images, channels=(8, 16), shift=0),
    diffusion=dataclasses.replace(_PARAMS.student.diffusion, train_steps=20, ddim_steps=4, repeats=2),
)  # fmt: skip
SHAPES = {"points": (16, 3), "images": (2, 16, 32, 3)}
VISION = {"width": 32, "height": 16, "cloud": {"points": 16}}
KINDS = list(product(("points", "images"), ("regression", "diffusion")))


def learner(
    folder: Path, sees: str = "points", head: str = "diffusion", seed: int = 0, vision=VISION, **changes
) -> Dagger:
    """A run at its beginning; `changes` of the parameters."""
    config = StudentConfig(
        sees=sees, head=head, channels=getattr(STUDENT, sees).channels, feature=STUDENT.feature, width=STUDENT.width,
        blocks=STUDENT.blocks, proprioception=PROPRIOCEPTION, horizon=2, action_dim=10, cameras=2, image_height=16,
        image_width=32, train_steps=20, ddim_steps=4,
    )  # fmt: skip
    params = dataclasses.replace(DISTILL, **changes)
    student = dataclasses.replace(STUDENT, sees=sees, head=head)
    return Dagger(params, student, config, vision, SHAPES[sees], folder, seed)


def lessons(sees: str, count: int = 48, seed: int = 0) -> dict[str, np.ndarray]:
    """A goal that is only seen, as a small cloud or as a spot of light; the teacher's chunk leads from the tool to it,
    and closes the gripper on one side."""
    draw = np.random.default_rng(seed)
    goal = draw.uniform([0.4, -0.1, 0.05], [0.6, 0.1, 0.15], (count, 3))
    proprioception = draw.normal(size=(count, PROPRIOCEPTION)).astype(np.float32)
    tool = draw.uniform([0.4, -0.1, 0.1], [0.6, 0.1, 0.3], (count, 3))
    if sees == "points":
        seen = (goal[:, None] + draw.normal(0, 0.004, (count, 16, 3))).astype(np.float32)
    else:
        tool[:] = [0.5, 0.0, 0.2]  # a spot says where the goal is, not how far it is from the tool
        goal[:, 2] = 0.1
        seen = np.full((count, *SHAPES["images"]), 20, dtype=np.uint8)
        for image, (x, y, _) in zip(seen, goal, strict=True):
            u, v = int(4 + 24 * (y + 0.1) / 0.2), int(2 + 12 * (x - 0.4) / 0.2)
            image[:, max(v - 2, 0) : v + 2, max(u - 2, 0) : u + 2] = 255
    proprioception[:, TOOL] = tool
    chunk = np.zeros((count, 2, 10), dtype=np.float32)
    chunk[..., :3] = (goal - tool)[:, None] * [[[0.5], [1.0]]]
    chunk[..., 3], chunk[..., 7] = 1, 1
    chunk[..., 9] = np.where(goal[:, 1] > 0, 1, -1)[:, None]
    return {"seen": seen, "proprioception": proprioception, "chunk": chunk}


def shown(samples: dict[str, np.ndarray], sees: str) -> Seen:
    return Seen(torch.from_numpy(samples["proprioception"]), **{sees: torch.from_numpy(samples["seen"])})


def weights(run: Dagger) -> str:
    """A digest of all that is learnt: weights, their average, the optimiser's moments."""
    digest = hashlib.sha256()
    for module in (run.network, run.average.module):
        for value in module.state_dict().values():
            digest.update(value.numpy().tobytes())
    for parameter in run.network.parameters():
        for _, value in sorted(run.optimiser.state[parameter].items()):
            digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def test_teacher_share_as_in_table_v() -> None:
    share = ShareParams(initial=1.0, final=0.2, begin=8000, end=24000)
    assert [teacher_share(share, n) for n in (0, 8000, 24000, 10**9)] == pytest.approx([1, 1, 0.2, 0.2])
    assert teacher_share(share, 16000) == pytest.approx(0.6)
    values = [teacher_share(share, n) for n in range(0, 30000, 500)]
    assert values == sorted(values, reverse=True)
    at_once = ShareParams(initial=1.0, final=0.0, begin=100, end=100)
    assert [teacher_share(at_once, n) for n in (0, 100, 101)] == [1.0, 1.0, 0.0]
    cloning = ShareParams(initial=1.0, final=1.0, begin=0, end=10)
    assert {teacher_share(cloning, n) for n in range(20)} == {1.0}


@pytest.mark.parametrize("sees, head", KINDS)
def test_it_fits_what_only_cameras_tell(sees: str, head: str, tmp_path: Path) -> None:
    run, samples = learner(tmp_path, sees, head), lessons(sees)
    run.insert(samples)
    losses = list(run.learn(120 if sees == "points" else 110))
    assert np.mean(losses[-10:]) < 0.35 * np.mean(losses[:5])
    chunk = run.policy().act(shown(samples, sees)).numpy()
    expected = samples["chunk"].copy()
    expected[..., :3] += samples["proprioception"][:, None, TOOL]
    distance = np.linalg.norm(chunk[..., :3] - expected[..., :3], axis=-1)
    apart = np.linalg.norm(samples["chunk"][..., :3] - samples["chunk"][..., :3].mean(0), axis=-1)
    assert np.median(distance) < 0.3 * np.median(apart)
    assert ((chunk[..., 9] > 0) == (expected[..., 9] > 0)).mean() > 0.9
    np.testing.assert_allclose(chunk[..., 3:9], expected[..., 3:9], atol=0.1)


@pytest.mark.parametrize("sees, head", [("points", "diffusion"), ("images", "regression")])
def test_a_run_goes_on_from_its_state_bit_for_bit(sees: str, head: str, tmp_path: Path) -> None:
    def first_half(name: str) -> Dagger:
        run = learner(tmp_path / name, sees, head, memory=40)
        run.insert(lessons(sees, 30, 1))
        list(run.learn(3))
        run.curve.append({"samples": run.samples})
        return run

    def second_half(run: Dagger) -> list[float]:
        run.insert(lessons(sees, 30, 2))  # more than the memory holds
        return [*run.learn(4), *run.finish()]

    whole, killed = first_half("whole"), first_half("killed")
    expected = second_half(whole)
    killed.save_state(tmp_path / "state")
    killed.insert(lessons(sees, 30, 2))  # what follows is lost
    list(killed.learn(2))
    resumed = learner(tmp_path / "killed", sees, head, memory=40)
    resumed.load_state(tmp_path / "state")
    assert (resumed.samples, resumed.rounds, resumed.updates, resumed.curve) == (30, 1, 3, [{"samples": 30}])
    assert second_half(resumed) == expected
    assert weights(resumed) == weights(whole)
    for name, run in (("a", whole), ("b", resumed)):
        run.save_state(tmp_path / name)
        run.policy().save(tmp_path / f"policy {name}")
    for pair in (("a", "b"), ("policy a", "policy b")):
        assert len({(tmp_path / name / "SHA256SUMS").read_bytes() for name in pair}) == 1


def test_the_final_updates_go_on_where_they_stopped(tmp_path: Path) -> None:
    runs = [learner(tmp_path / name) for name in ("whole", "killed")]
    for run in runs:
        run.insert(lessons("points"))
        list(run.learn(2))
    whole, killed = runs
    expected = list(whole.finish())
    ending = killed.finish()
    losses = [next(ending) for _ in range(4)]
    killed.save_state(tmp_path / "state")
    next(ending)
    resumed = learner(tmp_path / "killed")
    resumed.load_state(tmp_path / "state")
    assert resumed.final_done == 4
    assert losses + list(resumed.finish()) == expected and len(expected) == DISTILL.final_updates
    assert weights(resumed) == weights(whole)
    assert list(resumed.finish()) == []


def test_a_state_before_the_first_sample_resumes_too(tmp_path: Path) -> None:
    learner(tmp_path / "memory").save_state(tmp_path / "state")
    resumed, fresh = learner(tmp_path / "memory"), learner(tmp_path / "other")
    resumed.load_state(tmp_path / "state")
    for run in (resumed, fresh):
        run.insert(lessons("points"))
        list(run.learn(2))
    assert weights(resumed) == weights(fresh)


@pytest.mark.parametrize("change", [
    {"seed": 1}, {"head": "regression"}, {"sees": "images"}, {"memory": 99}, {"learning_rate": 1e-3},
    {"vision": {**VISION, "height": 17}},
])  # fmt: skip
def test_another_runs_state_is_refused_and_changes_nothing(change: dict, tmp_path: Path) -> None:
    earlier = learner(tmp_path / "earlier")
    earlier.insert(lessons("points"))
    list(earlier.learn(1))
    earlier.save_state(tmp_path / "state")
    run, fresh = (learner(tmp_path / name, **change) for name in ("new", "fresh"))
    with pytest.raises(IncompatibleArtifact, match="state is the state of another run"):
        run.load_state(tmp_path / "state")
    assert run.samples == run.updates == 0
    for each in (run, fresh):
        each.insert(lessons(each.config.sees))
        list(each.learn(1))
    assert weights(run) == weights(fresh)


@pytest.mark.parametrize("change", [{"workers": 2}, {"tasks": ("lift_banana", "lift_brick")}])
def test_what_changes_no_byte_is_no_other_run(change: dict, tmp_path: Path) -> None:
    earlier = learner(tmp_path / "memory")
    earlier.insert(lessons("points"))
    earlier.save_state(tmp_path / "state")
    run = learner(tmp_path / "memory", **change)
    run.load_state(tmp_path / "state")
    assert run.samples == 48


def test_a_state_without_its_samples_or_damaged_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    run = learner(tmp_path / "memory")
    with pytest.raises(MissingInput, match="no checkpoint"):
        run.load_state(tmp_path / "state")
    run.insert(lessons("points"))
    run.save_state(tmp_path / "state")
    run.policy().save(tmp_path / "policy")
    with pytest.raises(IncompatibleArtifact, match="policy is the state of another run"):
        run.load_state(tmp_path / "policy")
    (tmp_path / "memory" / "seen.npy").unlink()
    with pytest.raises(CorruptArtifact, match=r"needs samples that .*memory lost"):
        learner(tmp_path / "memory").load_state(tmp_path / "state")
    file = tmp_path / "state" / "tensors.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(CorruptArtifact, match=r"tensors\.safetensors"):
        learner(tmp_path / "memory").load_state(tmp_path / "state")


def test_same_seed_same_student_whatever_torch_has_drawn_before(tmp_path: Path) -> None:
    digests = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(digests))
        before = torch.get_rng_state()
        run = learner(tmp_path / str(len(digests)), seed=seed)
        run.insert(lessons("points"))
        list(run.learn(2))
        run.policy().act(shown(lessons("points"), "points"))
        run.save_state(tmp_path / "state")
        run.load_state(tmp_path / "state")
        assert torch.equal(torch.get_rng_state(), before)
        digests.append(weights(run))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("sees, head", KINDS)
def test_a_policy_shares_nothing_with_the_learner(sees: str, head: str, tmp_path: Path) -> None:
    run, samples = learner(tmp_path, sees, head), lessons(sees)
    run.insert(samples)
    list(run.learn(2))
    policy = run.policy()
    before = policy.act(shown(samples, sees))
    theirs = {v.data_ptr() for m in (run.network, run.average.module) for v in m.state_dict().values()}
    assert not theirs & {v.data_ptr() for v in policy.network.state_dict().values()}
    list(run.learn(3))
    assert torch.equal(policy.act(shown(samples, sees)), before)
    assert not torch.equal(run.policy().act(shown(samples, sees)), before)
    assert all(p.requires_grad for p in run.network.parameters())


@pytest.mark.parametrize("sees, head", KINDS)
def test_actions_are_deterministic_and_from_the_tool_on(sees: str, head: str, tmp_path: Path) -> None:
    run, samples = learner(tmp_path, sees, head), lessons(sees)
    run.insert(samples)
    list(run.learn(2))
    policy, seen = run.policy(), shown(samples, sees)
    told = [value.clone() for value in (seen.proprioception, getattr(seen, sees))]
    chunk = policy.act(seen)
    assert torch.equal(policy.act(seen), chunk)
    assert torch.equal(seen.proprioception, told[0]) and torch.equal(getattr(seen, sees), told[1])  # left as they were
    assert chunk.shape == (48, 2, 10) and chunk.dtype == torch.float32 and not chunk.requires_grad
    policy.network.head.output.weight.zero_()  # all that is seen is lost: the mean, told from the tool
    policy.network.head.output.bias.zero_()
    mean = samples["chunk"].mean(0)
    chunk = policy.act(seen).numpy()
    chunk[..., :3] -= samples["proprioception"][:, None, TOOL]
    np.testing.assert_allclose(chunk, np.broadcast_to(mean, chunk.shape), atol=1e-5)


def test_the_order_of_points_changes_nothing(tmp_path: Path) -> None:
    run, samples = learner(tmp_path), lessons("points")
    run.insert(samples)
    list(run.learn(5))
    policy = run.policy()
    expected = policy.act(shown(samples, "points"))
    order = np.random.default_rng(0).permutation(16)
    shuffled = policy.act(shown({**samples, "seen": samples["seen"][:, order]}, "points"))
    torch.testing.assert_close(shuffled, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("sees, head", KINDS)
def test_a_policy_survives_saving(sees: str, head: str, tmp_path: Path) -> None:
    run, samples = learner(tmp_path / "memory", sees, head), lessons(sees)
    run.insert(samples)
    list(run.learn(2))
    policy = run.policy()
    policy.save(tmp_path / "student")
    again = StudentPolicy.load(tmp_path / "student")
    assert torch.equal(again.act(shown(samples, sees)), policy.act(shown(samples, sees)))
    assert (again.sees, again.config, again.vision) == (sees, policy.config, VISION)
    again.save(tmp_path / "again")
    sums = [(tmp_path / name / "SHA256SUMS").read_bytes() for name in ("student", "again")]
    assert sums[0] == sums[1]


def test_what_is_no_student_is_refused_in_words(tmp_path: Path) -> None:
    run = learner(tmp_path / "memory")
    run.insert(lessons("points"))
    run.save_state(tmp_path / "state")
    run.policy().save(tmp_path / "student")
    with pytest.raises(MissingInput, match=r"no checkpoint at .*nothing"):
        StudentPolicy.load(tmp_path / "nothing")
    with pytest.raises(IncompatibleArtifact, match=r"state holds 'something else', expected 'student-policy/1'"):
        StudentPolicy.load(tmp_path / "state")
    tensors, meta = load_checkpoint(tmp_path / "student")
    save_checkpoint(tmp_path / "later", tensors, {**meta, "format": "student-policy/2"})
    with pytest.raises(IncompatibleArtifact, match=r"holds 'student-policy/2'.*distill stage"):
        StudentPolicy.load(tmp_path / "later")
    save_checkpoint(tmp_path / "wider", tensors, {**meta, "config": {**meta["config"], "width": 65}})
    with pytest.raises(IncompatibleArtifact, match=r"network\.input|head\.input"):
        StudentPolicy.load(tmp_path / "wider")
    (tmp_path / "student" / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(CorruptArtifact, match=r"meta\.json"):
        StudentPolicy.load(tmp_path / "student")


@pytest.mark.parametrize("sees, other", [("points", "images"), ("images", "points")])
def test_a_student_is_told_when_it_is_not_shown_what_it_sees(sees: str, other: str, tmp_path: Path) -> None:
    run = learner(tmp_path, sees)
    run.insert(lessons(sees))
    with pytest.raises(IncompatibleArtifact, match=f"sees {sees}, which it was not shown"):
        run.policy().act(shown(lessons(other), other))


def test_images_are_moved_in_training_as_parameters_say(tmp_path: Path) -> None:
    run = learner(tmp_path, "images", "regression")
    run.student = dataclasses.replace(run.student, images=dataclasses.replace(run.student.images, shift=2))
    images = np.random.default_rng(0).integers(0, 256, (3, *SHAPES["images"]), dtype=np.uint8)
    moved = {run._augmented(images, np.random.default_rng(seed)).numpy().tobytes() for seed in range(60)}
    wide = np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    allowed = {wide[:, :, y : y + 16, x : x + 32].tobytes() for y, x in product(range(5), range(5))}
    assert moved <= allowed and len(moved) > 10


def test_clouds_are_thinned_in_training_as_parameters_say(tmp_path: Path) -> None:
    run = learner(tmp_path)
    clouds = np.arange(2 * 16 * 3, dtype=np.float16).reshape(2, 16, 3)
    kept = run._augmented(clouds, np.random.default_rng(0))
    assert kept.shape == (2, STUDENT.points.train, 3) and kept.dtype == torch.float32
    assert all(len(np.unique(cloud[:, 0])) == STUDENT.points.train for cloud in kept.numpy())
    assert set(kept.numpy().ravel()) <= set(clouds.ravel().astype(np.float32))


def test_first_samples_fix_the_units(tmp_path: Path) -> None:
    run, samples = learner(tmp_path), lessons("points")
    run.insert(samples)
    before = run.normalisers
    run.insert({**lessons("points", 30, 5), "chunk": 100 * lessons("points", 30, 5)["chunk"]})
    assert run.normalisers is before
    scale = before["action"].scale
    assert scale.min() >= 0.05 * scale.max() * 0.999  # what does not vary at first may do so later
    assert before["proprioception"].clip == 5.0
