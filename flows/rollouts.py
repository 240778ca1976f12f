"""Stage rollouts of dvc.yaml, its gate, and all upstream of them."""

from __future__ import annotations

from flows.stage_flow import stage_flow

rollouts = stage_flow("rollouts", "Collect episodes of the expert of a task, with all it needs.")
