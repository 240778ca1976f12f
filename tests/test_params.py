"""params.yaml and its profiles: what is read, and what is refused with which words."""

from __future__ import annotations

import copy
import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from expertgen.errors import InvalidParameter, MissingInput, UnknownName
from expertgen.params import as_dict, load_params, profile_names, profile_values

ROOT = Path(__file__).parents[1]
COMMITTED = yaml.safe_load((ROOT / "params.yaml").read_text())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    return tmp_path / "params.yaml"


def with_value(key: str, value: Any) -> dict[str, Any]:
    """The committed parameters with one dotted key replaced or added."""
    values = copy.deepcopy(COMMITTED)
    section = values
    *parents, last = key.split(".")
    for parent in parents:
        section = section[parent]
    section[last] = value
    return values


def refusal(path: Path, values: Any, profile: str | None = None) -> str:
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(InvalidParameter) as error:
        load_params(path, profile)
    return str(error.value)


def test_committed_parameters_are_read_as_written() -> None:
    assert as_dict(load_params(ROOT / "params.yaml")) == {k: v for k, v in COMMITTED.items() if k != "per_task"}


@pytest.mark.parametrize("profile", profile_names(ROOT / "params.yaml"))
def test_every_committed_profile_is_valid(profile: str) -> None:
    load_params(ROOT / "params.yaml", profile)


def test_paper_profile_holds_table_vi() -> None:
    params = load_params(ROOT / "params.yaml", "paper")
    assert (params.prior.network, params.prior.channels) == ("unet", (128, 256))
    assert (params.steer.batch_size, params.steer.replay, params.steer.num_envs) == (8196, 8196, 1024)
    assert (params.steer.critic.atoms, params.steer.critic.v_max, params.steer.gamma) == (101, 100.0, 0.99)


def test_parameters_cannot_be_changed_by_the_code_that_reads_them() -> None:
    params = load_params(ROOT / "params.yaml")
    with pytest.raises(dataclasses.FrozenInstanceError):
        params.steer.noise.bound = 3.0  # type: ignore[misc]
    assert hash(params) == hash(load_params(ROOT / "params.yaml"))


def test_overlay_replaces_single_values_and_whole_lists(path: Path) -> None:
    overlay = {"steer": {"critic": {"hidden": [7]}, "noise": {"bound": 1}}, "demos": {"episodes": 3}}
    (path.parent / "profiles" / "mine.yaml").write_text(yaml.safe_dump(overlay))
    expected = with_value("steer.critic.hidden", [7])
    expected["steer"]["noise"]["bound"] = 1.0
    expected["demos"]["episodes"] = 3
    del expected["per_task"]
    assert as_dict(load_params(path, "mine")) == expected


def test_what_differs_for_a_task_is_laid_over_its_own_file_and_yields_to_a_profile(path: Path) -> None:
    own = {"simulation": {"episode_steps": 80}, "demos": {"episodes": 5}}
    values = with_value("per_task", {task: {} for task in COMMITTED["tasks"]} | {"lift_banana": own})
    path.write_text(yaml.safe_dump(values))
    overlay = {"demos": {"episodes": 3}, "per_task": {"lift_banana": {"prior": {"iterations": 9}}}}
    (path.parent / "profiles" / "mine.yaml").write_text(yaml.safe_dump(overlay))
    found = load_params(path, "mine", "lift_banana")
    assert (found.simulation.episode_steps, found.demos.episodes, found.prior.iterations) == (80, 3, 9)
    assert load_params(path, "mine", "lift_brick").simulation.episode_steps == 64
    (path.parent / "flat.yaml").write_text(yaml.safe_dump(profile_values(path, "mine")))
    assert load_params(path.parent / "flat.yaml", None, "lift_banana") == found


def test_a_mistake_in_what_differs_for_a_task_is_told(path: Path) -> None:
    values = with_value("per_task.lift_banana", {"demos": {"episode": 3}})
    assert "per_task.lift_banana.demos.episode" in refusal(path, values)


def test_a_misspelt_task_is_told_and_not_passed_over(path: Path) -> None:
    values = with_value("per_task", {"lift_banna": {"demos": {"episodes": 3}}})
    assert "no line for lift_banana, " in refusal(path, values)
    assert ", but one for lift_banna, expected" in refusal(path, values)
    path.write_text(yaml.safe_dump(COMMITTED))
    (path.parent / "profiles" / "mine.yaml").write_text(yaml.safe_dump({"per_task": {"lift_banna": {}}}))
    with pytest.raises(InvalidParameter, match=r"per_task\.lift_banna: found a task without a line"):
        load_params(path, "mine")


