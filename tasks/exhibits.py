"""What a stage leaves for people to look at, read from its own outputs: texts, tables of measurements, pictures."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.graph import Stage

_WIDEST = 900  # pixels of a picture; larger ones are shown smaller
_MOST_ROWS = 200  # of a table of measurements
_LINKED = re.compile(r"!\[([^\]]*)\]\(([^)\s]+\.png)\)")


@dataclass(frozen=True)
class Exhibit:
    """A text in Markdown, or a table with one dictionary for each row."""

    key: str  # its name among Prefect's artifacts, the same in every run
    source: str  # the files it shows
    content: str | list[dict[str, Any]]


def slug(*names: str) -> str:
    """`names` in small letters, digits and single dashes, which is all that Prefect's keys may hold."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(names).lower()).strip("-")


def exhibits_of(stage: Stage, root: Path, since: float = 0.0, label: str = "") -> Iterator[Exhibit]:
    """What can be shown of the outputs of `stage` that were written at time `since` (s since 1970) or later.

    First its report: its Markdown files (of a gate, also gate.md beside gate.json), then those of its PNG pictures that
    no text has shown. Then each of its metrics in JSON, as a table. A file that cannot be read as what its name says
    is shown as a note that says so. `label` comes before their names.
    """
    files = [path for path in _files(stage) if _is_fresh(root / path, since)]
    texts = [path for path in files if path.endswith(".md")]
    parts = [_with_pictures(root / path) for path in texts]
    linked = {str(Path(path).with_name(name)) for path, (_, names) in zip(texts, parts, strict=True) for name in names}
    pictures = [path for path in files if path.endswith(".png") and path not in linked]
    report = _without_repetition([text for text, _ in parts]) + [_picture_or_note(root / path) for path in pictures]
    if report:
        yield Exhibit(slug(label, stage.name, "report"), ", ".join(texts + pictures), "\n\n---\n\n".join(report))
    for path in files:
        if path in stage.metrics and path.endswith(".json"):
            yield Exhibit(slug(label, stage.name, Path(path).stem), path, _table_or_note(root / path))


def _files(stage: Stage) -> list[str]:
    beside = [str(Path(path).with_name("gate.md")) for path in stage.outs if Path(path).name == "gate.json"]
    return list(dict.fromkeys([*stage.outs, *beside]))


def _is_fresh(file: Path, since: float) -> bool:
    try:
        return file.is_file() and file.stat().st_mtime >= since
    except OSError:
        return False


def rows(values: Any) -> list[dict[str, Any]]:
    """Nested measurements as a flat table: {"expert": {"n": 4}} gives one row, expert.n and 4."""
    found: list[dict[str, Any]] = []

    def visit(name: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                visit(f"{name}.{key}" if name else str(key), inner)
        else:
            text = value if isinstance(value, str | int | float) else json.dumps(value)
            found.append({"measurement": name, "value": text if not isinstance(text, str) else text[:500]})

    visit("", values)
    if len(found) > _MOST_ROWS:
        found[_MOST_ROWS:] = [{"measurement": f"... and {len(found) - _MOST_ROWS} more", "value": ""}]
    return found


def picture(file: Path) -> str:
    """The picture as a data URI, for Prefect keeps no files. Raises OSError if it is none."""
    from PIL import Image

    with Image.open(file) as image:
        small = image.convert("RGB")
    small.thumbnail((_WIDEST, _WIDEST))
    buffer = io.BytesIO()
    # A palette is enough for figures and film strips, and a third of the bytes.
    small.quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _without_repetition(texts: list[str]) -> list[str]:
    """Without those that are a part of another, such as a report's table by itself."""
    return [text for text in texts if not any(text != other and text.strip() in other for other in texts)]


def _with_pictures(file: Path) -> tuple[str, list[str]]:
    """The text of a Markdown file with the pictures it shows put into it, and what these are called there."""
    shown: list[str] = []

    def put_in(found: re.Match[str]) -> str:
        if not (file.parent / found[2]).is_file():
            return f"*{found[1]}* ({found[2]})"
        shown.append(found[2])
        return _picture_or_note(file.parent / found[2], found[1])

    try:
        return _LINKED.sub(put_in, file.read_text(encoding="utf-8")), shown
    except (OSError, ValueError) as error:
        return _note(file, error), []


def _picture_or_note(file: Path, name: str = "") -> str:
    try:
        return f"![{name or file.stem}]({picture(file)})"
    except (OSError, ValueError) as error:
        return _note(file, error)


def _table_or_note(file: Path) -> str | list[dict[str, Any]]:
    try:
        return rows(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        return _note(file, error)


def _note(file: Path, error: Exception) -> str:
    return f"{file.name} cannot be shown: {error}"
