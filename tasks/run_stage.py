"""The Prefect task: one stage, brought up to date under supervision, with its log, progress and report on show.

Tried again, twice, is only what `tasks.outcome` calls a failure of infrastructure. DVC owns caching, so Prefect keeps
no results.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from expertgen.errors import ExpertGenError
from tasks.errors import InfrastructureFailed
from tasks.exhibits import exhibits_of
from tasks.graph import Stage
from tasks.output_lines import is_advice, level_of, progress_of
from tasks.publish import ProgressBar, publish
from tasks.reproduce import Options, reproduce

INFRASTRUCTURE = "InfrastructureFailed"  # the name of the state that is tried again
RETRY_DELAYS = [10.0, 60.0]  # s


def is_infrastructure(task: Any, run: Any, state: State[Any]) -> bool:
    """A task's condition for being tried again."""
    return state.name == INFRASTRUCTURE


@task(
    name="stage", task_run_name="{stage.name}", cache_policy=NO_CACHE, persist_result=False,
    retries=len(RETRY_DELAYS), retry_delay_seconds=RETRY_DELAYS, retry_condition_fn=is_infrastructure,
)
def run_stage(stage: Stage, root: Path, options: Options) -> State[Any]:
    """Bring `stage` of the project at `root` up to date and show its report; the state says how that went.

    What is upstream of it is left alone. A state and no exception, for a gate's no is an answer and no traceback.
    """
    log = get_run_logger()
    begun = time.time()
    try:
        how = reproduce(stage, root, options, listener(log, ProgressBar(stage, log, options.label)))
    except ExpertGenError as error:
        # What a gate or a stage wrote before it failed says why.
        publish(exhibits_of(stage, root, begun, options.label), log)
        log.error("%s", error)
        return Failed(name=INFRASTRUCTURE if isinstance(error, InfrastructureFailed) else None, message=str(error))
    publish(exhibits_of(stage, root, label=options.label), log)
    return Completed(name=how)


def listener(log: Any, bar: ProgressBar) -> Callable[[str], None]:
    """What to do with a line of output: progress moves a bar, and only its end is logged; the rest is logged."""

    def listen(line: str) -> None:
        progress = progress_of(line)
        if progress is not None:
            bar.show(progress)
        if progress is not None and progress.done < progress.total:
            log.debug("%s", line)
        elif not is_advice(line):
            log.log(level_of(line) if progress is None else logging.INFO, "%s", line)

    return listen
