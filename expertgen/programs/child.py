"""The process that a program runs in. It talks JSON, a line a message, over its two pipes, and nothing else.

It is sent the program once; it sends calls of skills, each answered with a value, and in the end what became of the
program. Its parent takes nothing that it sends on trust.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
import unicodedata  # noqa: F401  # for names outside ASCII, which the parser could not import once confined
from collections.abc import Callable
from typing import Any

from expertgen.programs.allow_list import BUILTINS, ENTRY, Refused, checked
from expertgen.programs.confine import confine
from expertgen.programs.operators import BOOL, FLOAT, INT
from expertgen.programs.tensor import Tensor
from expertgen.programs.torch_names import MATH, TORCH

_FILE = "<program>"
_OUT_OF_MEMORY = b'{"end": "memory", "message": "it ran out of memory", "line": null}\n'
_LARGEST = 2**63


class Scene:
    """What a program is given as `env`."""

    __slots__ = ("num_envs",)
    device = "cpu"

    def __init__(self, num_envs: int) -> None:
        self.num_envs = num_envs


def main() -> None:
    """Serve one program."""
    order = json.loads(sys.stdin.buffer.readline())
    filtered = confine(order["cpu_seconds"], order["memory_bytes"])
    sys.path.clear()
    _send({"ready": True, "filtered": filtered})
    try:
        end = _run(order["source"], order["skills"], Scene(order["num_envs"]))
        _send(end)
    except MemoryError:
        sys.stdout.buffer.write(_OUT_OF_MEMORY)
        sys.stdout.buffer.flush()
    os._exit(0)


def _run(source: str, skills: list[str], scene: Scene) -> dict[str, Any]:
    try:
        tree = checked(source, frozenset(skills))
        compiled = compile(tree, _FILE, "exec", dont_inherit=True)
    except Refused as refused:
        return {"end": "refused", "message": refused.message, "line": refused.line}
    except (SyntaxError, ValueError, RecursionError) as error:
        return {"end": "refused", "message": f"not valid Python: {str(error)[:200]}", "line": None}
    names = {name: getattr(builtins, name) for name in BUILTINS} | {"print": _ignore, "torch": TORCH, "math": MATH}
    names |= {skill: _stub(skill, scene) for skill in skills}
    try:
        names["__builtins__"] = {}
        exec(compiled, names)
        names[ENTRY](scene)
        return {"end": "ok", "message": "", "line": None}
    except MemoryError:
        raise
    except Exception as error:
        return {"end": "raised", "message": f"{type(error).__name__}: {str(error)[:500]}", "line": _line_of(error)}


def _stub(skill: str, scene: Scene) -> Callable[..., Any]:
    def call(*args: Any, **named: Any) -> Any:
        first = args[0] if args else named.pop("env", None)
        if first is not scene:
            raise TypeError(f"{skill}() takes env first")
        _send({"call": skill, "args": [_plain(a) for a in args[1:]], "named": {k: _plain(v) for k, v in named.items()}})
        answer = json.loads(sys.stdin.buffer.readline())
        return None if answer is None else Tensor([float(v) for v in answer["data"]], tuple(answer["shape"]), FLOAT)

    return call


def _plain(value: Any) -> Any:
    """A program's value as JSON: scalars, text, tensors, and lists of numbers."""
    if value is None or isinstance(value, (bool, float, str)):
        return value
    if _is_whole(value):
        return value
    if isinstance(value, Tensor) and value.dtype in (FLOAT, INT, BOOL):
        return {"shape": list(value.shape), "data": value.clone().reshape(-1).tolist()}
    if isinstance(value, (list, tuple)) and all(isinstance(v, (float, Tensor)) or _is_whole(v) for v in value):
        return [float(v) for v in value]
    raise TypeError(f"a skill cannot be called with a {type(value).__name__} such as this")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < _LARGEST


def _send(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _line_of(error: Exception) -> int | None:
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _ignore(*_: Any, **__: Any) -> None:
    """print: a program has nowhere to write to."""
