"""Stage distill of dvc.yaml, its gate, and all upstream of them."""

from __future__ import annotations

from flows.stage_flow import stage_flow

distill = stage_flow("distill", "Teach the student of a task, with all it needs.")
