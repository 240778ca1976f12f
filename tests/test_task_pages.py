"""docs/tasks.md keeps up with the tasks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from expertgen.benchmarks import TASKS
from expertgen.benchmarks.open_drawer import OPEN
from expertgen.benchmarks.push_pear import AWAY, LOW, NEAR
from expertgen.benchmarks.stack_banana import ON_TOP, UPRIGHT
from expertgen.benchmarks.strawberry_in_bowl import RADIUS
from expertgen.benchmarks.tabletop import LIFT
from expertgen.params import load_params

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
LIMITS = {
    "lift_banana": [f"{LIFT:.2f} m or more"],
    "open_drawer": [f"{OPEN:.2f} m or more"],
    "push_pear": [f"{NEAR:.2f} m of the target", f"higher than {LOW:.2f} m", f"{AWAY:.2f} m or more from the target"],
    "stack_banana": [f"{UPRIGHT} or more", f"{1000 * ON_TOP[0]:.0f} to {1000 * ON_TOP[1]:.0f} mm"],
    "strawberry_in_bowl": [f"less than {1000 * RADIUS:.1f} mm"],
}  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_each_task_has_its_section_with_instruction_limits_and_length(task: str) -> None:
    section = " ".join(SECTIONS[task].split())
    assert f"*{TASKS[task].instruction}*" in section and f"benchmarks/{task}.py" in section
    assert all(limit in section for limit in LIMITS.get(task, []))
    steps = load_params(ROOT / "params.yaml", task=task).simulation.episode_steps
    assert (f"{steps} control steps" in section) == (steps != 64)


def test_the_picture_is_small_and_has_three_frames_of_each() -> None:
    path = ROOT / "docs" / "tasks.png"
    assert path.stat().st_size < 400_000
    width, height = Image.open(path).size
    assert width * height >= len(TASKS) * 3 * 256 * 160
