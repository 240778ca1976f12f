"""The catalogue of tasks: one file, which defines a Benchmark of the same name in capitals, and one line here."""

from expertgen.benchmarks.base import Benchmark, Start
from expertgen.benchmarks.catalogue import Catalogue

TASKS = Catalogue(
    "lift_banana",
    "lift_brick",
    "lift_peach",
    "open_drawer",
    "push_pear",
    "stack_banana",
    "object_in_drawer",
    "strawberry_in_bowl",
)

__all__ = ["TASKS", "Benchmark", "Start"]
