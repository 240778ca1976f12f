"""Stage prior of dvc.yaml, its gate, and all upstream of them."""

from __future__ import annotations

from flows.stage_flow import stage_flow

prior = stage_flow("prior", "Train the prior of a task, with all it needs.")
