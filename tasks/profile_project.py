"""A profile's own DVC project under runs/PROFILE: the same graph and the same code, with the profile's parameters.

    python -m tasks.profile_project quick      # prints its folder, in which dvc then works as in the project's own

Its outputs are those of `expertgen --profile PROFILE`. It shares DVC's cache with the project, and has no remote until
one is added to it (`dvc remote add`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from expertgen.data.atomic import atomic_write_text
from expertgen.errors import ExpertGenError
from expertgen.params import COMMITTED_PROFILE, profile_values
from tasks.errors import NoProject
from tasks.project import project_root

USER_ERROR = 2
_LINKED = ("dvc.yaml", ".dvcignore", "expertgen", "programs")
_CONFIG = """\
[core]
    analytics = false
    autostage = false
    check_update = false
    no_scm = true
[cache]
    dir = ../../../.dvc/cache
"""


def profile_project(root: Path, profile: str) -> Path:
    """The folder of a profile's DVC project, made or brought up to date; `root` itself for the committed profile.

    Raises UnknownName for a profile that profiles/ does not have, InvalidParameter for parameters that are refused,
    and NoProject where something else stands in the way.
    """
    if profile == COMMITTED_PROFILE:
        return root
    values = profile_values(root / "params.yaml", profile)
    folder = root / "runs" / profile
    (folder / ".dvc").mkdir(parents=True, exist_ok=True)
    for name in _LINKED:
        _link(folder / name, Path("..") / ".." / name)
    if not (folder / ".dvc" / "config").exists():  # a person may have added a remote
        atomic_write_text(folder / ".dvc" / "config", _CONFIG)
    text = f"# params.yaml with profiles/{profile}.yaml laid over it; written anew whenever the profile is run\n"
    text += yaml.safe_dump(values, sort_keys=False)
    if not (folder / "params.yaml").exists() or (folder / "params.yaml").read_text(encoding="utf-8") != text:
        atomic_write_text(folder / "params.yaml", text)
    return folder


def _link(path: Path, target: Path) -> None:
    try:
        os.symlink(target, path)
    except FileExistsError:
        if not path.is_symlink() or Path(os.readlink(path)) != target:
            raise NoProject(
                f"{path} is not a link to {target}, as it is in the DVC project of a profile; move it away."
            ) from None


def main(argv: Sequence[str]) -> int:
    try:
        if len(argv) != 2:
            raise NoProject("expected one profile: python -m tasks.profile_project NAME")
        print(profile_project(project_root(), argv[1]))
    except ExpertGenError as error:
        print(f"profile_project: error: {error}", file=sys.stderr)
        return USER_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
