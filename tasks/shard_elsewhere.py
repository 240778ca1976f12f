"""The Prefect task: one shard of demonstrations, made wherever a task runner puts it, and returned as bytes."""

from __future__ import annotations

from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Failed

from expertgen.errors import ExpertGenError
from expertgen.stages.demos_elsewhere import Files, ShardOrder, make_elsewhere
from tasks.run_stage import INFRASTRUCTURE, is_infrastructure

RETRY_DELAYS = [5.0, 30.0]  # s


@task(
    name="shard", task_run_name="{order}", cache_policy=NO_CACHE, persist_result=False,
    retries=len(RETRY_DELAYS), retry_delay_seconds=RETRY_DELAYS, retry_condition_fn=is_infrastructure,
)
def make_shard_elsewhere(order: ShardOrder) -> Files | State[Any]:
    """The files of the ordered shard, or a state that says why not. Tried again, twice, is an error of the system."""
    try:
        return make_elsewhere(order)
    except (ExpertGenError, OSError) as error:
        get_run_logger().error("%s", error)
        return Failed(name=INFRASTRUCTURE if isinstance(error, OSError) else None, message=str(error))
