"""Stage demos with its shards made on a Ray cluster, of one machine or of several: the same bytes as by one process.

Each shard is a Prefect task that Ray puts on any worker of the cluster. Its bytes come back to where the stage keeps
unfinished shards; then the stage runs as ever, through DVC, and finds nothing left but to finish.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from prefect import flow, get_run_logger, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from expertgen.data.lock import stage_lock
from expertgen.errors import ExpertGenError, MissingInput
from expertgen.params import COMMITTED_PROFILE, load_params
from expertgen.workspace import Workspace
from flows.lost_runs import on_record
from flows.up_to_date import check_deployment, stage_of_task
from tasks.graph import read_graph
from tasks.profile_project import profile_project
from tasks.project import project_root
from tasks.stage_locks import stage_locks
from tasks.worker import require_worker, serving_processes

LOSSES = 3  # times that a worker may be lost with one and the same shard
_LOOK = 1.0  # s between two looks at whether this run still has a reason to go on


@flow(name="demos_on_ray", persist_result=False)
def demos_on_ray(task: str, address: str = "", push: bool = False, profile: str = COMMITTED_PROFILE) -> State[Any]:
    """Make the demonstrations of a task on a Ray cluster.

    Args:
        task: the benchmark task, such as lift_banana.
        address: of the cluster, such as HEAD:6379; empty starts one on this machine for as long as it takes.
        push: put results into DVC's remote, with the run-cache.
        profile: whose parameters and outputs; others than cpu have theirs in runs/PROFILE.
    """
    serving_processes()  # remembered before anything can happen to them
    try:
        check_deployment(task)
        _collect(task, address, profile)
    except ExpertGenError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error))
    return stage_of_task("demos", task, profile, False, False, push)


def _collect(task: str, address: str, profile: str) -> None:
    """Make and bring in all shards that are not there; nobody else can touch the stage's files meanwhile."""
    from expertgen.stages.demos_elsewhere import unfinished  # imports the simulator, so not to register the flow

    runner = _ray_runner(address)
    root = profile_project(project_root(), profile)
    stage = next(stage for stage in read_graph(root).needed_for("demos", task) if stage.kind == "demos")
    workspace = Workspace(root, task)
    say = get_run_logger().info
    with (
        on_record(project_root(), str(runtime.flow_run.id)),
        stage_locks(root, stage, lambda name: require_worker()),
        stage_lock(workspace.lock("demos")),
    ):
        orders = unfinished(load_params(root / "params.yaml", task=task), task, workspace)
        say("%s shards to make", len(orders) or "no")
        if orders:
            _make_and_wait(orders, runner, address)


def _make_and_wait(orders: list[Any], runner: Any, address: str) -> None:
    try:
        state: State[Any] = shards_on_ray.with_options(task_runner=runner)(orders, return_state=True)
    except ConnectionError as error:
        raise MissingInput(
            f"no Ray cluster answers at {address or 'this machine'}: {error}. Start one (docs/orchestration.md), or "
            "leave `address` empty for one of this machine's own."
        ) from None
    if not state.is_completed():
        raise ShardsFailed(state.message or "the shards could not be made")


class ShardsFailed(ExpertGenError):
    """Shards that a Ray cluster could not make."""


@flow(name="shards", persist_result=False, validate_parameters=False)
def shards_on_ray(orders: list[Any]) -> State[Any]:
    """Make the ordered shards (see stages.demos_elsewhere) by this flow's task runner, and bring each in.

    Completed, or Failed at the first that is refused, whereupon the others are ended.
    """
    import ray
    from prefect_ray.context import remote_options

    if ray.cluster_resources().get("CPU", 0) < 1:
        return Failed(message="the Ray cluster has no worker with a processor; `ray status` shows what it has.")
    try:
        # Ray would make a lost shard again by itself, and nobody would see it.
        with remote_options(num_cpus=1, max_retries=0):
            _make_and_bring_in(orders)
    except ExpertGenError as error:
        return Failed(message=str(error))
    return Completed(message=f"{len(orders)} shards made")


def _make_and_bring_in(orders: list[Any]) -> None:
    """Raises ShardsFailed, and what `bring_in` raises. A shard lost with its worker is made again on another."""
    import ray

    from expertgen.stages.demos_elsewhere import bring_in
    from tasks.shard_elsewhere import make_shard_elsewhere

    log = get_run_logger()
    pending: dict[Any, Any] = {}

    def submit(order: Any) -> None:
        future = make_shard_elsewhere.submit(order)
        pending[future.wrapped_future] = future, order  # type: ignore[attr-defined]

    for order in orders:
        submit(order)
    done, lost = 0, Counter[str]()
    while pending:
        require_worker()
        for ready in ray.wait(list(pending), timeout=_LOOK)[0]:
            future, order = pending.pop(ready)
            future.wait()
            if future.state.is_completed():
                bring_in(order, future.result())
                done += 1
                log.info("%s is here, %d of %d", order, done, len(orders))
            elif future.state.is_crashed() and lost[str(order)] < LOSSES:
                lost[str(order)] += 1
                log.warning("%s was lost with its worker; it is made again", order)
                submit(order)
            else:
                raise ShardsFailed(f"{order}: {future.state.message}")


def _ray_runner(address: str) -> Any:
    """A task runner for the cluster at `address`. Raises MissingInput where Ray is not installed."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before Ray is imported: nothing is reported to anyone
    if not address:
        # Or Ray would take another address of this machine for 127.0.0.1, so that others can join.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        from prefect_ray import RayTaskRunner
    except ImportError:
        raise MissingInput(
            "flow demos_on_ray needs Ray, which is not installed: pip install -c constraints.txt -e '.[ray]'"
        ) from None
    quiet = {"logging_level": "WARNING", "log_to_driver": False}
    if address:
        return RayTaskRunner(address=address, init_kwargs=quiet)
    local = {"include_dashboard": False, "_node_ip_address": "127.0.0.1", "num_cpus": len(os.sched_getaffinity(0))}
    return RayTaskRunner(init_kwargs=quiet | local)
