"""index.html: all that a run reported, in one page that works offline."""

from __future__ import annotations

import json
from pathlib import Path

from expertgen.data.atomic import atomic_write_text
from expertgen.data.json_file import read_json
from expertgen.data.lock import stage_lock
from expertgen.errors import MissingInput
from expertgen.params import Params
from expertgen.report.page import Document, html_page
from expertgen.workspace import Workspace

GATED = ("demos", "prior", "steer", "rollouts", "evaluate")


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Write reports/TASK/index.html from the texts that the other stages left: report, gates, release, lineage.

    Raises MissingInput without a report, StageBusy, CannotWrite.
    """
    report = workspace.reports / "report.md"
    with stage_lock(workspace.lock("page")):
        if not report.is_file():
            raise MissingInput(f"no report at {report}. Make it with `expertgen evaluate {task}`.")
        documents = [Document("Result", _text(report), report.parent), *_gates(workspace), *_release(workspace)]
        atomic_write_text(workspace.page, html_page(f"ExpertGen: {task}", documents))
    print(f"page: {workspace.page}")


def _gates(workspace: Workspace) -> list[Document]:
    pages = [workspace.gate(stage) / "gate.md" for stage in GATED]
    texts = [_text(path) for path in pages if path.is_file()]
    return [Document("Gates", "\n\n".join(texts), workspace.root)] if texts else []


def _release(workspace: Workspace) -> list[Document]:
    release = workspace.data("release")
    card, lineage = release / "README.md", read_json(release / "meta" / "lineage.json")
    documents = []
    if card.is_file():
        documents.append(Document("Release", _without_front_matter(_text(card)), release))
    if lineage is not None:
        shown = json.dumps(lineage, indent=2, sort_keys=True)
        documents.append(Document("Lineage", f"# Lineage\n\n```json\n{shown}\n```\n", release))
    return documents


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _without_front_matter(text: str) -> str:
    return text.split("---\n", 2)[2] if text.startswith("---\n") else text
