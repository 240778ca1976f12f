"""The catalogue of tasks: one file and one line each."""

from expertgen.benchmarks.base import TASK_SLOTS, Benchmark, Start
from expertgen.benchmarks.lift_banana import LIFT_BANANA

TASKS: dict[str, Benchmark] = {task.name: task for task in (LIFT_BANANA,)}

__all__ = ["TASKS", "TASK_SLOTS", "Benchmark", "Start"]
