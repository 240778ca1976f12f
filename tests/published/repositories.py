"""A repository that publishes a release, and those that fetch it, all in one folder and apart from the user's own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import yaml

from expertgen import cli

ROOT = Path(__file__).parents[2]
RELEASE = "data/lift_banana/release"
# As in this project: the release is the output of a stage, and DVC alone keeps it.
GRAPH = {
    "stages": {
        "release": {
            "foreach": ["lift_banana"],
            "do": {
                "cmd": "python make_release.py data/${item}/release", "deps": ["make_release.py"],
                "params": ["episodes"], "outs": ["data/${item}/release"],
            },
        }
    }
}  # fmt: skip
MAKE_RELEASE = """
import sys
from pathlib import Path

import yaml

from expertgen.data.lerobot.writer import write_release
from tests.data.lerobot.samples import INFO, episode

count = yaml.safe_load(Path("params.yaml").read_text())["episodes"]
write_release(Path(sys.argv[1]), [episode(number, 4) for number in range(count)], INFO)
"""


class Repositories:
    """Runs commands in repositories below `folder`, with nothing of the user's: no settings, cache, credentials."""

    def __init__(self, folder: Path) -> None:
        self.folder, home = folder, folder / "home"
        home.mkdir()
        (folder / "tmp").mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DVC_", "GIT_"))}
        people = {f"GIT_{who}_{what}": "t@t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.environment = kept | people | {
            "HOME": str(home), "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(ROOT),
            "XDG_CACHE_HOME": str(home / "cache"), "XDG_CONFIG_HOME": str(home / "config"),
            "DVC_SITE_CACHE_DIR": str(folder / "site"), "GIT_CONFIG_NOSYSTEM": "1", "DVC_NO_ANALYTICS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",  # or it is asked for credentials when there are none
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }  # fmt: skip

    def run(self, where: Path, *command: str | Path, fails: bool = False, **variables: str) -> str:
        """What the command prints; `fails` expects a status other than 0."""
        done = subprocess.run(
            command, cwd=where, env=self.environment | variables, capture_output=True, text=True, timeout=120
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def create(self, name: str) -> Path:
        """An empty repository with DVC."""
        path = self.folder / name
        self.run(self.folder, "git", "init", "-q", "-b", "main", name)
        self.run(path, "dvc", "init", "-q")
        self.commit(path, "Begin")
        return path

    def commit(self, path: Path, message: str) -> None:
        """Everything that git does not ignore."""
        self.run(path, "git", "add", "-A")
        self.run(path, "git", "commit", "-qm", message)

    def verify(self, release: Path, fails: bool = False) -> str:
        """What `expertgen release verify` says."""
        with redirect_stdout(StringIO()) as said, redirect_stderr(said):
            status = cli.main(["release", "verify", str(release)])
        assert (status != 0) == fails, said.getvalue()
        return said.getvalue()

    def holds(self, path: Path, secret: str) -> bool:
        """Whether git has `secret` in any file of any commit, or would with the next."""
        if self.run(path, "git", "status", "--porcelain"):
            self.commit(path, "Everything")
        commits = self.run(path, "git", "rev-list", "--all").split()
        found = subprocess.run(
            ["git", "grep", "-a", "-l", "-F", "-e", secret, *commits], cwd=path, env=self.environment,
            capture_output=True, text=True,
        )  # fmt: skip
        assert found.returncode in (0, 1), found.stderr
        return found.returncode == 0


class Publisher:
    """Makes releases in the repository `path`, and publishes them: data to its remote, the rest to `url`."""

    def __init__(self, repositories: Repositories) -> None:
        self.repositories, self.path = repositories, repositories.create("publisher")
        self.url = f"file://{repositories.folder / 'origin.git'}"  # has no working tree, so no one's local settings
        self.episodes = 1
        (self.path / "dvc.yaml").write_text(yaml.safe_dump(GRAPH))
        (self.path / "make_release.py").write_text(MAKE_RELEASE)
        with (self.path / ".gitignore").open("a") as ignored:
            ignored.write("data/*/*/\n")
        repositories.run(repositories.folder, "git", "init", "-q", "--bare", "-b", "main", "origin.git")
        repositories.run(self.path, "git", "remote", "add", "origin", self.url)

    def publish(self) -> str:
        """Another version, with one episode more than the last; its tag."""
        self.episodes += 1
        (self.path / "params.yaml").write_text(f"episodes: {self.episodes}\n")
        run, tag = self.repositories.run, f"v{self.episodes}"
        run(self.path, "dvc", "repro", "-q")
        run(self.path, "dvc", "push", "-q")
        self.repositories.commit(self.path, tag)
        run(self.path, "git", "tag", tag)
        run(self.path, "git", "push", "-q", "--tags", "origin", "main")
        return tag
