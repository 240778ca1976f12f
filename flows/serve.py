"""`python -m flows.serve`: register one deployment per flow and task, where dvc.yaml has its stage, and run what is
asked of them, until stopped.

With --pool NAME it registers them for the workers of that work pool instead, and ends.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

# Before Prefect is imported: nothing of what is done here is reported to anyone.
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

import httpx
from prefect import deploy, serve
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, get_current_settings, temporary_settings

from expertgen.errors import ExpertGenError, InvalidParameter, MissingInput
from flows.deployments import deployments
from flows.lost_runs import report_lost_runs
from tasks.graph import read_graph
from tasks.project import project_root

LOCAL = "http://127.0.0.1:4200/api"
USER_ERROR = 2
_LOOK_FOR_WORK = 3.0  # s; how soon a run starts, and a cancelled one ends should the event stream be down
_LAST_WORDS = 10.0  # s for the processes of runs to end


def main(argv: Sequence[str] | None = None) -> int:
    """Serve or register; the exit status is 0, or 2 after an error a person can mend."""
    args = _parser().parse_args(argv)
    try:
        if args.limit < 1:
            raise InvalidParameter(f"--limit: found {args.limit}, expected an integer >= 1")
        with temporary_settings({PREFECT_API_URL: get_current_settings().api.url or LOCAL}):
            _serve(args)
    except ExpertGenError as error:
        print(f"flows.serve: error: {error}", file=sys.stderr)
        return USER_ERROR
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m flows.serve", description=__doc__)
    parser.add_argument("--limit", metavar="N", type=int, default=6, help="runs at once; more wait (default: 6)")
    parser.add_argument("--weekly", action="store_true", help="switch on the weekly schedule of each pipeline")
    parser.add_argument("--pool", metavar="NAME", help="register FLOW/TASK@NAME for this work pool, and end")
    return parser


def _serve(args: argparse.Namespace) -> None:
    root = project_root()
    graph = read_graph(root)
    url: str = PREFECT_API_URL.value()
    require_server(url)
    chosen = deployments(graph, args.weekly, args.pool)
    if args.pool is None:
        report_lost_runs(root)
        print(f"{len(chosen)} deployments at {url}; stop with Ctrl-C", flush=True)
        try:
            serve(*chosen, limit=args.limit, query_seconds=_LOOK_FOR_WORK, pause_on_shutdown=False)
        finally:
            report_lost_runs(root, patience=_LAST_WORDS)
    else:
        _require_pool(args.pool)
        deploy(*chosen, work_pool_name=args.pool, build=False, push=False, print_next_steps_message=False)
        print(f"registered; in a clone on the machine that is to work: prefect worker start --pool {args.pool}")


def require_server(url: str) -> None:
    """Raise MissingInput, which says what to do, unless a Prefect server answers at `url` and lets us in."""
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}), get_client(sync_client=True) as client:
        try:
            client.read_work_pools(limit=1)
        except PrefectHTTPStatusError as error:
            if error.response.status_code not in (401, 403):
                raise MissingInput(f"the Prefect server at {url} answers {error}; is it another version?") from None
            raise MissingInput(
                f"the Prefect server at {url} wants a password: set PREFECT_API_AUTH_STRING to the server's "
                "PREFECT_SERVER_API_AUTH_STRING."
            ) from None
        except (httpx.HTTPError, OSError, RuntimeError) as error:
            raise MissingInput(
                f"no Prefect server answers at {url} ({type(error).__name__}). Start one in another terminal: "
                "`prefect server start --host 127.0.0.1`, or set PREFECT_API_URL to where one runs."
            ) from None


def _require_pool(pool: str) -> None:
    with get_client(sync_client=True) as client:
        known = [found.name for found in client.read_work_pools()]
    if pool not in known:
        raise MissingInput(
            f"the server has no work pool {pool!r}; known: {', '.join(known) or 'none'}. "
            f"Make it: prefect work-pool create --type process {pool}"
        )


if __name__ == "__main__":
    sys.exit(main())
