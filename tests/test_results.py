"""README's table of results says what the committed measurements say."""

from __future__ import annotations

import json
import re
from pathlib import Path

from expertgen.metrics.wilson import Rate
from expertgen.params import load_params

ROOT = Path(__file__).resolve().parents[1]
_ROW = re.compile(r"^\| \[[^]]+\]\(reports/(\w+)/report\.md\) \| (.+) \|$", re.MULTILINE)


def cells(task: str) -> list[str]:
    """Script, prior and expert at any time, the expert at the end."""
    policies = json.loads((ROOT / "reports" / task / "metrics.json").read_text(encoding="utf-8"))["policies"]
    script, prior, expert = (policies[name] for name in ("script", "prior", "expert"))
    rates = (script["success_any"], prior["success_any"], expert["success_any"], expert["success_end"])
    return [str(Rate.from_json(rate)) for rate in rates]


def test_the_readme_s_table_holds_the_committed_measurements() -> None:
    rows = dict(_ROW.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert list(rows) == list(load_params(ROOT / "params.yaml").tasks)
    for task, row in rows.items():
        stated = [cell.replace("*", "").strip() for cell in row.split("|")]
        assert stated[:4] == cells(task), task
