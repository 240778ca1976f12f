"""Files of a report that belong together, through kills and a full disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from expertgen.data.publish import complete, publication

ROOT = Path(__file__).parents[2]


def publish(folder: Path, text: str) -> None:
    with publication(folder, "evaluate") as staged:
        (staged / "metrics.json").write_text(text)
        (staged / "videos").mkdir()
        (staged / "videos" / f"{text}.mp4").write_text(text)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def of(text: str) -> dict[str, str]:
    return {"metrics.json": text, f"videos/{text}.mp4": text}


def test_all_files_are_replaced_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "curve.json").write_text("kept")
    publish(tmp_path, "first")
    publish(tmp_path, "second")
    assert contents(tmp_path) == of("second") | {"curve.json": "kept"}


def test_a_failure_replaces_nothing(tmp_path: Path) -> None:
    publish(tmp_path, "first")
    with pytest.raises(ZeroDivisionError), publication(tmp_path, "evaluate") as staged:
        (staged / "metrics.json").write_text("second")
        raise ZeroDivisionError
    complete(tmp_path, "evaluate")
    assert contents(tmp_path) == of("first")


def test_two_stages_publish_in_one_folder(tmp_path: Path) -> None:
    with publication(tmp_path, "preflight") as staged:
        (staged / "preflight.json").write_text("measured")
        publish(tmp_path, "first")
    assert contents(tmp_path) == of("first") | {"preflight.json": "measured"}


def test_a_kill_at_any_moment_leaves_the_one_or_the_other(tmp_path: Path) -> None:
    program = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests" / "data")!r}]
from pathlib import Path
from kill_points import kill_points
from test_publish import contents, of, publish
from expertgen.data.publish import complete
folder, seen = Path("reports"), set()
publish(folder, "first")
for point in kill_points(lambda: publish(folder, "second")):
    complete(folder, "evaluate")
    found = {{name: text for name, text in contents(folder).items() if ".tmp" not in name}}
    assert found in (of("first"), of("second")), (point, found)
    seen.add(found["metrics.json"])
    publish(folder, "first")
assert seen == {{"first", "second"}}, seen
assert contents(folder) == of("second"), contents(folder)
"""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True, timeout=60)
