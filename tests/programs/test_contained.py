"""Programs in the container: the same plans as outside, and a parent that takes nothing on trust."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import expertgen
from expertgen.benchmarks import TASKS
from expertgen.env import WORKSPACE
from expertgen.programs import contained
from expertgen.programs.calls import KINDS, SKILLS
from expertgen.programs.contained import ContainedProgram
from expertgen.programs.limits import Limits
from expertgen.programs.verdict import ProgramFailed
from tests.programs.scene import QUICK, body, planner, verdict_of

# Programs in the form of the paper's skill library (ExpertGen, Figs. 13 to 20), for what the shipped scripts do.
LIFT = body(
    "thing = 1",
    "pick(env, thing)",
    "where = get_object_initial_position(env, thing)  # (N, 3)",
    "up = torch.tensor([0.0, 0.0, 0.25], device=where.device).reshape(1, 3)",
    "move_to(env, where + up, target_orientation=None, gripper_open=False)",
    "close_gripper(env)",
)
DRAWER = body(
    "drawer, berry = 1, 2",
    "open_drawer(env, drawer, reset_after_open=True)",
    "pick(env, berry)",
    "above = get_object_initial_position(env, berry).clone()",
    "above[:, 2] += 0.23",
    "move_to(env, above, gripper_open=False)",
    "part = get_articulated_obj_part_pos(env, drawer, 'upper_drawer', _use_bbox_center=True)",
    "height = torch.full((part.shape[0], 1), 0.23, device=part.device)",
    "move_to(env, torch.cat([part[:, :2], height], dim=1), target_orientation=None, gripper_open=False)",
    "open_gripper(env)",
)


@pytest.mark.parametrize(("task", "source"), [("lift_banana", LIFT), ("object_in_drawer", DRAWER)])
def test_a_contained_program_plans_what_the_shipped_script_plans(task: str, source: str) -> None:
    inside, outside = planner(task), planner(task)
    ContainedProgram(source, WORKSPACE)(inside)
    TASKS[task].script(outside)
    np.testing.assert_array_equal(inside.actions(160), outside.actions(160))


def test_a_program_may_look_before_it_plans() -> None:
    source = body(
        "where = get_object_position(env, 1)",
        "left = (where[:, 1] > 0).float().reshape(-1, 1)",
        "side = torch.where(where[:, 1:2] > 0, 0.1 * torch.ones_like(left), -0.1)",
        "for height in [0.3, 0.2]:",
        "    move_to(env, torch.cat([where[:, :1], side, torch.full((env.num_envs, 1), height)], dim=1))",
    )
    plans = planner(count=5)
    ContainedProgram(source, WORKSPACE)(plans)
    np.testing.assert_array_equal(plans.position[:, 1], np.where(plans.objects[:, 0, 1] > 0, 0.1, -0.1))


def test_each_skill_has_arguments_that_are_checked() -> None:
    import inspect

    named = {name for skill in SKILLS.values() for name in list(inspect.signature(skill).parameters)[1:]}
    assert named <= KINDS


def test_a_program_that_waits_ends_with_the_clock() -> None:
    begun = time.monotonic()
    verdict = verdict_of(body("while True: pass"), limits=Limits(cpu_seconds=60, wall_seconds=1.0))
    assert verdict.kind == "time" and "1 s" in verdict.message and time.monotonic() - begun < 30


HOSTILE = {
    "rubbish": ("print('rubbish')", "protocol"),
    "no object": ("print('[1]')", "protocol"),
    "deep": ("print('[' * 100000)", "protocol"),
    "endless line": ("import os\nwhile True: os.write(1, b'x' * 65536)", "protocol"),
    "another skill": ("print('{}'); print('{\"call\": \"Planner\", \"args\": [], \"named\": {}}')", "protocol"),
    "no call": ("print('{}'); print('{\"call\": [], \"args\": 3}')", "protocol"),
    "no end": ("print('{}'); print('{\"end\": \"fine\"}')", "protocol"),
    "negative shape": (
        "print('{}'); print('{\"call\": \"place\", \"named\": {}, \"args\": [{\"shape\": [-1, 3], \"data\": [1]}]}')",
        "protocol",
    ),
    "huge shape": (
        "print('{}'); print('{\"call\": \"place\", \"named\": {}, \"args\": [{\"shape\": [99999999], \"data\": []}]}')",
        "protocol",
    ),
    "gone": ("import os; os._exit(3)", "crashed"),
    "killed by its own": ("import os; os.abort()", "crashed"),
    "pipes closed": ("import os, time; os.close(0); os.close(1); time.sleep(600)", "crashed"),
    "deaf": ("import time; time.sleep(600)", "time"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_the_parent_outlives_a_process_that_has_been_taken_over(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    code, kind = HOSTILE[name]
    code += "; import sys; sys.stdout.flush(); sys.stdin.read()" if code.startswith("print") else ""
    monkeypatch.setattr(contained, "_START", code)
    assert verdict_of(LIFT, limits=Limits(wall_seconds=1.0 if name == "deaf" else 60.0)).kind == kind


def test_no_process_of_the_group_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    monkeypatch.setattr(
        contained, "_START",
        "import os, time\nif os.fork() == 0:\n"
        f"    open({str(pids)!r}, 'w').write(str(os.getpid()))\n    os.close(1)\n    time.sleep(600)\n"
        f"while not os.path.exists({str(pids)!r}) or not os.path.getsize({str(pids)!r}): time.sleep(0.01)\n",
    )  # fmt: skip
    assert verdict_of(LIFT).kind == "crashed"
    state = Path(f"/proc/{pids.read_text()}/stat")
    for _ in range(100):
        if not state.exists() or state.read_text().split()[2] in "ZX":
            return
        time.sleep(0.05)
    raise AssertionError("the process lives")


_CONFINED = (
    "import sys; sys.path.insert(0, sys.argv[1])\nimport os, socket, ctypes\n"
    "from expertgen.programs.confine import confine\nif not confine(5, 512 * 2**20): os._exit(77)\n"
)


@pytest.mark.parametrize(
    "code",
    [
        "os.unlink('x')", "os.mkdir('x')", "os.rename('x', 'y')", "os.symlink('x', 'y')", "os.chmod('.', 0)",
        "socket.socket()", "socket.socketpair()", "os.fork()", "os.kill(1, 0)",
        "os.system('true')", "os.execv('/bin/true', ['true'])", "ctypes.CDLL(None).ptrace(0, 0, 0, 0)", "os.pipe()",
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))", "os.setuid(0)",
        "ctypes.CDLL(None).prctl(22, 0, 0, 0, 0)", "os.memfd_create('x')",
    ],
)  # fmt: skip
def test_the_kernel_ends_a_confined_process_that_does_anything_else(tmp_path: Path, code: str) -> None:
    assert confined(tmp_path, code).returncode == -signal.SIGSYS and not list(tmp_path.iterdir())


@pytest.mark.parametrize("code", ["open('/etc/passwd')", "open('touched', 'w')", "os.listdir('/')", "os.stat('/')"])
def test_a_confined_process_opens_no_file(tmp_path: Path, code: str) -> None:
    ended = confined(tmp_path, code)
    assert ended.returncode == 1 and b"PermissionError" in ended.stderr and not list(tmp_path.iterdir())


def confined(folder: Path, code: str) -> subprocess.CompletedProcess[bytes]:
    """What becomes of code in a process that has confined itself, past all that the allow-list holds back."""
    root = str(Path(expertgen.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-B", "-c", f"{_CONFINED}{code}\nos._exit(0)", root]
    ended = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    if ended.returncode == 77:
        pytest.skip("this kernel offers no seccomp")
    return ended


def test_a_verdict_crosses_to_another_process_as_it_is() -> None:
    import pickle

    with pytest.raises(ProgramFailed) as failed:
        ContainedProgram(body("pick(env, 7)"), WORKSPACE, QUICK)(planner())
    assert str(pickle.loads(pickle.dumps(failed.value))) == str(failed.value)  # noqa: S301
    assert "unknown_object" in str(failed.value) and "expected 1 to 1" in str(failed.value)
