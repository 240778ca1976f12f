"""The methods of camera calibration, measured on rendered views against the truth (docs/robot_calibration.md).

    python benchmarks/robot_calibration.py FOLDER [--repeats 5]

The simulated arm holds the committed board before a camera of a known place, in the poses that `record --poses auto`
takes; what the arm reports of its poses is made wrong by three amounts. Writes table.md and views.png into FOLDER.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from expertgen.params import CalibrationParams, load_params
from expertgen.robots.calibration_reach import reachable
from expertgen.robots.calibration_transforms import angle, inverse, pose, turned
from expertgen.robots.calibration_views import Sight, look
from expertgen.robots.charuco import Board, opencv
from expertgen.robots.hand_eye import METHODS, Views, expected_deviation, fit
from expertgen.robots.hand_eye_scores import best, compare
from expertgen.robots.robot import ArmState
from expertgen.scenes.panda_model import HOME
from expertgen.sims.kinematics import Kinematics
from expertgen.vision.board import BoardView

SIZE, FOVY, DISTANCE = (640, 480), 42.0, 0.75  # px, deg, m: a D435i's colour stream in its 4:3 mode
NOISE = ((0.0, 0.0), (0.3, 0.03), (1.0, 0.1))  # mm and deg of the arm, standard deviation along and about each axis
SHOWN = (0, 1, 5, 8)


def looking_at(position: tuple[float, ...], target: tuple[float, ...]) -> np.ndarray:
    """base_T_color (4, 4) of an upright camera."""
    ahead = np.subtract(target, position) / np.linalg.norm(np.subtract(target, position))
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    return pose(np.stack([right, np.cross(ahead, right), ahead], axis=-1), np.array(position))


BASE_T_COLOR = looking_at((1.25, -0.35, 0.55), (0.45, 0.0, 0.35))
# The fingers hold the plate by its upper edge; the pattern looks along the tool's x axis.
TOOL_R_BOARD = np.array([[0.0, 0, -1], [-1, 0, 0], [0, 1, 0]])


def rendered(params: CalibrationParams) -> tuple[np.ndarray, list[Sight], list[np.ndarray], np.ndarray]:
    """True base_T_tool (N, 4, 4), what is seen of each view, its picture, and the intrinsics (3, 3)."""
    board, arm = Board(params.board), Kinematics()
    width = board.size[0]
    tool_T_board = pose(TOOL_R_BOARD, -TOOL_R_BOARD @ [width / 2, -0.02, 0.0])
    facing = pose(np.eye(3), np.array([-board.centre[0], -board.centre[1], DISTANCE]))
    first = BASE_T_COLOR @ facing @ inverse(tool_T_board)
    joints = arm.solve(HOME[None], first[None, :3, 3], first[None, :3, :3])
    position, rotation = arm.forward(joints)
    state = ArmState(0.0, joints[0], np.zeros(7), position[0], rotation[0], np.zeros(6), np.zeros(7), "idle")
    view, sights, pictures = BoardView(board, tool_T_board, BASE_T_COLOR, FOVY, *SIZE), [], []
    draw, reached = np.random.default_rng(0), reachable(state, params)
    for each in reached:
        clean, _ = view.draw(each)
        noisy = np.clip(np.rint(clean + 2.0 * draw.standard_normal(clean.shape)), 0, 255).astype(np.uint8)
        pictures.append(noisy)
        sights.append(look(board, noisy, view.intrinsics, params.view))
    position, rotation = arm.forward(reached)
    view.close()
    return pose(rotation, position), sights, pictures, view.intrinsics


def table(params: CalibrationParams, repeats: int, folder: Path) -> str:
    """Markdown: for each noise of the arm and each method, on held-out views and against the truth; medians."""
    tools, sights, pictures, intrinsics = rendered(params)
    good = [i for i, sight in enumerate(sights) if not sight.refusal]
    save_picture(folder / "views.png", [pictures[i] for i in SHOWN], [sights[i] for i in SHOWN], intrinsics)
    lines = ["| arm's error | method | held out, px | worst view, px | board, mm | deg | camera, mm | deg | chosen |"]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    notes = [f"{len(good)} of {len(sights)} views were good."]
    for millimetres, degrees in NOISE:
        rows: dict[str, list[tuple[float, ...]]] = {method: [] for method in METHODS}
        chosen, expected = [], []
        for seed in range(repeats if millimetres else 1):
            draw = np.random.default_rng(seed)
            wrong = turned(np.deg2rad(degrees) * draw.standard_normal((len(tools), 3))) @ tools[:, :3, :3]
            told = pose(wrong, tools[:, :3, 3] + 1e-3 * millimetres * draw.standard_normal((len(tools), 3)))
            views = Views(
                told[good], np.stack([sights[i].color_T_board for i in good]),  # type: ignore[misc]
                tuple(sights[i].detection for i in good), intrinsics, Board(params.board),
            )  # fmt: skip
            scores = compare(views, params.folds, params.noise)
            chosen.append(best(scores))
            fits = fit(views, params.noise)
            for method in METHODS:
                found, score = fits.get(method), scores[method]
                if found is not None:
                    away = 1e3 * np.linalg.norm(found.base_T_color[:3, 3] - BASE_T_COLOR[:3, 3])
                    off = float(angle(found.base_T_color, BASE_T_COLOR))
                    rows[method].append((score.pixels, score.worst, score.millimetres, score.degrees, away, off))
                if method == chosen[-1] and found is not None:
                    expected.append(expected_deviation(found, views, params.noise)[0])
        for method, values in rows.items():
            medians = np.median(values, axis=0) if values else np.full(6, np.nan)
            shown = " | ".join(_shown(value, digits) for value, digits in zip(medians, (2, 2, 2, 2, 2, 3), strict=True))
            wins = f"{chosen.count(method)} of {len(chosen)}" if method in chosen else ""
            lines.append(f"| {millimetres:g} mm, {degrees:g} deg | {method} | {shown} | {wins} |")
        notes.append(f"{millimetres:g} mm, {degrees:g} deg: of the chosen ones' places {min(expected):.2f} to "
                     f"{max(expected):.2f} mm were expected.")  # fmt: skip
        print("\n".join([*lines[-len(METHODS) :], notes[-1]]), flush=True)
    return "\n".join([*lines, "", *notes]) + "\n"


def _shown(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if value < 100 else "> 100"


def save_picture(path: Path, pictures: list[np.ndarray], sights: list[Sight], intrinsics: np.ndarray) -> None:
    """Four views in a square, with the corners found and the board's axes."""
    cv2, drawn = opencv(), []
    for picture, sight in zip(pictures, sights, strict=True):
        image = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        double = np.diag([2.0, 2.0, 1.0]) @ intrinsics + np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])
        for x, y in 2 * sight.detection.pixels + 0.5:
            cv2.circle(image, (round(x), round(y)), 6, (230, 30, 30), 2, cv2.LINE_AA)
        if sight.color_T_board is not None:
            turn, step = cv2.Rodrigues(sight.color_T_board[:3, :3])[0], sight.color_T_board[:3, 3]
            swapped = np.ascontiguousarray(image[..., ::-1])  # OpenCV's red is last
            image = cv2.drawFrameAxes(swapped, double, None, turn, step, 0.06, 3)[..., ::-1]
        drawn.append(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    Image.fromarray(np.concatenate([np.concatenate(drawn[:2], 1), np.concatenate(drawn[2:], 1)])).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=5, help="draws of the arm's errors")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    params = load_params(Path(__file__).resolve().parents[1] / "params.yaml").calibration
    (args.folder / "table.md").write_text(table(params, args.repeats, args.folder), encoding="utf-8")


if __name__ == "__main__":
    main()
