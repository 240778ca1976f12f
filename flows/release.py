"""Stage release of dvc.yaml, its gate, and all upstream of them."""

from __future__ import annotations

from flows.stage_flow import stage_flow

release = stage_flow("release", "Release the data set of a task, with all it needs.")
