"""What a language model answered: kept as soon as it is there, and the program taken out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from expertgen.data.atomic import atomic_write_json
from expertgen.data.hashing import joined_sha256
from expertgen.data.json_text import compact_json
from expertgen.programs.model import Message, ModelUnavailable

_BLOCK = re.compile(r"^[ \t]*```[ \t]*([A-Za-z0-9]*)[^\n]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)


class Replies:
    """Answers of `model`, of which those in `folder` are not asked for again: an interrupted run goes on."""

    def __init__(self, folder: Path, model: str, ask: Callable[[list[Message]], dict[str, Any]]) -> None:
        self.folder, self.model, self._ask = folder, model, ask

    def get(self, round_: int, candidate: int, messages: list[Message]) -> tuple[dict[str, Any], Path]:
        """The answer to `messages`, as JSON values, and its file. Raises ModelUnavailable, CannotWrite."""
        request = {"model": self.model, "round": round_, "candidate": candidate, "messages": messages}
        path = self.folder / f"{joined_sha256({compact_json(request): ''})[:32]}.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return dict(kept["reply"]), path
        except (OSError, ValueError, KeyError, TypeError):
            reply = self._ask(messages)
        atomic_write_json(path, {"request": request, "reply": reply})
        return reply, path


def text_of(reply: dict[str, Any]) -> str:
    """The text of an answer. Raises ModelUnavailable when it has none."""
    choices = reply.get("choices")
    if not isinstance(choices, list) or not choices:
        raise ModelUnavailable("the model's answer holds no choices")
    message = choices[0].get("message") if isinstance(choices[0], dict) else None
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise ModelUnavailable("the model's answer holds no text")
    return text


def program_of(text: str) -> str | None:
    """The last code block of an answer that defines a program, else the last one; None where there is no block."""
    blocks = [(language.lower(), code) for language, code in _BLOCK.findall(text)]
    python = [code for language, code in blocks if language in ("", "py", "python", "python3")]
    programs = [code for code in python if "def scripted_policy" in code]
    found = programs or python
    return found[-1] if found else None