def test_cpu_profile_is_the_file_itself(path: Path) -> None:
    assert load_params(path, "cpu") == load_params(path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("simulaton", {}, ["simulaton", "unknown key", "did you mean simulation?"]),
        ("steer.critic.hiden", [1], ["steer.critic.hiden", "unknown key", "did you mean hidden?"]),
        ("steer.zzz", 1, ["steer.zzz", "unknown key", "one of noise, num_envs"]),
        ("prior.iterations", "3000", ["prior.iterations", "'3000' (string)", "an integer >= 1"]),
        ("prior.iterations", 3000.0, ["prior.iterations", "3000.0 (number)", "an integer"]),
        ("prior.iterations", True, ["prior.iterations", "true (true/false)", "an integer"]),
        ("prior.iterations", None, ["prior.iterations", "found nothing", "an integer"]),
        ("prior.iterations", 0, ["prior.iterations", "found 0", ">= 1"]),
        ("prior.relative_position", 1, ["prior.relative_position", "1 (integer)", "true or false"]),
        ("prior.network", "unt", ["prior.network", "'unt'", "mlp, unet", "did you mean unet?"]),
        ("prior.network", 3, ["prior.network", "3 (integer)", "mlp, unet"]),
        ("prior.learning_rate", 0, ["prior.learning_rate", "> 0"]),
        ("prior.learning_rate", False, ["prior.learning_rate", "false (true/false)", "a number"]),
        ("prior.channels", [], ["prior.channels", "empty list"]),
        ("prior.channels", 128, ["prior.channels", "128 (integer)", "a list"]),
        ("prior.channels", [128, "x"], ["prior.channels[1]", "'x'", "an integer"]),
        ("prior.channels", [128, -1], ["prior.channels[1]", "-1", ">= 1"]),
        ("steer.gamma", float("nan"), ["steer.gamma", "nan", "a finite number"]),
        ("steer.gamma", float("inf"), ["steer.gamma", "inf", "a finite number"]),
        ("steer.gamma", 10**400, ["steer.gamma", "a finite number"]),
        ("steer.gamma", 1.01, ["steer.gamma", "1.01", "<= 1"]),
        ("steer.gaussian_fraction", -0.1, ["steer.gaussian_fraction", ">= 0 and <= 1"]),
        ("steer.noise", 3, ["steer.noise", "3 (integer)", "a mapping with the keys basis"]),
        ("steer.noise.bound", {"a": 1}, ["steer.noise.bound", "a mapping", "a number"]),
        ("tasks", ["lift_banana", "lift_banana"], ["tasks", "each task once"]),
        ("seed", 2**32, ["seed", "<= 4294967295"]),
        ("simulation.timestep", 0.003, ["simulation.timestep", "0.003", "simulation.control_hz"]),
        ("simulation.episode_steps", 63, ["simulation.episode_steps", "63", "prior.execute"]),
        ("prior.execute", 32, ["prior.execute", "32", "prior.horizon (16)"]),
        ("prior.ddim_steps", 1001, ["prior.ddim_steps", "prior.train_diffusion_steps"]),
        ("preflight.ddim_steps", [1, 1001], ["preflight.ddim_steps", "1001"]),
        ("steer.noise.vectors", 17, ["steer.noise.vectors", "17", "prior.horizon"]),
        ("steer.reward.hold_steps", 1000, ["steer.reward.hold_steps", "simulation.episode_steps"]),
        ("steer.sigma_min", 5.0, ["steer.sigma_min", "steer.sigma_max"]),
        ("steer.critic.v_min", 1e9, ["steer.critic.v_min", "less than steer.critic.v_max"]),
        ("steer.replay", 1, ["steer.replay", "steer.n_step"]),
        ("perturb.earliest", 0.9, ["perturb.earliest", "0.9", "perturb.latest"]),
        ("perturb.tasks", ["juggle"], ["perturb.tasks", "juggle", "some of tasks", "lift_banana"]),
        ("perturb.force.newtons", 0, ["perturb.force.newtons", "> 0"]),
    ],
)
def test_wrong_value_is_refused_by_its_name(path: Path, key: str, value: Any, words: list[str]) -> None:
    values = with_value(key, value)
    if key == "steer.noise.vectors":
        values["steer"]["noise"]["basis"] = "dct"
    message = refusal(path, values)
    for word in [str(path), *words]:
        assert word in message


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("kernel_size", 4, "odd"),
        ("channels", [30, 60], "prior.groups"),
        ("channels", [8] * 6, "prior.horizon"),
    ],
)
def test_unet_of_impossible_shape_is_refused(path: Path, key: str, value: Any, word: str) -> None:
    values = with_value(f"prior.{key}", value)
    values["prior"]["network"] = "unet"
    assert word in refusal(path, values)


