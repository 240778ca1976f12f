"""Which programs may run: their syntax and every name in them is on a list here. Runs inside the container.

A program is one function `scripted_policy(env)`, helper functions and constants beside it. It reaches objects only by
the names below, none of which leads on to anything else, so what the list leaves out cannot be spelt.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from expertgen.programs.limits import NESTING, SOURCE_BYTES
from expertgen.programs.tensor import Tensor
from expertgen.programs.torch_names import MATH, TORCH

ENTRY = "scripted_policy"
MODULES = ("torch", "math")
BUILTINS = (
    "abs", "all", "any", "bool", "dict", "enumerate", "float", "int", "len", "list", "max", "min", "print", "range",
    "reversed", "round", "sorted", "sum", "tuple", "zip",
)  # fmt: skip
ATTRIBUTES = frozenset(
    {name for name in dir(Tensor) if not name.startswith("_")}
    | {*vars(TORCH), *vars(MATH), "values", "indices", "num_envs", "device", "append", "items", "keys"}
)
# Keyword of a skill of the paper's library, and the usual name of what is not needed.
_UNDERSCORED = {"_use_bbox_center", "_"}
_NODES = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AugAssign, ast.Expr, ast.Pass,
    ast.Break, ast.Continue, ast.For, ast.While, ast.If, ast.Import, ast.alias,
    ast.BoolOp, ast.And, ast.Or, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.BitAnd, ast.BitOr, ast.UnaryOp, ast.UAdd, ast.USub, ast.Not, ast.Invert, ast.Compare, ast.Eq, ast.NotEq,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In, ast.NotIn,
    ast.IfExp, ast.Call, ast.keyword, ast.Constant, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Subscript,
    ast.Slice, ast.Tuple, ast.List, ast.Dict, ast.ListComp, ast.comprehension,
)  # fmt: skip
_TOP_LEVEL = (ast.FunctionDef, ast.Import, ast.Assign, ast.Expr)


class Refused(Exception):
    """A program outside the allow-list: what, and on which line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def checked(source: str, skills: frozenset[str]) -> ast.Module:
    """The syntax tree of a program, free of imports and annotations, all of it allowed. Raises Refused."""
    if len(source.encode("utf-8", "replace")) > SOURCE_BYTES:
        raise Refused(f"the program is longer than {SOURCE_BYTES} bytes")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise Refused(f"not valid Python: {error.msg}", error.lineno) from None
    except (ValueError, RecursionError, MemoryError, ImportError, SystemError) as error:
        raise Refused(f"not valid Python: {type(error).__name__}") from None
    _require_flat(tree)
    _without_annotations(tree)
    for statement in tree.body:
        if not isinstance(statement, _TOP_LEVEL) or (isinstance(statement, ast.Expr) and not _is_text(statement)):
            raise Refused("only functions, imports and constants may stand outside a function", statement.lineno)
    names = {*BUILTINS, *MODULES, *skills, *_bound(tree)}
    for node in ast.walk(tree):
        _require_allowed(node, names)
    if not any(isinstance(part, ast.FunctionDef) and part.name == ENTRY for part in tree.body):
        raise Refused(f"there is no function {ENTRY}(env)")
    return _Imports().visit(tree)


def _require_allowed(node: ast.AST, names: set[str]) -> None:
    line = getattr(node, "lineno", None)
    if not isinstance(node, _NODES):
        raise Refused(f"{type(node).__name__} is no part of what a program may use", line)
    for name in _identifiers(node):
        if (name.startswith("_") and name not in _UNDERSCORED) or not name.isascii():
            raise Refused(f"the name {name[:60]!r} is not allowed", line)
    if isinstance(node, ast.Name) and node.id not in names:
        raise Refused(f"the name {node.id[:60]!r} is not available; there are the skills, {', '.join(MODULES)}, "
                      f"{', '.join(BUILTINS)}", line)
    if isinstance(node, ast.Attribute) and (node.attr not in ATTRIBUTES or not isinstance(node.ctx, ast.Load)):
        raise Refused(f"the attribute .{node.attr[:60]} is not available here", line)
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        raise Refused("decorators are no part of what a program may use", line)
    if isinstance(node, ast.Import) and not all(a.name in MODULES and a.asname is None for a in node.names):
        raise Refused(f"only `import torch` and `import math` are allowed, found {ast.unparse(node)[:80]!r}", line)
    if isinstance(node, ast.keyword) and node.arg is None:
        raise Refused("** is no part of what a program may use", node.value.lineno)
    if isinstance(node, ast.comprehension) and node.is_async:
        raise Refused("async is no part of what a program may use", node.target.lineno)
    if isinstance(node, ast.Constant) and not isinstance(node.value, (bool, int, float, str, type(None), type(...))):
        raise Refused(f"constants of type {type(node.value).__name__} are no part of what a program may use", line)


def _identifiers(node: ast.AST) -> Iterator[str]:
    for field in ("id", "name", "attr", "arg", "asname"):
        name = getattr(node, field, None)
        if isinstance(name, str):
            yield name


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def _require_flat(tree: ast.Module) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(NESTING):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise Refused(f"the program is nested more than {NESTING} deep", getattr(level[0], "lineno", None))


def _without_annotations(tree: ast.Module) -> None:
    """Annotations are never looked at, so `env: Any` needs no Any."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None


def _is_text(statement: ast.Expr) -> bool:
    return isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)


class _Imports(ast.NodeTransformer):
    """The modules are there under their names without an import."""

    def visit_Import(self, node: ast.Import) -> ast.AST:
        return ast.copy_location(ast.Pass(), node)
