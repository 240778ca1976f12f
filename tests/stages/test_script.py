"""Programs written by a language model behind a local server, tried, recorded, and run by the stages."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expertgen import cli
from expertgen.data.episodes import EpisodeStore
from expertgen.data.hashing import tree_sha256
from expertgen.env import start_generator
from expertgen.errors import InvalidParameter, MissingInput
from expertgen.learn.steering_seeds import TrainingSeeds
from expertgen.programs.verdict import ProgramFailed
from expertgen.stages import demos
from expertgen.stages.script_starts import CHOOSE, REPORT, ROOM, TRY, script_seeds
from expertgen.stages.starts import DEMOS, LEARNING_CURVE, PREFLIGHT, ROLLOUTS, evaluation_seeds, start_seeds
from expertgen.stages.starts import ROOM as STAGE_ROOM
from expertgen.workspace import Workspace
from tests.programs.endpoint import KEY, Endpoint, serving
from tests.programs.scene import body
from tests.small_project import write_small_parameters

TASK = "lift_banana"
IDLE = body("open_gripper(env)")
LIFT = body(
    "pick(env, 1)",
    "up = torch.tensor([0.0, 0.0, 0.25], device='cpu').reshape(1, 3)",
    "move_to(env, get_object_initial_position(env, 1) + up, target_orientation=None, gripper_open=False)",
    "close_gripper(env)",
)
ESCAPE = body("open('/etc/passwd')")


def block(program: str) -> str:
    return f"Here it is.\n\n```python\n{program}```\nGood luck."


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_small_parameters(tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(monkeypatch: pytest.MonkeyPatch, answers: list[Any], *options: str) -> tuple[int, Endpoint]:
    endpoint = Endpoint(answers)
    with serving(endpoint) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return cli.main(["script", "write", TASK, "--starts", "8", *options]), endpoint


def test_the_best_program_is_kept_with_how_it_came_to_be(project, monkeypatch, capsys) -> None:
    answers = [block(ESCAPE), block(IDLE), block(LIFT), "I would rather not."]
    status, endpoint = write(monkeypatch, answers, "--rounds", "2", "--candidates", "2")
    assert status == 0
    program = project / "programs" / f"{TASK}.py"
    assert program.read_text() == LIFT
    record = json.loads(program.with_suffix(".json").read_text())
    kinds = [[entry["verdict"]["kind"] for entry in part["candidates"]] for part in record["rounds"]]
    assert kinds == [["refused", "ok"], ["ok", "refused"]] and record["chosen"] == {"round": 1, "candidate": 0}
    assert (record["model"], record["rounds"][0]["candidates"][0]["model"]) == ("local-model", "local-model-2")
    for name in ("score", "shipped"):
        assert record[name]["starts"]["n"] == record[name]["success_end"]["n"] == 8
    assert record["score"]["success_end"] == record["shipped"]["success_end"] and record["score"]["success_end"]["rate"]
    assert record["score"]["starts"] != record["rounds"][0]["candidates"][1]["starts"]
    # The model was told the task and the skills, and then how its best program so far had fared.
    first, third = (endpoint.requests[i]["messages"] for i in (0, 2))
    assert "Lift the banana at least 20 cm" in first[1]["content"] and "pick(env" in first[0]["content"]
    assert third[2]["content"].startswith("```python\ndef scripted_policy") and "open_gripper" in third[2]["content"]
    assert "8 of 8: object 1" in third[3]["content"] and "never moved" in third[3]["content"]
    # Nothing in the record tells when, where or with which key, and no answer is left lying about.
    text = program.with_suffix(".json").read_text()
    assert endpoint.keys == [f"Bearer {KEY}"] * 4
    assert not [word for word in (KEY, "127.0.0.1", "1700000000", "chatcmpl", str(project)) if word in text]
    assert not Workspace(project, TASK).work("script").exists()
    # What is there is not replaced unless that is asked for, and no model is asked before that is known.
    capsys.readouterr()
    status, endpoint = write(monkeypatch, answers)
    assert status == 2 and not endpoint.requests and "--replace" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "words", "asked"),
    [
        ((401, {"error": {"message": "wrong key"}}), ["401", "wrong key", "OPENAI_API_KEY"], 1),
        ((429, {"error": {"message": "slow down"}}), ["429", "slow down", "4 times"], 4),
        ((500, {"error": {"message": "oh"}}), ["500"], 4),
        ((404, {"error": {"message": "no such model"}}), ["404", "no such model", "/v1"], 1),
        ((200, b"<html>"), ["gave an answer that is none"], 1),
        ((200, b"{]"), ["gave an answer that is none"], 1),
        ((200, {"choices": []}), ["none of the model's programs", "no choices"], 1),
        ((200, {}), ["none of the model's programs", "no choices"], 1),
        ((200, {"choices": [{"message": {"content": None}}]}), ["none of the model's programs", "no text"], 1),
        ((200, {"choices": ["x"]}), [], 1),
        ("no program", ["none of the model's programs", "no block of Python code"], 1),
        (block(ESCAPE), ["none of the model's programs", "'open'", "not available"], 1),
        (None, ["cannot be reached"], 4),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told(project, monkeypatch, capsys, answer: Any, words: list[str], asked: int) -> None:
    status, endpoint = write(monkeypatch, [answer], "--rounds", "1", "--candidates", "1")
    told = capsys.readouterr().err.splitlines()[-1]
    assert (status, len(endpoint.requests)) == (2, asked) and told.startswith("expertgen: error: ")
    assert not [word for word in words if word not in told] and KEY not in told
    assert not (project / "programs").exists()


def test_answers_that_came_before_an_error_are_not_asked_for_again(project, monkeypatch) -> None:
    refused = (401, {"error": {"message": "expired"}})
    options = ("--rounds", "1", "--candidates", "2")
    assert write(monkeypatch, [block(LIFT), refused], *options)[0] == 2
    status, endpoint = write(monkeypatch, [block(IDLE)], *options)
    assert status == 0 and len(endpoint.requests) == 1
    assert (project / "programs" / f"{TASK}.py").read_text() == LIFT


def test_without_an_endpoint_one_message_says_so(project, capsys) -> None:
    assert cli.main(["script", "write", TASK]) == 2
    told = capsys.readouterr().err
    assert "OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL (or --model) not set" in told
    assert len(told.splitlines()) == 1


def test_a_program_can_be_tried_by_itself(project, capsys) -> None:
    (project / "mine.py").write_text(LIFT)
    assert cli.main(["script", "try", TASK, "mine.py", "--starts", "4"]) == 0
    assert "mine.py: ok, seeds " in (told := capsys.readouterr().out) and "n = 4, 95 % Wilson" in told
    (project / "mine.py").write_text(body("move_to(env, [9.0, 0.0, 0.3])"))
    assert cli.main(["script", "try", TASK, "mine.py", "--starts", "4"]) == 2
    assert "out_of_reach" in (told := capsys.readouterr().err) and "4 of 4 targets" in told
    (project / "mine.py").write_bytes(b"\xff")
    assert [cli.main(["script", "try", TASK, name]) for name in ("mine.py", "other.py", ".")] == [2, 2, 2]
    assert [cli.main(["script", "try", TASK, "mine.py", "--starts", n]) for n in ("0", "1000001")] == [2, 2]


def test_demonstrations_by_a_recorded_program(small, changed) -> None:
    params, workspace = small
    demos.run(params, TASK, workspace)
    shipped = stored(workspace)
    programs = workspace.root / "programs"
    programs.mkdir()
    (programs / "lift.py").write_text(LIFT)
    (programs / "idle.py").write_text(IDLE)
    mine = changed(params, "script", program="programs/lift.py")
    demos.run(mine, TASK, workspace)
    for ours, theirs in zip(stored(workspace), shipped, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    same = tree_sha256(workspace.data("demos"))
    provenance = json.loads((workspace.data("demos") / "provenance.json").read_text())
    assert "program" in provenance["inputs"] and "program" not in provenance["parameters"]["script"]
    # The bytes of the program count, not its name.
    shutil.copy(programs / "lift.py", programs / "again.py")
    demos.run(changed(params, "script", program="programs/again.py"), TASK, workspace)
    assert tree_sha256(workspace.data("demos")) == same
    demos.run(changed(params, "script", program="programs/idle.py"), TASK, workspace)
    assert tree_sha256(workspace.data("demos")) != same
    (programs / "bad.py").write_text(body("pick(env, 9)"))
    with pytest.raises(ProgramFailed, match="unknown_object"):
        demos.run(changed(params, "script", program="programs/bad.py"), TASK, workspace)


def stored(workspace: Workspace) -> list[np.ndarray]:
    store = EpisodeStore.open(workspace.data("demos"))
    return [store.read_steps(name) for name in store.step_names] + [store.read_episodes("seed")]


@pytest.mark.parametrize(
    ("program", "error"),
    [("../lift.py", InvalidParameter), ("/etc/passwd", InvalidParameter), ("programs/lift.txt", InvalidParameter),
     ("programs/none.py", MissingInput)],
)  # fmt: skip
def test_a_program_is_a_file_of_the_project(small, changed, program: str, error: type[Exception]) -> None:
    params, workspace = small
    with pytest.raises(error, match=r"script\.program"):
        demos.run(changed(params, "script", program=program), TASK, workspace)


def test_programs_are_tried_on_starts_of_their_own(small) -> None:
    params, _ = small
    runs = [dataclasses.replace(params, seed=seed) for seed in (0, 1, 1000)]
    ends = sorted(tuple(script_seeds(use, run, ROOM)[[0, -1]]) for run in runs for use in (CHOOSE, TRY, REPORT))
    assert all(last < first for (_, last), (first, _) in itertools.pairwise(ends))
    stages = [start_seeds(use, run, STAGE_ROOM[use])[-1]
              for use in (DEMOS, PREFLIGHT, LEARNING_CURVE, ROLLOUTS) for run in runs]  # fmt: skip
    largest = max(*stages, evaluation_seeds(params)[-1], 2**32)  # evaluation ends below 2**32, see stages.starts
    blocks = [TrainingSeeds(TASK, seed) for seed in range(20)]
    assert ends[0][0] > largest and ends[0][0] > max(block.draw(1)[0] for block in blocks) + 2**32
    assert ends[0][0] > 2**32 * (2**30 + 1)  # whatever block a run has
    assert ends[-1][1] < 2**63 and script_seeds(REPORT, dataclasses.replace(params, seed=2**32 - 1), ROOM)[-1] > 0
    assert np.isfinite(start_generator(ends[-1][1]).uniform())
