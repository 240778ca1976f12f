"""Stage student of dvc.yaml and all upstream of it."""

from __future__ import annotations

from flows.stage_flow import stage_flow

student = stage_flow("student", "Evaluate the student of a task beside its teacher, with all it needs.")
