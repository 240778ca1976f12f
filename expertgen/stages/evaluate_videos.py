"""Videos and a film strip of evaluated episodes, drawn from the very states that were recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from expertgen.params import SimulationParams
from expertgen.report.style import WIDTH, figure
from expertgen.rollout import Episodes
from expertgen.stages.evaluate_encode import Frames, side_by_side, write_mp4
from expertgen.stages.frames import draw, drawing, states_throughout
from expertgen.stages.policies import DISPLAY_NAMES
from expertgen.stages.progress import progress

CAMERA, SIZE = "front", (640, 480)
STRIP = (2, 3)  # rows and columns of the film strip


@dataclass(frozen=True)
class Film:
    """One episode: frames (T + 1, H, W, 3), the first at the start; success (T,) at the end of each control step."""

    policy: str
    seed: int
    frames: Frames
    success: NDArray[np.bool_]

    @property
    def label(self) -> str:
        outcome = "success" if self.success[-1] else "success, then lost" if self.success.any() else "failure"
        return f"{DISPLAY_NAMES[self.policy]}, start {self.seed}: {outcome}"


def film(
    policy: str, episodes: Episodes, rows: NDArray[np.int64], task: str, params: SimulationParams,
    size: tuple[int, int] = SIZE,
) -> list[Film]:
    """Draw the episodes `rows` in frames of `size` (width, height) px, one for each control step."""
    if len(rows) == 0:
        return []
    films = []
    with (
        drawing(task, params) as simulator,
        progress(f"evaluate: filming {DISPLAY_NAMES[policy]}", len(rows), "episodes") as bar,
    ):
        for row in rows:
            frames = draw(simulator, states_throughout(episodes, row), CAMERA, *size)
            films.append(Film(policy, int(episodes.seeds[row]), frames, episodes.success[row]))
            bar.update()
    return films


def make_videos(
    folder: Path, episodes: dict[str, Episodes], count: int, task: str, params: SimulationParams,
    size: tuple[int, int] = SIZE,
) -> None:
    """Write `videos`/*.mp4 in `folder`: the expert on the first `count` starts, and beside the prior on the first
    start where it alone succeeds; and filmstrip.png of the expert's first success. With `count` 0, nothing."""
    videos, fps = folder / "videos", params.control_hz
    videos.mkdir()
    if count == 0:
        return
    expert, prior = episodes["expert"], episodes["prior"]
    first = np.arange(min(count, len(expert.seeds)))
    saved = np.flatnonzero(expert.success_end & ~prior.success_any)[:1]
    shown = np.append(np.flatnonzero(expert.success_end), 0)[:1]
    chosen = np.unique(np.concatenate([first, saved, shown]))
    films = dict(zip(chosen.tolist(), film("expert", expert, chosen, task, params, size), strict=True))
    for row in first.tolist():
        write_mp4(videos / f"expert_{row + 1}.mp4", side_by_side([films[row].frames], [films[row].label]), fps)
    for row, failed in zip(saved.tolist(), film("prior", prior, saved, task, params, size), strict=True):
        pair = [failed, films[row]]
        write_mp4(videos / "prior_and_expert.mp4", side_by_side([f.frames for f in pair], [f.label for f in pair]), fps)
    draw_filmstrip(folder / "filmstrip.png", films[int(shown[0])], fps)


def draw_filmstrip(path: Path, film: Film, fps: float) -> None:
    """Six frames, evenly from the start to the first success (to the end where there is none)."""
    reached = np.flatnonzero(film.success)
    last = int(reached[0]) + 1 if len(reached) else len(film.success)
    rows, columns = STRIP
    height = WIDTH / columns * film.frames.shape[1] / film.frames.shape[2] * rows + 0.9
    with figure(path, height, film.label) as canvas:
        for panel, index in zip(canvas.subplots(*STRIP).flat, np.linspace(0, last, rows * columns), strict=True):
            step = round(index)
            panel.imshow(film.frames[step])
            panel.set_title(f"{step / fps:.1f} s")
            panel.set_axis_off()
