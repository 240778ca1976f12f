"""Demonstrations on a local Ray cluster of two workers: the same bytes as by one process, also when one is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from expertgen.data.hashing import tree_sha256
from tests.flows.prefect_server import Server, running_server
from tests.small_project import ROOT, make_small_project

TASK = "lift_banana"
Ended = tuple[int, str]
Listener = Callable[[str], None]
# A cluster of several nodes on one machine. Ray takes another address of the machine for 127.0.0.1, so that others can
# join, unless it believes to be on a system that has no clusters.
ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}
LAUNCH = """
import sys
from ray.cluster_utils import Cluster

common = {"node_ip_address": "127.0.0.1", "object_store_memory": 80_000_000}
head = {**common, "num_cpus": 0, "include_dashboard": False, "temp_dir": sys.argv[1]}
cluster = Cluster(initialize_head=True, shutdown_at_exit=True, head_node_args=head)
for _ in range(2):
    cluster.add_node(num_cpus=1, **common)
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""
FLOW = "import sys; from flows.demos_on_ray import demos_on_ray as flow; flow(*sys.argv[1:])"


def test_what_registers_the_flow_imports_neither_ray_nor_the_simulator() -> None:
    heavy = ("ray", "prefect_ray", "mujoco", "torch")
    code = f"import sys, flows.deployments; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("prefect")) as server:
        yield server


class Cluster:
    """A head without processors and two workers of one each, all on 127.0.0.1 alone and without a dashboard."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.folder = folder
        log = folder / "cluster.log"
        (folder / "ray").mkdir()  # where Ray notes its address, and does not make the folder for it
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH, str(folder)], stderr=errors, text=True, start_new_session=True,
                env=server.environment | ON_LOOPBACK | {"RAY_TMPDIR": str(folder)}, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address, log.read_text()

    def kill_the_worker_of_a_shard(self) -> int:
        """Kill a process that makes a shard, as a machine short of memory would; its id."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for folder in Path("/proc").iterdir():
                if folder.name.isdigit() and self._makes_a_shard(folder):
                    os.kill(int(folder.name), signal.SIGKILL)
                    return int(folder.name)
            time.sleep(0.05)
        raise AssertionError("no shard is being made")

    def _makes_a_shard(self, process: Path) -> bool:
        try:
            ours = os.readlink(process / "fd/1").startswith(str(self.folder))
            return ours and (process / "cmdline").read_bytes().startswith(b"ray::shard")
        except OSError:
            return False

    def stop(self) -> None:
        self.process.communicate()  # the end of its input is what it waits for


@pytest.fixture(scope="module")
def cluster(server: Server) -> Iterator[Cluster]:
    pytest.importorskip("ray", reason="needs the extra: pip install -c constraints.txt -e '.[ray]'")
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:  # short, for Ray puts sockets below it
        cluster = Cluster(server, Path(folder))
        yield cluster
        cluster.stop()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    make_small_project(folder)
    return folder


def run_flow(server: Server, project: Path, address: str, meanwhile: Listener = print, **settings: str) -> Ended:
    """The exit status of a process that runs demos_on_ray, and all it logged; `meanwhile` gets each line."""
    process = subprocess.Popen(
        [sys.executable, "-c", FLOW, TASK, address], cwd=project, env=server.environment | ON_LOOPBACK | settings,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        meanwhile(line)
    return process.wait(), "".join(said)


def made_alone(project: Path) -> dict[str, str]:
    """The bytes that one process makes, in a folder of its own."""
    folder = project.parent / "alone"
    folder.mkdir()
    values = yaml.safe_load((project / "params.yaml").read_text())
    values["demos"]["workers"] = 1
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    command = [sys.executable, "-m", "expertgen", "--params", str(folder / "params.yaml"), "demos", TASK]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    return tree_sha256(folder / "data" / TASK / "demos")


@pytest.mark.slow
def test_two_workers_give_the_bytes_of_one_process(server: Server, project: Path, cluster: Cluster) -> None:
    status, said = run_flow(server, project, cluster.address)
    assert status == 0 and "4 shards to make" in said and "is here, 4 of 4" in said, said
    assert "going on with 4 of 4 shards" in said, "the stage itself had nothing left but to finish"
    assert tree_sha256(project / "data" / TASK / "demos") == made_alone(project)
    assert (project / "reports/demos" / TASK / "passed.json").is_file(), "the gate has judged them"
    status, said = run_flow(server, project, cluster.address)
    assert status == 0 and "no shards to make" in said, said


@pytest.mark.slow
def test_a_shard_that_is_lost_with_its_worker_is_made_again(server: Server, project: Path, cluster: Cluster) -> None:
    killed: list[int] = []

    def kill_a_worker(line: str) -> None:
        if "is here, 1 of" in line:
            killed.append(cluster.kill_the_worker_of_a_shard())

    status, said = run_flow(server, project, cluster.address, kill_a_worker)
    assert status == 0 and killed and "was lost with its worker; it is made again" in said, said
    assert tree_sha256(project / "data" / TASK / "demos") == made_alone(project)


@pytest.mark.slow
def test_a_worker_with_other_code_is_refused(server: Server, project: Path, cluster: Cluster, tmp_path: Path) -> None:
    """The flow has a changed copy of the code, which does not lie in its folder, where Ray's workers would find it."""
    code = tmp_path / "code"
    shutil.move(project / "expertgen", code / "expertgen")
    for package in ("flows", "tasks"):
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (code / "expertgen/skills/motions.py").open("a") as source:
        source.write("# changed\n")
    status, said = run_flow(server, project, cluster.address, PYTHONPATH=str(code))
    assert status != 0 and "this machine would make shard-0000" in said and "same commit" in said, said
    assert not list((project / "data" / TASK).glob(".work/demos/shard-*"))
