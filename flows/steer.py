"""Stage steer of dvc.yaml, its gate, and all upstream of them."""

from __future__ import annotations

from flows.stage_flow import stage_flow

steer = stage_flow("steer", "Train the expert of a task, with all it needs.")
