"""An artifact's code is what its stage imports, and no more."""

from __future__ import annotations

import pytest

from expertgen.data.sources import source_files


def test_it_follows_imports_to_the_ground() -> None:
    files = source_files("expertgen.stages.demos")
    expected = {"stages/demos.py", "stages/__init__.py", "__init__.py", "sims/mujoco_batch.py"}
    assert expected <= set(files)


def test_what_a_stage_does_not_import_is_not_its_code() -> None:
    files = source_files("expertgen.stages.demos")
    assert not {"stages/prior.py", "learn/steering.py", "report/figures.py", "cli.py"} & set(files)


def test_how_parameters_are_read_is_no_artifacts_code() -> None:
    assert not [name for name in source_files("expertgen.stages.demos") if name.startswith("params/")]


def test_a_package_that_is_left_out_takes_its_files_along() -> None:
    files = set(source_files("expertgen.benchmarks.lift_banana"))
    without = set(source_files("expertgen.benchmarks.lift_banana", "expertgen.skills"))
    assert "skills/motions.py" in files and not [name for name in without if name.startswith("skills/")]
    assert "benchmarks/lift_banana.py" in without < files


def test_an_unknown_module_is_refused() -> None:
    with pytest.raises(ModuleNotFoundError, match="nothing"):
        source_files("expertgen.nothing")