def test_missing_key_is_refused(path: Path) -> None:
    values = copy.deepcopy(COMMITTED)
    del values["steer"]["reward"]["terminate"]
    assert "steer.reward.terminate: found nothing" in refusal(path, values)


def test_all_mistakes_are_told_at_once_but_on_one_screen(path: Path) -> None:
    values = with_value("demos.episodes", "many")
    values["evaluate"] = {f"wrong_{i}": 0 for i in range(40)} | {"episodes": "x" * 5000}
    message = refusal(path, values)
    assert "demos.episodes" in message and "evaluate.wrong_0" in message and "more" in message
    assert len(message.splitlines()) <= 12 and len(message) < 4000


def test_integer_is_a_float_where_a_float_is_expected(path: Path) -> None:
    path.write_text(yaml.safe_dump(with_value("simulation.control_hz", 20)))
    control_hz = load_params(path).simulation.control_hz
    assert control_hz == 20.0 and isinstance(control_hz, float)


@pytest.mark.parametrize(("text", "value"), [("3e-4", 3e-4), ("1.0e-3", 1e-3), (".5", 0.5), ("1", 1.0)])
def test_numbers_are_read_as_yaml_1_2_and_dvc_read_them(path: Path, text: str, value: float) -> None:
    (path.parent / "profiles" / "mine.yaml").write_text(f"prior: {{learning_rate: {text}}}")
    assert load_params(path, "mine").prior.learning_rate == value


@pytest.mark.parametrize("text", ["on", "yes", "010", "1:30", "2026-01-01", "!!int abc", "!!set {a}"])
def test_yaml_1_1_leftovers_are_refused(path: Path, text: str) -> None:
    (path.parent / "profiles" / "mine.yaml").write_text(f"prior: {{iterations: {text}}}")
    with pytest.raises(InvalidParameter, match=r"mine\.yaml"):
        load_params(path, "mine")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("seed: 1\nseed: 2\n", "line 2, column 1: the key 'seed' is written twice"),
        ("prior: {width: 1, width: 2}", "'width' is written twice"),
        ("{[a]: 1}", "plain word"),
        ("seed: [1", "not valid YAML"),
        ("seed: !!python/name:os.system", "not valid YAML"),
        ("[" * 500, "not valid YAML"),
        ("seed: \x01", "not valid YAML"),
        ("a: 1\n---\nb: 1\n", "not valid YAML"),
        ("", "top level: found nothing, expected a mapping"),
        ("- seed", "top level"),
        ("1: 2", "unknown key"),
    ],
)
def test_what_is_not_a_plain_mapping_is_refused(path: Path, text: str, word: str) -> None:
    for file, profile in ((path, None), (path.parent / "profiles" / "mine.yaml", "mine")):
        kept = path.read_text()
        file.write_text(text)
        with pytest.raises(InvalidParameter) as error:
            load_params(path, profile)
        assert str(file) in str(error.value) and word in str(error.value)
        path.write_text(kept)


def test_bytes_that_are_not_text_are_refused(path: Path) -> None:
    path.write_bytes(b"seed: \xff")
    with pytest.raises(InvalidParameter, match="not UTF-8"):
        load_params(path)


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="--params"):
        load_params(tmp_path / "params.yaml")
    with pytest.raises(InvalidParameter, match="cannot be read"):
        load_params(tmp_path)


@pytest.mark.parametrize("profile", ["quik", "../quick", "", "quick.yaml"])
def test_unknown_profile_lists_the_known(path: Path, profile: str) -> None:
    with pytest.raises(UnknownName, match="cpu, images, paper, plain, quick"):
        load_params(path, profile)


def test_mistake_in_an_overlay_names_the_overlay(path: Path) -> None:
    overlay = path.parent / "profiles" / "mine.yaml"
    overlay.write_text("demos: {episode: 3}")
    with pytest.raises(InvalidParameter) as error:
        load_params(path, "mine")
    assert str(error.value).startswith(f"{overlay}:") and "did you mean episodes?" in str(error.value)
    overlay.write_text("steer: {sigma_max: 0.0}")
    with pytest.raises(InvalidParameter, match=r"params\.yaml with .*mine\.yaml"):
        load_params(path, "mine")


@settings(max_examples=40)
@given(
    section=st.sampled_from([None, "prior", "steer"]), key=st.text(min_size=1, max_size=30), value=st.none()
)
def test_no_unknown_key_is_ever_ignored(
    tmp_path_factory: pytest.TempPathFactory, section: str | None, key: str, value: None
) -> None:
    values = copy.deepcopy(COMMITTED)
    target = values if section is None else values[section]
    if key in target:
        return
    target[key] = value
    message = refusal(tmp_path_factory.mktemp("params") / "params.yaml", values)
    assert "unknown key" in message and len(message.splitlines()) <= 12
