"""What DVC and Prefect add to the stages' own time, each measured within one run of the whole graph from nothing.

    python benchmarks/orchestration_overhead.py [--profile quick] [--by dvc prefect] [--task lift_banana]

The last commit is cloned into a temporary folder, without any artifact. There `dvc repro`, and in another clone the
flow `pipeline` served to a Prefect server, run all stages; afterwards once more with nothing to do. A stage's own time
is that of its process, `python -m expertgen STAGE TASK`, from its start to its end, as a sitecustomize.py in its path
notes it. All else of the time of the command (`dvc repro`, `prefect deployment run --watch`) is overhead; the start of
the Prefect server and of `flows.serve`, which stay up, is told apart. Figures go to
reports/benchmarks/orchestration_overhead.json, under the profile's name.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from expertgen.data.atomic import atomic_write_json

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "reports" / "benchmarks" / "orchestration_overhead.json"
NOTE_TIMES = """\
import atexit, os, sys, time
if "expertgen" in sys.orig_argv[1:3] and os.environ.get("DVC_STAGE"):
    ticks = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19])
    begun = ticks / os.sysconf("SC_CLK_TCK")
    def note():
        took = time.clock_gettime(time.CLOCK_BOOTTIME) - begun
        with open(os.environ["STAGE_TIMES"], "a") as file:
            file.write(f"{os.environ['DVC_STAGE']} {took}\\n")
    atexit.register(note)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--by", nargs="+", choices=list(RUNNERS), default=list(RUNNERS))
    parser.add_argument("--task", default="lift_banana")
    parser.add_argument("--keep", type=Path, help="work in this new folder and keep it, to look at")
    args = parser.parse_args()
    found = {}
    for name in args.by:
        folder = Path(tempfile.mkdtemp()) if args.keep is None else args.keep / name
        folder.mkdir(parents=True, exist_ok=True)
        found[name] = RUNNERS[name](Clone(folder, args.profile, args.task))
        print(name, json.dumps(found[name], indent=2), flush=True)
        if args.keep is None:
            shutil.rmtree(folder)
    report = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    report[args.profile] = report.get(args.profile, {}) | found
    atomic_write_json(REPORT, report)


class Clone:
    """The last commit in a folder of its own, without artifacts, and with stages that note their times."""

    def __init__(self, folder: Path, profile: str, task: str) -> None:
        self.profile, self.task, self.root = profile, task, folder / "project"
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(self.root)], check=True)
        (self.root / "dvc.lock").unlink()  # else gates and reports, which git holds, need not run
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(NOTE_TIMES)
        self.times = folder / "times"
        self.times.touch()
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.own = {
            "PATH": path, "PYTHONPATH": f"{folder / 'site'}{os.pathsep}{self.root}", "STAGE_TIMES": str(self.times),
            "DVC_SITE_CACHE_DIR": str(folder / "dvc"),
        }  # fmt: skip
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "DVC_"))}
        self.environment = inherited | self.own

    def run(self, *command: str, cwd: Path) -> str:
        done = subprocess.run(
            command, cwd=cwd, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")
        return done.stdout

    def measure(self, bring_up_to_date: Callable[[], object]) -> dict[str, Any]:
        """Seconds of the stages, of the whole, and of a second call with nothing to do."""
        begun = time.perf_counter()
        bring_up_to_date()
        total = time.perf_counter() - begun
        lines = [line.split() for line in self.times.read_text().splitlines()]
        stages = {name.partition("@")[0]: round(float(seconds), 1) for name, seconds in lines}
        own = sum(float(seconds) for _, seconds in lines)
        begun = time.perf_counter()
        bring_up_to_date()
        return {
            "overhead": round(total / own - 1, 4), "overhead_s": round(total - own, 1), "own_s": round(own, 1),
            "total_s": round(total, 1), "nothing_to_do_s": round(time.perf_counter() - begun, 1), "stages_s": stages,
        }  # fmt: skip


def by_dvc(clone: Clone) -> dict[str, Any]:
    folder = Path(clone.run(sys.executable, "-m", "tasks.profile_project", clone.profile, cwd=clone.root).strip())
    return clone.measure(lambda: clone.run("dvc", "--wait-for-lock", "repro", cwd=folder))


def by_prefect(clone: Clone) -> dict[str, Any]:
    sys.path.append(str(ROOT))  # tests are not installed with the packages
    from tests.flows.prefect_server import end, running_server, serve

    folder, begun = clone.root.parent / "prefect", time.perf_counter()
    folder.mkdir()
    with running_server(folder, **clone.own) as server:
        serving = serve(server, clone.root)
        try:
            starting = time.perf_counter() - begun
            ask = ("deployment", "run", f"pipeline/{clone.task}", "--watch", "--param", f"profile={clone.profile}")
            return clone.measure(lambda: server.prefect(*ask)) | {"servers_s": round(starting, 1)}
        finally:
            end(serving)


RUNNERS: dict[str, Callable[[Clone], dict[str, Any]]] = {"dvc": by_dvc, "prefect": by_prefect}

if __name__ == "__main__":
    main()
