"""The stages of dvc.yaml, as DVC itself understands them. Nothing here knows a stage's name."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from expertgen.errors import UnknownName, require_known
from tasks.errors import BrokenGraph

if TYPE_CHECKING:
    from dvc.repo import Repo

GATE = "gate_"


@dataclass(frozen=True)
class Stage:
    """One stage for one task, such as steer@lift_banana."""

    name: str
    upstream: tuple[str, ...] = ()  # the stages whose outputs it reads
    outs: tuple[str, ...] = ()  # paths relative to the root; metrics and plots are among them
    metrics: frozenset[str] = field(default_factory=frozenset)

    @property
    def kind(self) -> str:
        """The stage without its task: steer."""
        return self.name.partition("@")[0]

    @property
    def task(self) -> str:
        """The benchmark task: lift_banana; empty where the stage is not one of a foreach."""
        return self.name.partition("@")[2]


@dataclass(frozen=True)
class Graph:
    """All stages of the project under `root`, in the order of dvc.yaml."""

    root: Path
    stages: dict[str, Stage]

    def tasks(self) -> list[str]:
        """The benchmark tasks, in the order of dvc.yaml."""
        return list(dict.fromkeys(stage.task for stage in self.stages.values() if stage.task))

    def needed_for(self, kind: str, task: str) -> list[Stage]:
        """Stage `kind` of `task`, all that is upstream of it and the gate that judges it, producers first.

        Raises UnknownName when dvc.yaml has no such stage.
        """
        require_known("task", task, self.tasks())
        name, gate = f"{kind}@{task}", f"{GATE}{kind}@{task}"
        if name not in self.stages:
            kinds = [stage.kind for stage in self.stages.values() if stage.task == task]
            raise UnknownName(
                f"dvc.yaml in {self.root} has no stage {name}; for {task} it has: {', '.join(kinds)}. "
                "A flow runs what dvc.yaml says: add the stage there."
            )
        return self._with_upstream([name, gate] if gate in self.stages else [name])

    def all_of(self, task: str) -> list[Stage]:
        """Every stage of `task` and all that is upstream of them, producers first. Raises UnknownName."""
        require_known("task", task, self.tasks())
        return self._with_upstream([name for name, stage in self.stages.items() if stage.task == task])

    def _with_upstream(self, names: list[str]) -> list[Stage]:
        ordered: dict[str, Stage] = {}

        def visit(name: str) -> None:
            if name not in ordered:
                for other in self.stages[name].upstream:
                    visit(other)
                ordered[name] = self.stages[name]

        for name in names:
            visit(name)
        return list(ordered.values())


def read_graph(root: Path) -> Graph:
    """The graph of the DVC project at `root`. Raises BrokenGraph with DVC's own words."""
    from dvc.exceptions import DvcException  # importing DVC takes a second
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            return Graph(root, _stages(repo, root))
    except DvcException as error:
        raise BrokenGraph(
            f"DVC cannot read the stages of {root / 'dvc.yaml'}: {error}; `dvc dag` there says more."
        ) from error


def _stages(repo: Repo, root: Path) -> dict[str, Stage]:
    graph = repo.index.graph
    names = {}
    for stage in repo.index.stages:
        if stage.cmd:  # recorded inputs (`dvc add`) have none: there is nothing to run
            names[stage] = stage.name if stage.path_in_repo == "dvc.yaml" else f"{stage.path_in_repo}:{stage.name}"
    position = {name: number for number, name in enumerate(names.values())}
    found = {}
    for stage, name in names.items():
        # DVC does not bring up to date what a frozen stage reads.
        read = [] if stage.frozen else [names[other] for other in graph.successors(stage) if other in names]
        outs = {str(Path(out.fs_path).relative_to(root)): out for out in stage.outs if _lies_in(root, out.fs_path)}
        found[name] = Stage(
            name=name,
            upstream=tuple(sorted(read, key=position.__getitem__)),
            outs=tuple(outs),
            metrics=frozenset(path for path, out in outs.items() if out.metric),
        )
    return found


def _lies_in(root: Path, path: str) -> bool:
    return Path(path).is_relative_to(root)
