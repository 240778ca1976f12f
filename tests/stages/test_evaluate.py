"""The evaluation stage: the same starts for all, numbers that repeat, and mistakes on one screen."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil

import numpy as np
import pytest

from expertgen import cli
from expertgen.errors import MissingInput
from expertgen.metrics.wilson import Rate
from expertgen.report.tables import markdown_table
from expertgen.stages import evaluate, preflight
from expertgen.stages.evaluate_report import rows_of
from expertgen.stages.evaluate_rollouts import Runner, failed_where_unhealthy
from expertgen.stages.policies import DISPLAY_NAMES

TASK = "lift_banana"


@pytest.fixture
def ready(small, changed, untrained):
    """Small parameters with episodes of two chunks, and untrained checkpoints."""
    params, workspace = small
    params = changed(params, "simulation", episode_steps=16)
    untrained(params, workspace)
    return params, workspace


@pytest.fixture
def at_the_command_line(small, untrained, monkeypatch, capsys):
    """call(*arguments) -> (exit status, stdout, stderr) in a folder with params.yaml and untrained checkpoints."""
    params, workspace = small
    untrained(params, workspace)
    monkeypatch.chdir(workspace.root)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call, workspace


def test_all_policies_meet_the_same_starts_and_batches_change_nothing(ready, changed) -> None:
    params, workspace = ready
    seeds = np.arange(20000, 20005)
    runners = [Runner(changed(params, "evaluate", batch=batch), TASK, workspace) for batch in (5, 2)]
    for name in DISPLAY_NAMES:
        whole, split = (runner.run(name, seeds).episodes for runner in runners)
        starts = runners[0].run("script", seeds).episodes.start_objects
        assert np.array_equal(whole.seeds, seeds) and np.array_equal(whole.start_objects, starts)
        for field in ("observation", "action", "joints", "objects", "success"):
            assert np.array_equal(getattr(whole, field), getattr(split, field)), (name, field)


def test_the_metrics_say_what_was_measured_and_repeat(ready, capsys) -> None:
    params, workspace = ready
    evaluate.run(params, TASK, workspace)
    text = (workspace.reports / "metrics.json").read_text()
    metrics = json.loads(text)
    assert metrics["seed"] == 20000 and metrics["episodes"] == 6 and set(metrics["policies"]) == set(DISPLAY_NAMES)
    for measured in metrics["policies"].values():
        for name in ("success_any", "success_end"):
            assert measured[name]["n"] == 6 and 0 <= measured[name]["low"] <= measured[name]["rate"]
        assert measured["dtw"]["mean"] > 0 and measured["dtw"]["episodes"] == 2 and measured["dtw"]["references"] == 2
        assert measured["jerk"]["mean"] > 0 and measured["unhealthy"] == []
    assert set(metrics["paired"]) == set(DISPLAY_NAMES) - {"expert"}
    assert np.sum(metrics["success_map"]["expert"]["counts"]) == 6
    assert metrics["success_map"]["expert"]["counts"] == metrics["success_map"]["prior"]["counts"]
    assert set(metrics["provenance"]["inputs"]) == {"prior", "expert", "demos"}
    assert str(workspace.root) not in text
    shutil.rmtree(workspace.reports)
    evaluate.run(dataclasses.replace(params), TASK, workspace)
    assert (workspace.reports / "metrics.json").read_text() == text
    capsys.readouterr()
    report = (workspace.reports / "report.md").read_text()
    evaluate.run(params, TASK, workspace)
    assert "up to date" in capsys.readouterr().err and (workspace.reports / "report.md").read_text() == report
    (workspace.reports / "success.png").unlink()
    evaluate.run(params, TASK, workspace)
    assert (workspace.reports / "success.png").exists() and (workspace.reports / "metrics.json").read_text() == text


def test_the_report_shows_the_table_and_every_figure_it_names(ready) -> None:
    params, workspace = ready
    evaluate.run(params, TASK, workspace)
    metrics = json.loads((workspace.reports / "metrics.json").read_text())
    table, report = workspace.table.read_text(), (workspace.reports / "report.md").read_text()
    assert table == markdown_table(rows_of(metrics)) and table in report
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == list(DISPLAY_NAMES.values())
    for name in ("success.png", "success_map.png"):
        assert f"({name})" in report and (workspace.reports / name).stat().st_size > 10_000
    assert "seeds 20000 to 20005" in report and "None" not in report
    assert all(f"({name})" not in report for name in ("curve.png", "preflight.png", "filmstrip.png"))


def test_the_report_tells_what_the_other_stages_left(ready) -> None:
    params, workspace = ready
    preflight.run(params, TASK, workspace)
    rates = [Rate(successes, 50).to_json() for successes in (20, 48, 49)]
    points = [
        {"decisions": 1000 * i, "wall_time_s": 60.0 * i, "success_any": rate, "success_end": rate}
        for i, rate in enumerate(rates)
    ]
    (workspace.reports / "curve.json").write_text(json.dumps(points))
    (workspace.reports / "wall_time.json").write_text('{"demos": 30.0, "steer": 600.0}')
    evaluate.run(params, TASK, workspace)
    report = (workspace.reports / "report.md").read_text()
    verdict = json.loads((workspace.reports / "preflight.json").read_text())["verdict"]
    assert verdict["reason"] in report and "| DDIM steps |" in report
    assert "first at 95 % or more after 1000 decisions and 1.0 minutes" in report and "never at 99 %" in report
    assert re.search(r"\| steer +\| +10\.0 \|", report)
    for name in ("curve.png", "preflight.png", "ddim.png"):
        assert f"({name})" in report and (workspace.reports / name).exists()
    before = (workspace.reports / "metrics.json").read_bytes()
    (workspace.reports / "wall_time.json").write_text('{"steer": 1200.0}')
    evaluate.run(params, TASK, workspace)  # nothing to measure, but something to tell
    assert re.search(r"\| steer +\| +20\.0 \|", (workspace.reports / "report.md").read_text())
    assert (workspace.reports / "metrics.json").read_bytes() == before


def test_a_kill_while_files_are_replaced_leaves_no_mixture(ready, changed, monkeypatch) -> None:
    params, workspace = ready

    def files() -> dict[str, bytes]:
        kept = (path for path in workspace.reports.iterdir() if path.suffix in (".json", ".png"))
        return {path.name: path.read_bytes() for path in kept}

    evaluate.run(params, TASK, workspace)
    first, replace, replaced = files(), os.replace, []

    def killed_at_the_third(source, target) -> None:
        if target.parent == workspace.reports and target.suffix in (".json", ".png") and target.stem != "wall_time":
            replaced.append(target)
            if len(replaced) == 3:
                raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            evaluate.run(changed(params, "evaluate", seed=30_000), TASK, workspace)
    evaluate.run(params, TASK, workspace)  # its metrics may still be there, but not all that belongs to them
    again = files()
    assert len(replaced) == 3 and first.keys() == again.keys()
    assert [name for name in first if first[name] != again[name]] in ([], ["wall_time.json"])


def test_dtw_can_be_left_out_and_then_needs_no_demonstrations(ready, changed) -> None:
    params, workspace = ready
    shutil.rmtree(workspace.data("demos"))
    with pytest.raises(MissingInput, match="expertgen demos"):
        evaluate.run(params, TASK, workspace)
    evaluate.run(changed(params, "evaluate", dtw_episodes=0), TASK, workspace)
    metrics = json.loads((workspace.reports / "metrics.json").read_text())
    assert metrics["policies"]["expert"]["dtw"] is None and set(metrics["provenance"]["inputs"]) == {"prior", "expert"}


def test_an_episode_that_failed_to_simulate_is_a_failure_throughout(ready) -> None:
    params, workspace = ready
    episodes = Runner(params, TASK, workspace).run("script", np.array([20000, 20001])).episodes
    lifted = dataclasses.replace(episodes, success=np.ones_like(episodes.success), healthy=np.array([True, False]))
    assert failed_where_unhealthy(lifted).success_any.tolist() == [True, False]


def test_one_policy_at_the_command_line(at_the_command_line) -> None:
    call, workspace = at_the_command_line
    path = workspace.root / "script.json"
    arguments = ("evaluate", TASK, "--policy", "script", "--episodes", "5", "--seed", "500", "--json", str(path))
    status, out, _ = call(*arguments)
    metrics = json.loads(path.read_text())
    assert status == 0 and metrics["policies"]["script"]["success_any"]["n"] == 5 and metrics["seed"] == 500
    assert "script" in out and "[95 %]" in out and not workspace.reports.exists()
    assert metrics["provenance"]["inputs"].keys() == {"demos"}
    first = path.read_bytes()
    assert call(*arguments)[0] == 0 and path.read_bytes() == first
    shutil.rmtree(workspace.data("demos"))
    status, out, err = call("evaluate", TASK, "--policy", "expert", "--episodes", "1")
    assert status == 0 and "no DTW" in err and "expert" in out


def test_mistakes_are_told_on_one_screen(at_the_command_line) -> None:
    call, workspace = at_the_command_line
    path = workspace.data("expert") / "tensors.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    damaged = call("evaluate", TASK)
    shutil.rmtree(workspace.data("expert"))
    missing = call("evaluate", TASK), call("evaluate", TASK, "--policy", "expert", "--episodes", "2")
    trained_on = call("evaluate", TASK, "--policy", "script", "--seed", "1000000")
    for (status, _, err), told in (
        (damaged, "damaged"), (missing[0], "expertgen steer"), (missing[1], "expertgen steer"),
        (trained_on, "trains on"),
    ):  # fmt: skip
        assert status == 2 and told in err and "Traceback" not in err and len(err.splitlines()) < 12
    assert not (workspace.reports / "metrics.json").exists()
