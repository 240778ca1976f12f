"""What a contained program asks for: its calls are checked, and carried out by the skills themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import torch

import expertgen.skills
from expertgen.errors import UnknownName
from expertgen.geometry import Array
from expertgen.programs.limits import Limits
from expertgen.programs.verdict import Kind, ProgramFailed, Verdict
from expertgen.skills import Planner

SKILLS: dict[str, Callable[..., Any]] = {
    name: getattr(expertgen.skills, name) for name in expertgen.skills.__all__ if name != "Planner"
}
# How the arguments of skills are called, each of which is checked by its name.
_FLAGS = {"gripper_open", "reset_after_open", "_use_bbox_center"}
KINDS = {"object_id", "part_name", "values", "position", "target_xy", "target_orientation"} | _FLAGS
MARGIN = 0.05  # m: so far outside the workspace a target may be; the environment keeps the tool inside
_TURN = 2 * np.pi


class Calls:
    """Carries calls out on one planner. workspace (2, 3): lowest and highest x, y, z of targets, m, base frame."""

    def __init__(self, planner: Planner, workspace: Array, limits: Limits) -> None:
        self.planner, self.limits, self.count = planner, limits, 0
        self._low, self._high = workspace[0] - MARGIN, workspace[1] + MARGIN

    def call(self, skill: Any, args: Any, named: Any) -> dict[str, Any] | None:
        """Call a skill with values as the child sends them; its answer as {shape, data}. Raises ProgramFailed."""
        if not (isinstance(skill, str) and skill in SKILLS and isinstance(args, list) and isinstance(named, dict)):
            raise ProgramFailed(Verdict("protocol", "a call that is none came out of the program's process"))
        self.count += 1
        if self.count > self.limits.calls:
            _refuse("too_many_calls", f"found more than {self.limits.calls} calls of skills and queries")
        function = SKILLS[skill]
        try:
            bound = inspect.signature(function).bind(self.planner, *args, **named)
        except TypeError as error:
            _refuse("wrong_call", f"{skill}(): {str(error)[:200]}; expected {skill}{inspect.signature(function)}")
        for name in list(bound.arguments)[1:]:
            bound.arguments[name] = self._checked(skill, name, bound.arguments[name])
        try:
            result = function(*bound.args, **bound.kwargs)
        except UnknownName as error:
            _refuse("unknown_object", f"{skill}(): {error}")
        self._require_short_plans()
        return _answer(result) if isinstance(result, torch.Tensor) else None

    def _checked(self, skill: str, name: str, value: Any) -> Any:
        where = f"{skill}(): {name}"
        if name == "object_id":
            if not isinstance(value, int) or isinstance(value, bool):
                _refuse("wrong_call", f"{where}: found {_shown(value)}, expected an integer")
        elif name == "part_name":
            if not isinstance(value, str):
                _refuse("wrong_call", f"{where}: found {_shown(value)}, expected text")
        elif name == "values":
            value = _numbers(where, value).reshape(-1).tolist()
        elif name in ("position", "target_xy"):
            return self._target(where, value, 3 if name == "position" else 2)
        elif name == "target_orientation":
            return None if value is None else self._yaw(where, value)
        elif not (isinstance(value, bool) or (name == "gripper_open" and value is None)):
            _refuse("wrong_call", f"{where}: found {_shown(value)}, expected True or False")
        return value

    def _target(self, where: str, value: Any, dims: int) -> Array:
        given = _numbers(where, value)
        count = len(self.planner.position)
        if given.shape not in ((count, dims), (1, dims), (dims,)):
            _refuse("wrong_call", f"{where}: found shape {given.shape}, expected ({count}, {dims})")
        target = np.broadcast_to(given, (count, dims)).copy()
        outside = ((target < self._low[:dims]) | (target > self._high[:dims])).any(-1)
        if outside.any():
            worst = target[np.argmax(outside)].round(3).tolist()
            box = f"{self._low[:dims].round(3).tolist()} to {self._high[:dims].round(3).tolist()}"
            _refuse("out_of_reach", f"{where}: {outside.sum()} of {count} targets are out of reach, such as {worst} m; "
                                    f"expected {box}, base frame")
        return target

    def _yaw(self, where: str, value: Any) -> Array:
        given, count = _numbers(where, value), len(self.planner.position)
        if given.shape not in ((), (1,), (count,)) or (np.abs(given) > _TURN).any():
            _refuse("wrong_call", f"{where}: found {_shown(value)}, expected yaws of shape ({count},), within a turn")
        return np.broadcast_to(given, (count,)).copy()

    def _require_short_plans(self) -> None:
        longest = max(sum(map(len, plan)) for plan in self.planner.plans)
        if longest > self.limits.steps:
            _refuse("too_many_steps", f"found a plan of {longest} control steps, expected at most {self.limits.steps}")


def _numbers(where: str, value: Any) -> Array:
    """A number, a list of numbers, or a tensor as the child sends it, as finite float64."""
    shape: Any = None
    if isinstance(value, dict):
        shape, value = value.get("shape"), value.get("data")
    flat = value if isinstance(value, list) else [value]
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in flat):
        _refuse("wrong_call", f"{where}: found {_shown(value)}, expected numbers")
    numbers = np.array(flat, dtype=np.float64)
    if not np.isfinite(numbers).all():
        _refuse("not_finite", f"{where}: found a value that is not finite, expected numbers")
    if shape is None:
        return numbers if isinstance(value, list) else numbers[0]
    if not (isinstance(shape, list) and len(shape) <= 8 and all(type(s) is int and s >= 0 for s in shape)):
        raise ProgramFailed(Verdict("protocol", "a tensor that is none came out of the program's process"))
    if int(np.prod(shape, dtype=object)) != len(numbers):
        raise ProgramFailed(Verdict("protocol", "a tensor that is none came out of the program's process"))
    return numbers.reshape(shape)


def _answer(result: torch.Tensor) -> dict[str, Any]:
    return {"shape": list(result.shape), "data": result.double().reshape(-1).tolist()}


def _shown(value: Any) -> str:
    return f"a tensor of shape {value.get('shape')}" if isinstance(value, dict) else repr(value)[:60]


def _refuse(kind: Kind, message: str) -> NoReturn:
    raise ProgramFailed(Verdict(kind, message))
