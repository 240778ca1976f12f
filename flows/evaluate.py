"""Stage evaluate of dvc.yaml, its gate, and all upstream of them."""

from __future__ import annotations

from flows.stage_flow import stage_flow

evaluate = stage_flow("evaluate", "Evaluate the policies of a task, with all that needs.")
