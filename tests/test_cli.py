"""The command line as a person or DVC meets it: exit status, one screen of text, never a traceback."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import expertgen
from expertgen import cli
from expertgen.cli import commands

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    return tmp_path


def run(cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from expertgen.cli import main; sys.exit(main())"
    # -c and not -m, for the package must come from the installation, not from the working directory.
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}", *args],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def assert_refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2
    assert "Traceback" not in result.stderr and not result.stdout
    assert len(result.stderr.splitlines()) <= 24
    for word in words:
        assert word in result.stderr


def test_version_help_and_stages_need_no_project(tmp_path: Path) -> None:
    version, stages, text = (run(tmp_path, arg) for arg in ("--version", "stages", "--help"))
    assert version.stdout.strip() == f"expertgen {expertgen.__version__}"
    assert [line.split()[0] for line in stages.stdout.splitlines()] == list(cli.STAGES)
    assert all(stage in text.stdout for stage in cli.STAGES)
    assert version.returncode == stages.returncode == text.returncode == 0


def test_help_and_errors_load_no_heavy_package(project: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from expertgen.cli import main\n"
        "assert main(['demos', 'lift_banana', '--profile', 'no_such']) == 2\n"
        "assert not {'torch', 'mujoco', 'numpy', 'diffusers', 'lancedb', 'pyarrow'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True, timeout=120, capture_output=True)


def test_unknown_task_lists_the_known(project: Path) -> None:
    assert_refused(run(project, "demos", "lift_bananna"), "'lift_bananna'", "Did you mean lift_banana?")


def test_unknown_policy_lists_the_known(project: Path) -> None:
    result = run(project, "evaluate", "lift_banana", "--policy", "exprt")
    assert_refused(result, "'exprt'", "expert, prior, script, zero", "Did you mean expert?")


def test_unknown_command_lists_the_known(project: Path) -> None:
    assert_refused(run(project, "stear", "lift_banana"), "stear", "steer")
    assert_refused(run(project), "COMMAND")


def test_wrong_parameter_is_named(project: Path) -> None:
    params = project / "params.yaml"
    text = re.sub(r"^seed: .*", "seed: -1", params.read_text(), flags=re.MULTILINE)
    params.write_text(text.replace("  train_on:", "  trein_on:"))
    result = run(project, "prior", "lift_banana")
    assert_refused(result, "params.yaml", "prior.trein_on", "did you mean train_on?", "seed: found -1")


def test_missing_parameters_and_profile(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert_refused(run(project, "--profile", "quik", "run", "lift_banana"), "'quik'", "Did you mean quick?")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert_refused(run(elsewhere, "demos", "lift_banana"), "params.yaml does not exist", "--params")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--episodes", "5"], "--policy"),
        (["--policy", "script", "--episodes", "0"], "--episodes: found 0"),
        (["--policy", "script", "--seed", "-1"], "--seed: found -1"),
        (["--policy", "script", "--episodes", "many"], "many"),
        (["--policy", "script", "--json", "no/such/folder/out.json"], "--json"),
    ],
)
def test_wrong_evaluate_options_are_refused_before_any_episode(
    project: Path, options: list[str], word: str
) -> None:
    assert_refused(run(project, "evaluate", "lift_banana", *options), word)


def test_interrupt_tells_how_to_resume(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_run_stage", interrupted)
    monkeypatch.chdir(project)
    assert cli.main(["demos", "lift_banana"]) == 130
    assert "run the same command again to resume" in capsys.readouterr().err


def test_full_disk_is_told_in_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "data/lift_banana")

    monkeypatch.setattr(commands, "_run_stage", full)
    monkeypatch.chdir(project)
    assert cli.main(["demos", "lift_banana"]) == 2
    assert "data/lift_banana: No space left on device" in capsys.readouterr().err


def test_options_are_taken_before_and_after_the_command(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = []
    monkeypatch.setattr(
        commands, "_run_stage", lambda stage, params, task, workspace: roots.append(workspace.root)
    )
    params = str(project / "params.yaml")
    cli.main(["--profile", "quick", "--params", params, "prior", "lift_banana"])
    cli.main(["prior", "lift_banana", "--params", params, "--profile", "quick"])
    cli.main(["prior", "lift_banana", "--params", params])
    assert roots == [project / "runs" / "quick", project / "runs" / "quick", project]
