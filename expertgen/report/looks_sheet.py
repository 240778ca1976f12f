"""Figure: a contact sheet of what students' cameras see, drawn as their episodes are."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.benchmarks.base import Benchmark
from expertgen.camera_env import look_seed
from expertgen.env import start_generator
from expertgen.params import Params, VisionParams
from expertgen.report.style import DPI, MUTED, WIDTH, figure
from expertgen.seeds import generator
from expertgen.vision.faults import faulty_colour, faulty_depth
from expertgen.vision.look import draw_look
from expertgen.vision.painter import Painter

Image = NDArray[np.uint8]
COLUMNS, GAP = 8, 6  # cells in a row at most; px between cells
_HEAD, _FOOT = 52, 44  # px: a heading above each block of cells; the caption
_NOTHING = (0.93, 0.93, 0.93)  # where a depth camera tells nothing
_NEAR, _FAR = 0.5, 2.0  # m, of the scale of colours


def write_looks(path: Path, params: Params, task: str, draws: int) -> None:
    """Write a PNG of the first `draws` starts of `task`, each with the look that an episode from there has, each seen
    by one camera, in turn; and below, of the first of them, depth as a camera tells it.

    Raises ValueError without draws, KeyError for another task than the catalogue's.
    """
    if draws < 1:
        raise ValueError(f"a contact sheet needs at least one draw, found {draws}")
    vision, page = params.vision, round(WIDTH * DPI)
    columns = max(1, min(COLUMNS, (page + GAP) // (vision.width + GAP)))
    with Painter(params.simulation.robot, TASKS[task].add_objects, vision) as painter:
        looks = _cells(painter, TASKS[task], draws, depth=False)
        depths = _cells(painter, TASKS[task], min(draws, columns), depth=True)
    blocks = [(f"{task}: {draws} draws at the start of an episode", _grid(looks, columns)),
              ("depth of the first of them, as the camera tells it", _grid(depths, columns))]
    height = sum(_HEAD + block.shape[0] for _, block in blocks) + _FOOT
    with figure(path, height / DPI, _caption(vision, draws)) as canvas:
        top = 0
        for heading, block in blocks:
            left = (page - block.shape[1]) // 2
            canvas.text(left / page, 1 - (top + _HEAD - 14) / height, heading, fontweight="bold", va="baseline")
            top += _HEAD + block.shape[0]
            canvas.figimage(block, left, height - top)
        # The scale's words stand at the right of the lower heading.
        words = f"dark {_NEAR:g} m, bright {_FAR:g} m, grey nothing"
        canvas.text(1 - left / page, 1 - (top - block.shape[0] - 14) / height, words, fontsize=8, color=MUTED,
                    ha="right", va="baseline")  # fmt: skip


def _caption(vision: VisionParams, draws: int) -> str:
    names = ", ".join(view.name for view in vision.cameras)
    return (f"Cameras {names} in turn, {vision.width} x {vision.height} px; starts 0 to {draws - 1}, "
            "everything drawn anew for each")  # fmt: skip


def _cells(painter: Painter, benchmark: Benchmark, draws: int, depth: bool) -> list[Image]:
    """`draws` images (H, W, 3)."""
    vision, cells = painter.params, []
    for seed in range(draws):
        start, camera = benchmark.reset_distribution(start_generator(seed)), seed % len(vision.cameras)
        look = draw_look(vision, benchmark.num_objects, look_seed(0, seed))
        views = painter.draw(
            look, start.objects, start.joints, start.fingers, start.objects, colour=not depth, depth=depth
        )
        if views.colour is not None:
            cells.append(faulty_colour(views.colour[camera], look.hsv[camera], float(look.blur[camera])))
        elif views.depth is not None:
            cells.append(_shaded(faulty_depth(
                views.depth[camera], look.depth_noise, look.depth_holes, vision.depth_range,
                generator("looks sheet", seed),
            )))  # fmt: skip
    return cells


def _shaded(depth: NDArray[np.float32]) -> Image:
    colours = matplotlib.colormaps["viridis"](np.clip((depth - _NEAR) / (_FAR - _NEAR), 0, 1))[..., :3]
    return np.rint(255 * np.where(depth[..., None] > 0, colours, _NOTHING)).astype(np.uint8)


def _grid(cells: list[Image], columns: int) -> Image:
    """Cells row by row on white."""
    height, width, _ = cells[0].shape
    rows = -(-len(cells) // columns)
    page = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, dtype=np.uint8)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        y, x = row * (height + GAP), column * (width + GAP)
        page[y : y + height, x : x + width] = cell
    return page
