"""From a protocol to a report and a dataset, on the command line: real students in the project's simulation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from expertgen import cli
from expertgen.data.hashing import content_sha256
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.models.student_network import StudentNetwork
from expertgen.params import as_dict, load_params
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.student import StudentPolicy
from expertgen.stages.distill import config_of
from expertgen.trials.record import read_record
from expertgen.trials.recorded import read_recorded
from tests.trials.made import terms

TASK = "lift_banana"


@pytest.fixture(scope="module")
def project(tmp_path_factory, tiny_student) -> Path:
    """A project with two students that were taught nothing, loose thresholds, a protocol and answers."""
    folder = tmp_path_factory.mktemp("trials")
    params, _ = tiny_student(folder, head="regression")
    values = as_dict(params)
    values["gates"]["trials"] |= {
        "position_jump": 9.0, "rotation_jump": 9.0, "joint_speed": 99.0, "joint_margin": 0.0, "frozen_travel": 9.0,
        "brightness": 1.0, "contrast": 1.0,
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    policies = [{"name": name, "checkpoint": f"data/{name}", "sha256": student(folder / "data" / name, seed)}
                for seed, name in enumerate(("taught", "cloned"))]  # fmt: skip
    written = terms(policies=policies, n=2, max_seconds=0.3)
    (folder / "small.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    (folder / "answers.yaml").write_text("operator: test\nanswers: ['invalid, lamp fell']\nthen: measured\n")
    return folder


def student(path: Path, seed: int, told: Path | None = None) -> str:
    """A student that hardly leaves where it is; the SHA-256 of its content."""
    params = load_params(told or path.parents[1] / "params.yaml")
    torch.manual_seed(seed)
    chunk, mean = torch.ones(params.prior.execute, 10), torch.zeros(params.prior.execute, 10)
    mean[:, 3], mean[:, 7] = 1, -1
    vision = {name: value for name, value in as_dict(params.vision).items() if name != "randomise"}
    network, told = StudentNetwork(config_of(params)), Normaliser(torch.zeros(17), torch.ones(17), 5.0)
    StudentPolicy(network, told, Normaliser(mean, 0.01 * chunk), vision).save(path)
    return content_sha256(path)


def call(project: Path, *words: str) -> int:
    return cli.main([*words, "--params", str(project / "params.yaml")])


def trial(project: Path, *more: str) -> int:
    return call(project, "robot", "trial", TASK, "--protocol", str(project / "small.yaml"), *more)


@pytest.fixture(scope="module")
def recorded(project: Path) -> Path:
    """The project after its trials."""
    assert trial(project, "--answers", str(project / "answers.yaml")) == 0
    return project


def test_a_check_runs_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (project / "data" / TASK / "trials").exists()
    assert trial(project, "--check") == 0
    assert "4 trials" in capsys.readouterr().out and (project / "data" / TASK / "trials").exists() == before


def test_mistakes_are_one_message(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (project / "small.yaml").read_text()
    kept = content_sha256(project / "data" / "taught")
    for changed, word in (
        (text.replace(kept, "f" * 64), kept), (text.replace("data/taught", "data/tought"), "no checkpoint"),
        (text.replace("simulation", "metal"), "metal"), (text.replace("lift_banana", "lift_brick"), "lift_brick"),
    ):  # fmt: skip
        (tmp_path / "wrong.yaml").write_text(changed)
        assert call(project, "robot", "trial", TASK, "--protocol", str(tmp_path / "wrong.yaml"), "--check") == 2
        assert word in capsys.readouterr().err


def test_what_was_sent_observed_and_measured_is_recorded(recorded: Path) -> None:
    found = read_recorded(recorded / "data" / TASK / "trials" / "small")
    assert found.ended and found.attempts[0].verdict == "invalid" and len(found.attempts) == 5
    for attempt in found.attempts:
        record = read_record(found.episode(attempt))
        assert len(record) == 3 and record.seconds == pytest.approx(0.3) and record.success is not None
        assert set(record.frames) == {"front", "side"} and record.frames["front"].shape == (3, 18, 32, 3)
        assert np.abs(record.sent[:, 9]).tolist() == [1.0] * 3 and np.isfinite(record.asked).all()
    # All policies of a block begin in the same state, and see it under the same look.
    one, other = (read_record(found.episode(attempt)) for attempt in found.attempts[3:5])
    np.testing.assert_array_equal(one.proprioception[0], other.proprioception[0])
    np.testing.assert_array_equal(one.frames["side"][0], other.frames["side"][0])
    assert not np.array_equal(one.sent, other.sent)


def test_trials_that_have_ended_are_not_run_again(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = recorded / "data" / TASK / "trials" / "small" / "log.jsonl"
    before = log.read_bytes()
    assert trial(recorded, "--answers", str(recorded / "answers.yaml")) == 0
    assert log.read_bytes() == before and "All trials are scored" in capsys.readouterr().out


def test_gate_report_and_dataset(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(recorded, "trials", TASK) == 2  # the gate comes first
    assert call(recorded, "gate_trials", TASK) == 0
    assert call(recorded, "trials", TASK) == 0
    reports = recorded / "reports" / "trials" / TASK
    numbers = json.loads((reports / "trials.json").read_text())["protocols"]["small"]
    assert [policy["name"] for policy in numbers["policies"]] == ["taught", "cloned"]
    assert all(policy["success"]["n"] == 2 for policy in numbers["policies"])
    assert [row["reason"] for row in numbers["invalid"]] == ["lamp fell"]
    text = (reports / "trials.md").read_text()
    assert "EXPERTGEN (paper)" in text and "75.0 %" in text and "not even an emulated one" in text
    assert (reports / "trials.png").read_bytes().startswith(b"\x89PNG")
    before = {path.name: path.read_bytes() for path in reports.iterdir()}
    assert call(recorded, "trials", TASK) == 0
    assert {path.name: path.read_bytes() for path in reports.iterdir()} == before


def test_recorded_trials_become_a_dataset_of_those_that_count(recorded: Path, capsys) -> None:
    target = recorded / "dataset"
    assert call(recorded, "robot", "export", TASK, "small", str(target)) == 0
    assert cli.main(["release", "verify", str(target)]) == 0
    reader = ReleaseReader(target)
    assert len(reader.episodes) == 4 and reader.info["features"]["observation.state"]["shape"] == [17]
    found = read_recorded(recorded / "data" / TASK / "trials" / "small")
    counted = [attempt for attempt in found.attempts if attempt.counts]
    for number, attempt in enumerate(counted):
        arrays, record = reader.arrays(number), read_record(found.episode(attempt))
        np.testing.assert_array_equal(arrays["action"], record.sent)
        assert arrays["next.success"].tolist() == [False, False, attempt.verdict == "success"]
    assert call(recorded, "robot", "export", TASK, "small", str(target)) == 2
    assert "Nothing is replaced" in capsys.readouterr().err
