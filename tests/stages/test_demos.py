"""Demonstrations: the same bytes however they are made, and every episode marked for what it is."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from expertgen.data.episodes import EpisodeStore
from expertgen.data.hashing import tree_sha256
from expertgen.data.lock import stage_lock
from expertgen.errors import InvalidParameter, StageBusy
from expertgen.params import as_dict
from expertgen.stages import demos
from expertgen.workspace import Workspace

ROOT = Path(__file__).parents[2]
TASK = "lift_banana"


def collect(params, workspace) -> dict[str, str]:
    demos.run(params, TASK, workspace)
    assert not workspace.work("demos").exists()
    return tree_sha256(workspace.data("demos"))


def test_failed_episodes_are_kept_and_marked(small, capsys) -> None:
    params, workspace = small
    collect(params, workspace)
    store = EpisodeStore.open(workspace.data("demos"))
    assert store.num_episodes == 10 and set(store.lengths) == {params.simulation.episode_steps}
    assert store.read_episodes("seed").tolist() == list(range(1_000_000, 1_000_010))
    assert store.step_names == ["action", "joints", "observation", "success"]
    marks = store.read_steps("success").reshape(10, -1)
    np.testing.assert_array_equal(store.successes(), marks.any(1))
    np.testing.assert_array_equal(store.successes(at_end=True), marks[:, -1])
    assert 0 < store.successes().sum() < 10 and store.read_episodes("healthy").all()
    assert store.read_episodes("start_objects").shape == (10, 1, 7)
    rate = f"{10 * store.successes().sum():.1f} % ["
    assert f"success at any time {rate}" in (out := capsys.readouterr().out)
    assert "n = 10, seeds 1000000 to 1000009" in out


def test_the_number_of_workers_changes_no_byte(small, changed, tmp_path: Path) -> None:
    params, workspace = small
    alone = collect(params, workspace)
    together = collect(changed(params, "demos", workers=2), Workspace(tmp_path / "together", TASK))
    threaded = changed(params, "simulation", num_threads=2)
    assert alone == together == collect(threaded, Workspace(tmp_path / "threaded", TASK))


def test_a_store_that_is_there_is_kept_and_another_is_made_for_other_parameters(small, changed, capsys) -> None:
    params, workspace = small
    first, made = collect(params, workspace), workspace.data("demos").stat().st_ino
    assert collect(changed(params, "demos", workers=3), workspace) == first
    assert workspace.data("demos").stat().st_ino == made and "up to date" in capsys.readouterr().err
    fewer = collect(changed(params, "demos", episodes=5), workspace)
    assert fewer != first and EpisodeStore.open(workspace.data("demos")).num_episodes == 5
    other = dataclasses.replace(params, seed=1)
    collect(other, workspace)
    assert EpisodeStore.open(workspace.data("demos")).read_episodes("seed")[0] == 4_000_000


def test_a_damaged_store_is_made_again(small, capsys) -> None:
    params, workspace = small
    first = collect(params, workspace)
    (workspace.data("demos") / "shard-00001.zarr/data/action/c/0/0").write_bytes(b"")
    assert collect(params, workspace) == first
    assert "is damaged; making it again" in capsys.readouterr().err


def test_only_one_process_may_collect(small) -> None:
    params, workspace = small
    with stage_lock(workspace.lock("demos")), pytest.raises(StageBusy):
        demos.run(params, TASK, workspace)


def test_evaluating_on_the_demonstrations_starts_is_refused_at_once(small, changed) -> None:
    params, workspace = small
    with pytest.raises(InvalidParameter, match=r"evaluate\.seed: found 1000003"):
        demos.run(changed(params, "evaluate", seed=1_000_003), TASK, workspace)
    assert not workspace.data("demos").exists()


def test_a_killed_run_goes_on_where_it_stopped(small, changed, tmp_path: Path, capsys) -> None:
    params, workspace = small
    params = changed(params, "demos", episodes=30, shard_episodes=2)  # so many that none of it is over at once
    status, _ = interrupt(params, workspace, signal.SIGKILL)
    assert status == -signal.SIGKILL

    made = {path.name: path.stat().st_ino for path in shards(workspace.work("demos"))}
    resumed = collect(params, workspace)
    assert f"going on with {len(made)} of 15 shards" in capsys.readouterr().err
    now = {path.name: path.stat().st_ino for path in shards(workspace.data("demos"))}
    assert made and made.items() <= now.items() and len(now) == 15
    assert resumed == collect(params, Workspace(tmp_path / "uninterrupted", TASK))


def test_ctrl_c_keeps_what_is_finished(small, changed) -> None:
    params, workspace = small
    status, err = interrupt(changed(params, "demos", episodes=1000, shard_episodes=2), workspace, signal.SIGINT)
    assert status == 130 and "run the same command again to resume" in err and "Traceback" not in err
    assert shards(workspace.work("demos"))


def interrupt(params, workspace: Workspace, how: signal.Signals) -> tuple[int, str]:
    """Collect with two workers, interrupted once a shard is finished; the exit status and standard error. No process
    may be left behind."""
    path = workspace.root / "params.yaml"
    path.write_text(yaml.safe_dump(as_dict(changed_workers(params, 2))), encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from expertgen.cli import main; sys.exit(main())"
    # A shell's background job ignores SIGINT, and would pass that on.
    process = subprocess.Popen(
        [sys.executable, "-c", code, "demos", TASK], cwd=workspace.root, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not shards(workspace.work("demos")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    children = children_of(process.pid)
    assert len(children) >= 2
    # Ctrl-C goes to all processes of the terminal, a kill to one.
    os.killpg(process.pid, how) if how == signal.SIGINT else process.send_signal(how)
    _, err = process.communicate(timeout=60)
    wait_until_gone(children)
    assert not workspace.data("demos").exists()
    return process.returncode, err


def changed_workers(params, workers: int):
    return dataclasses.replace(params, demos=dataclasses.replace(params.demos, workers=workers))


def shards(store: Path) -> list[Path]:
    return sorted(store.glob("shard-*.zarr"))


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def wait_until_gone(pids: list[int], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while left := [pid for pid in pids if running(pid)]:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.02)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
