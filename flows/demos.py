"""Stage demos of dvc.yaml, its gate, and all upstream of them."""

from __future__ import annotations

from flows.stage_flow import stage_flow

demos = stage_flow("demos", "Make the demonstrations of a task.")
