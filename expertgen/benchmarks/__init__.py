"""The catalogue of tasks: one file and one line each."""

from expertgen.benchmarks.base import TASK_SLOTS, Benchmark, Start
from expertgen.benchmarks.lift_banana import LIFT_BANANA
from expertgen.benchmarks.lift_brick import LIFT_BRICK
from expertgen.benchmarks.lift_peach import LIFT_PEACH
from expertgen.benchmarks.object_in_drawer import OBJECT_IN_DRAWER
from expertgen.benchmarks.open_drawer import OPEN_DRAWER
from expertgen.benchmarks.push_pear import PUSH_PEAR
from expertgen.benchmarks.stack_banana import STACK_BANANA
from expertgen.benchmarks.strawberry_in_bowl import STRAWBERRY_IN_BOWL

TASKS: dict[str, Benchmark] = {
    task.name: task
    for task in (
        LIFT_BANANA, LIFT_BRICK, LIFT_PEACH, OPEN_DRAWER, PUSH_PEAR, STACK_BANANA, OBJECT_IN_DRAWER,
        STRAWBERRY_IN_BOWL,
    )
}  # fmt: skip

__all__ = ["TASKS", "TASK_SLOTS", "Benchmark", "Start"]
