"""What a camera sees of a calibration board in the arm's hand: for trying calibration out without a robot."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.robots.charuco import Board
from expertgen.scenes.board import add_board
from expertgen.scenes.panda import add_panda
from expertgen.scenes.panda_hand import add_panda_hand
from expertgen.scenes.panda_model import TCP_OFFSET
from expertgen.scenes.surroundings import add_surroundings
from expertgen.vision.canvas import open_canvas
from expertgen.vision.pinhole import Pinhole

Array = NDArray[np.float64]
_PINCH = 0.002  # m from the middle, of each finger: they hold the plate


class BoardView:
    """Draws the arm with `board` at tool_T_board (4, 4), as a camera at base_T_color (4, 4; x right, y down, z along
    the optical axis) of `fovy` deg sees it, in `width` x `height` px of `samples` x `samples` each. Close it.

    `intrinsics` (3, 3) are those of the pictures, the centre of the first pixel at (0, 0).
    """

    def __init__(
        self, board: Board, tool_T_board: Array, base_T_color: Array, fovy: float, width: int, height: int,
        samples: int = 2, backend: str | None = None,
    ) -> None:  # fmt: skip
        spec = mujoco.MjSpec()
        spec.compiler.degree = False
        add_surroundings(spec)
        hand = add_panda(spec)
        add_panda_hand(spec, hand)
        add_board(spec, hand, board.black, board.size, _lifted(tool_T_board))
        quat = np.empty(4)
        # MuJoCo's cameras look along -z, with y up.
        mujoco.mju_mat2Quat(quat, (base_T_color[:3, :3] @ np.diag([1.0, -1.0, -1.0])).ravel())
        spec.worldbody.add_camera(name="color", pos=base_T_color[:3, 3], quat=quat, fovy=fovy)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self._size, self._samples = (width, height), samples
        self._camera = self.model.camera("color").id
        self._canvas = open_canvas(self.model, width * samples, height * samples, backend)
        self.intrinsics = Pinhole(fovy, width, height).matrix - np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])

    def draw(self, joints: Array) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Colour (H, W, 3) and depth (H, W) m, 0 where nothing is, with the arm at joints (7,) rad."""
        for number, angle in enumerate(joints, start=1):
            self.data.joint(f"joint{number}").qpos[0] = angle
        for finger in ("finger_left", "finger_right"):
            self.data.joint(finger).qpos[0] = _PINCH
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        colour, depth = self._canvas.draw(self.data, self._camera, True, True)
        (width, height), s = self._size, self._samples
        fine = np.asarray(colour, dtype=np.float64).reshape(height, s, width, s, 3)
        # One of each pixel's samples: a mean over an edge would lie between the near and the far.
        far = np.asarray(depth)[s // 2 :: s, s // 2 :: s]
        return np.rint(fine.mean((1, 3))).astype(np.uint8), np.where(np.isfinite(far), far, 0).astype(np.float32)

    def close(self) -> None:
        """Free the graphics context."""
        self._canvas.close()


def _lifted(tool_T_board: Array) -> Array:
    """From the tool's frame to that of the hand's body, which it stands before."""
    found = tool_T_board.copy()
    found[2, 3] += TCP_OFFSET
    return found
