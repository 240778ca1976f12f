"""What the allow-list says of programs in words, and of sources that are hostile as sources."""

from __future__ import annotations

import pytest

from tests.programs.scene import body, verdict_of


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        (body("open('x')"), 3, ["'open'", "not available", "torch"]),
        (body("pick(env, 1)", "env.__class__"), 4, ["'__class__'"]),
        (body("torch.load('x')"), 3, [".load"]),
        ("import numpy as np\n", 1, ["import torch", "import numpy as np"]),
        ("x = [\n", 1, ["not valid Python", "never closed"]),
        ("", None, ["scripted_policy(env)"]),
        ("x = 1\0", None, ["not valid Python"]),
        ("#" * 70_000, None, ["longer than 65536 bytes"]),
        (body("x = " + "+".join(["1"] * 2000)), None, ["refused"]),
        (body("x = " + "(" * 150 + "1" + ")" * 150 + "+" + "-" * 200 + "1"), None, ["nested"]),
        (body("x = " + "-" * 50_000 + "1"), None, []),
        (body("x = " + "[" * 30_000), None, ["not valid Python"]),
        (body("x" + ".T" * 5000), None, ["not valid Python"]),
        (body("x = '\ud800'"), None, ["not valid Python"]),
    ],
)
def test_a_refusal_names_the_place_and_what_to_change(source: str, line: int | None, words: list[str]) -> None:
    verdict = verdict_of(source)
    assert verdict.kind in ("refused", "crashed" if not words else "refused")
    assert line is None or verdict.line == line
    assert not [word for word in words if word not in str(verdict)]


def test_an_error_in_a_program_names_its_line() -> None:
    verdict = verdict_of(body("x = torch.zeros(2, 3)", "pick(env, 1)", "y = x + torch.zeros(2, 4)"))
    assert (verdict.kind, verdict.line) == ("raised", 5) and "(2, 3) and (2, 4)" in verdict.message
