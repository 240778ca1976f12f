"""README's table of results says what the committed measurements and the paper say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from expertgen.metrics.wilson import Rate
from expertgen.params import load_params
from expertgen.report.paper import TABLE_I

ROOT = Path(__file__).resolve().parents[1]
_ROW = re.compile(r"^\| \[[^]]+\]\(reports/(\w+)/report\.md\) \| (.+) \|$", re.MULTILINE)


def rates(task: str) -> list[Rate]:
    """Script, prior and expert at any time, the expert at the end."""
    policies = json.loads((ROOT / "reports" / task / "metrics.json").read_text(encoding="utf-8"))["policies"]
    script, prior, expert = (policies[name] for name in ("script", "prior", "expert"))
    found = (script["success_any"], prior["success_any"], expert["success_any"], expert["success_end"])
    return [Rate.from_json(rate) for rate in found]


def cells(row: str) -> list[str]:
    return [cell.replace("*", "").strip() for cell in row.split("|")]


def test_the_readme_s_table_holds_the_committed_measurements() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(_ROW.findall(text))
    assert list(rows) == list(load_params(ROOT / "params.yaml").tasks)
    for task, row in rows.items():
        assert cells(row) == [*map(str, rates(task)), f"{TABLE_I['expert'][task][0]:.1f}"], task
    ours = 100 * np.mean([[rate.rate for rate in rates(task)] for task in rows], axis=0)
    paper = np.mean([TABLE_I["expert"][task][0] for task in rows])
    (mean,) = re.findall(r"^\| mean \| (.+) \|$", text, re.MULTILINE)
    assert cells(mean) == [f"{value:.1f}" for value in (*ours, paper)]
