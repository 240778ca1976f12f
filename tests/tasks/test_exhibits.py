"""What of a stage's outputs is shown."""

from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

from tasks.exhibits import exhibits_of, picture, rows
from tasks.graph import Stage

STAGE = Stage(
    "evaluate@lift_banana",
    outs=("data/lift_banana/x.bin", *(f"reports/lift_banana/{name}" for name in ("report.md", "m.json", "p.png"))),
    metrics=frozenset({"reports/lift_banana/m.json"}),
)


def write(root: Path) -> Path:
    folder = root / "reports" / "lift_banana"
    folder.mkdir(parents=True)
    (folder / "report.md").write_text("# Report\n\n![success](p.png)\n\n![video](none.png)\n")
    (folder / "m.json").write_text(json.dumps({"expert": {"success": 0.5, "interval": [0.4, 0.6]}, "passed": True}))
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1600, 3), np.uint8)
    Image.fromarray(noise).save(folder / "p.png")
    return folder


def test_report_and_metrics(tmp_path: Path) -> None:
    write(tmp_path)
    shown = {exhibit.key: exhibit.content for exhibit in exhibits_of(STAGE, tmp_path)}
    assert set(shown) == {"evaluate-lift-banana-report", "evaluate-lift-banana-m"}
    assert shown["evaluate-lift-banana-m"] == [
        {"measurement": "expert.success", "value": 0.5},
        {"measurement": "expert.interval", "value": "[0.4, 0.6]"},
        {"measurement": "passed", "value": True},
    ]
    report = shown["evaluate-lift-banana-report"]
    assert report.startswith("# Report") and "*video* (none.png)" in report
    assert "![success](data:image/png;base64," in report and report.count("data:image") == 1


def test_pictures_that_no_text_shows_come_after_the_texts(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "report.md").write_text("# Report\n")
    report = next(exhibits_of(STAGE, tmp_path))
    assert "![p](data:image/png;base64," in report.content
    assert report.source == "reports/lift_banana/report.md, reports/lift_banana/p.png"


def test_a_text_that_another_holds_is_not_shown_twice(tmp_path: Path) -> None:
    table = "| policy | success |\n|---|---|\n| expert | 99 % |\n"
    (tmp_path / "table.md").write_text(table)
    (tmp_path / "report.md").write_text(f"# Report\n\n{table}\nThe end.\n")
    (report,) = exhibits_of(Stage("evaluate@ladle", outs=("table.md", "report.md")), tmp_path)
    assert report.content.startswith("# Report") and report.content.count("99 %") == 1


def test_pictures_are_made_small(tmp_path: Path) -> None:
    file = write(tmp_path) / "p.png"
    data = base64.b64decode(picture(file).partition(",")[2])
    assert Image.open(io.BytesIO(data)).size == (900, 675)
    assert len(data) < file.stat().st_size / 4


def test_only_what_a_failed_run_wrote(tmp_path: Path) -> None:
    folder = write(tmp_path)
    for name in ("report.md", "p.png"):
        os.utime(folder / name, (1000, 1000))
    assert [exhibit.source for exhibit in exhibits_of(STAGE, tmp_path, since=2000)] == ["reports/lift_banana/m.json"]


def test_a_gates_text_is_shown_where_only_its_verdict_is_an_output(tmp_path: Path) -> None:
    verdict = "reports/demos/lift_banana/gate.json"
    gate = Stage("gate_demos@lift_banana", outs=(verdict,), metrics=frozenset({verdict}))
    (tmp_path / verdict).parent.mkdir(parents=True)
    (tmp_path / verdict).write_text('{"passed": false}')
    (tmp_path / verdict).with_name("gate.md").write_text("| expectation | found |")
    shown = {exhibit.key: exhibit.content for exhibit in exhibits_of(gate, tmp_path)}
    assert shown["gate-demos-lift-banana-report"] == "| expectation | found |"
    assert shown["gate-demos-lift-banana-gate"] == [{"measurement": "passed", "value": False}]


def test_damaged_files_are_named_not_fatal(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "m.json").write_text("{")
    (folder / "p.png").write_bytes(b"no picture")
    (folder / "report.md").write_bytes(b"\xff\xfe\x00")
    report, metrics = exhibits_of(STAGE, tmp_path)
    assert "report.md cannot be shown" in report.content and "p.png cannot be shown" in report.content
    assert "m.json cannot be shown" in metrics.content


def test_a_large_table_is_cut() -> None:
    table = rows({str(number): number for number in range(1000)})
    assert len(table) == 201 and table[-1]["measurement"] == "... and 800 more"
