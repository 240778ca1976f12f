"""What the index answers, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from expertgen.data.json_text import json_text
from expertgen.metrics.wilson import Rate, format_rate
from expertgen.report.tables import MISSING, text_grid
from expertgen.stages.index_command import Query

Row = dict[str, Any]
_MEANING = {
    "start": "root mean square over the objects of how far they lie apart, their yaw included",
    "trajectory": "root mean square, over the episode and over tool and objects, of how far they are apart",
}
_SHOWN = {
    "id": "id", "distance_m": "distance (m)", "success_end": "end", "success_any": "any time", "healthy": "healthy",
    "perturbation": "perturbation", "length": "steps", "seed": "seed", "start_x": "x (m)", "start_y": "y (m)",
    "start_yaw": "yaw (rad)",
}  # fmt: skip
_LEFT = ("id", "perturbation")


@dataclass(frozen=True)
class Answer:
    """All that was found: `rows` that the filter holds for, in the order to show, without `like`, the episode they are
    compared with, and with distance_m then; or `pairs` of them, each with its distance in m."""

    asked: Query
    rows: list[Row]
    like: Row | None = None
    pairs: list[tuple[Row, Row, float]] | None = None

    @property
    def limit(self) -> int | None:
        return self.asked.limit or None


def answer_json(found: Answer) -> str:
    """The asked, the number of all that was found, and the first `limit` of it with every column but the vectors."""
    asked = found.asked
    values: Row = {"where": asked.where, "matching": len(found.rows)}
    values["matching_success_end"] = _successes(found.rows)
    if found.pairs is not None:
        pairs = [{"first": a, "second": b, "distance_m": far} for a, b, far in found.pairs[: found.limit]]
        values |= {"by": asked.by, "duplicates_m": asked.duplicates, "found": len(found.pairs)}
        return json_text(values | {"pairs": pairs})
    if found.like is not None:
        values |= {"like": found.like, "by": asked.by}
    return json_text(values | {"episodes": found.rows[: found.limit]})


def answer_text(found: Answer) -> str:
    """The first `limit` of it as an aligned table, with what distances are and how many succeeded."""
    if found.pairs is not None:
        return _pairs_text(found, found.pairs)
    shown = found.rows[: found.limit]
    head = ""
    if found.like is not None:
        head = f"nearest by {found.asked.by} to {_in_words(found.like)}\n{_meaning(found)}\n\n"
    if not shown:
        return f"{head}no episode matches\n"
    counts = f"{len(shown)} of {len(found.rows)} episodes; success at the end: {_rate(shown)} of these"
    if len(shown) < len(found.rows):
        counts += f", {_rate(found.rows)} of all"
    return f"{head}{_grid(shown)}\n{counts}\n"


def _pairs_text(found: Answer, pairs: list[tuple[Row, Row, float]]) -> str:
    head = f"pairs of {len(found.rows)} episodes at most {found.asked.duplicates:g} m apart by {found.asked.by}: "
    head += f"{len(pairs)}\n{_meaning(found)}\n"
    if not pairs:
        return head
    cells = [
        [str(a["id"]), str(b["id"]), f"{far:.4f}", _text("success_end", a), _text("success_end", b)]
        for a, b, far in pairs[: found.limit]
    ]
    grid = text_grid(("first", "second", "distance (m)", "first at end", "second at end"), cells, "<<>>>")
    left = len(pairs) - len(cells)
    return f"{head}\n{grid}" + (f"\nand {left} more: --limit 0 shows all\n" if left else "")


def _meaning(found: Answer) -> str:
    return f"distance: {_MEANING[found.asked.by]}"


def _in_words(row: Row) -> str:
    names = ("success_end", "seed", "start_x", "start_y", "start_yaw")
    return f"{row['id']}: {', '.join(f'{_SHOWN[name]} {_text(name, row)}' for name in names)}"


def _rate(rows: Sequence[Row]) -> str:
    return format_rate(Rate(_successes(rows), len(rows)))


def _successes(rows: Sequence[Row]) -> int:
    return sum(row["success_end"] for row in rows)


def _grid(rows: Sequence[Row]) -> str:
    names = [name for name in _SHOWN if name in rows[0]]
    cells = [[_text(name, row) for name in names] for row in rows]
    return text_grid([_SHOWN[name] for name in names], cells, "".join("<" if n in _LEFT else ">" for n in names))


def _text(name: str, row: Row) -> str:
    value = row[name]
    if value is None:
        return MISSING
    if name == "distance_m":
        return f"{value:.4f}"
    if name in ("success_end", "success_any"):
        return "success" if value else "failure"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
