"""The flow of one stage: what the files demos.py to release.py name, each for a stage of its own."""

from __future__ import annotations

from typing import Any

from prefect import Flow, flow
from prefect.client.schemas.objects import State

from expertgen.params import COMMITTED_PROFILE
from flows.up_to_date import stage_of_task

# Prefect shows it as the deployment's description, and each line of Args beside its parameter.
_DESCRIPTION = """{what}

    Args:
        task: the benchmark task, such as lift_banana.
        force: run the stage even if nothing has changed.
        pull: take results from DVC's run-cache and remote where they are there.
        push: put results into DVC's remote, with the run-cache.
        profile: whose parameters and outputs; others than cpu have theirs in runs/PROFILE.
    """


def stage_flow(kind: str, what: str) -> Flow[..., State[Any]]:
    """The flow that brings stage `kind` of a task and its gate up to date, with all upstream; `what` says so.

    It is to stand in flows/KIND.py as `KIND`: there whoever runs a deployment looks for it.
    """

    def run(
        task: str, force: bool = False, pull: bool = False, push: bool = False, profile: str = COMMITTED_PROFILE
    ) -> State[Any]:
        return stage_of_task(kind, task, profile, force, pull, push)

    run.__name__ = run.__qualname__ = kind
    run.__module__ = f"flows.{kind}"
    run.__doc__ = _DESCRIPTION.format(what=what)
    return flow(name=kind, persist_result=False)(run)
