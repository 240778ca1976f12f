"""Shards of demonstrations made in other processes, of this machine or of others, and brought to where the stage keeps
what is unfinished.

The stage itself then finds every shard made, and finishes: the same bytes as if it had made them. What hands the orders
out is no concern of this package.
"""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expertgen.data.atomic import atomic_directory
from expertgen.data.hashing import file_names
from expertgen.data.provenance import provenance
from expertgen.data.shard import shard_is_complete
from expertgen.errors import CorruptArtifact, ExpertGenError
from expertgen.params import Params
from expertgen.stages import demos
from expertgen.stages.artifacts import same_provenance
from expertgen.stages.demos_shard import DemosShard, make_shard
from expertgen.workspace import Workspace

Files = dict[str, bytes]


class OtherCode(ExpertGenError):
    """A machine has other code or packages than the one that ordered a shard from it."""


@dataclass(frozen=True)
class ShardOrder:
    """A shard to be made, and the provenance of the store that it is for."""

    job: DemosShard
    made_from: dict[str, Any]

    def __str__(self) -> str:
        return self.job.path.name.partition(".")[0]


def unfinished(params: Params, task: str, workspace: Workspace) -> list[ShardOrder]:
    """The shards that stage demos has yet to make; none where its store is finished.

    To be called with `workspace.lock("demos")` held, as `bring_in`. Raises InvalidParameter.
    """
    wanted = demos.ordered(params, task, workspace)
    kept = workspace.kept("demos") / workspace.data("demos").name
    if wanted.is_finished or same_provenance(kept, wanted.made_from):
        return []
    return [
        ShardOrder(shard, wanted.made_from) for shard in wanted.shards if not shard_is_complete(shard.path, shard.key)
    ]


def make_elsewhere(order: ShardOrder) -> Files:
    """Make the shard in a temporary folder, and return its files by their paths within it.

    Raises OtherCode where this process would not make the ordered bytes, and CannotWrite.
    """
    refuse_other_code(order)
    with tempfile.TemporaryDirectory(prefix="expertgen-") as folder:
        path = Path(folder) / order.job.path.name
        make_shard(dataclasses.replace(order.job, path=path))
        return {name: (path / name).read_bytes() for name in file_names(path)}


def refuse_other_code(order: ShardOrder) -> None:
    """Raise OtherCode unless code and packages here are those with which the shard was ordered."""
    asked = order.made_from
    here = provenance(asked["stage"], asked["task"], asked["seed"], asked["parameters"], {})
    wrong = [
        f"{part} {name} {here[part].get(name)!r} where {expected!r} was expected"
        for part in ("code", "packages")
        for name, expected in asked[part].items()
        if here[part].get(name) != expected
    ]
    if wrong or here | {"inputs": asked["inputs"]} != asked:  # a program, its one input, comes with the order
        raise OtherCode(
            f"this machine would make {order} of {asked['task']} with {'; '.join(wrong) or 'other packages'}. Bring "
            "its clone to the same commit as where the flow runs, install by the same constraints.txt, and start its "
            "worker again."
        )


def bring_in(order: ShardOrder, files: Files) -> int:
    """Write a shard that was made elsewhere to its place, whole or not at all; return the number of its episodes.

    Raises CorruptArtifact unless it is the shard that was ordered, every byte as written, and CannotWrite.
    """
    with atomic_directory(order.job.path) as temporary:
        for name, content in sorted(files.items()):
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if not shard_is_complete(temporary, order.job.key):
            raise CorruptArtifact(
                f"{order} came back damaged or made from something else; nothing of it was kept. Run the flow again."
            )
    return order.job.count
