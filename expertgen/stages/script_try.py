"""One program tried: its verdict, and success over fresh starts."""

from __future__ import annotations

from pathlib import Path

from expertgen.params import Params
from expertgen.programs.recorded import read_program
from expertgen.programs.verdict import ProgramFailed
from expertgen.stages.script_score import score
from expertgen.stages.script_starts import TRY, script_seeds


def run(params: Params, task: str, path: Path, starts: int) -> None:
    """Run the program at `path` on `starts` starts, and print how it fared. Raises InvalidParameter, MissingInput, and
    ProgramFailed for one that does not run to its end."""
    seeds = script_seeds(TRY, params, starts)
    scored = score(read_program(path), params, task, seeds)
    if not scored.verdict.ok:
        raise ProgramFailed(scored.verdict)
    print(f"{path}: ok, seeds {seeds[0]} to {seeds[-1]}\n{scored.text()}")
