"""The open-me page gathers what is there, and says what to run where nothing is."""

from __future__ import annotations

import json

import pytest

from expertgen.errors import MissingInput
from expertgen.stages import page

TASK = "lift_banana"


def test_it_shows_report_gates_release_and_lineage(small) -> None:
    params, workspace = small
    texts = {
        workspace.reports / "report.md": "# The report\n\n![curve](curve.png)\n",
        workspace.gate("demos") / "gate.md": "# Gate of demos: passed\n",
        workspace.data("release") / "README.md": "---\nlicense: cc-by-4.0\n---\n\n# The card\n",
        workspace.data("release") / "meta" / "lineage.json": json.dumps({"expert": "abc123"}),
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (workspace.reports / "curve.png").write_bytes(b"png")
    page.run(params, TASK, workspace)
    shown = workspace.page.read_text()
    for part in ("The report", "Gate of demos: passed", "The card", "abc123", "data:image/png;base64"):
        assert part in shown
    assert "license: cc-by" not in shown and shown.count("<section") == 4


def test_without_a_report_it_says_what_to_run(small) -> None:
    with pytest.raises(MissingInput, match="expertgen evaluate lift_banana"):
        page.run(small[0], TASK, small[1])
