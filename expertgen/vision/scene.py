"""The scene as it is drawn for students: the tabletop with walls, lamps, textures, distractors and their cameras.

Joints are those of the simulated scene and nothing here is simulated, so physics never depends on looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.params import VisionParams
from expertgen.scenes.panda import VISUAL_GROUP, add_panda
from expertgen.scenes.surroundings import FLOOR_HEIGHT, add_camera, add_surroundings
from expertgen.scenes.tabletop import ROBOTS
from expertgen.vision.look import LAMPS, TEXTURES
from expertgen.vision.textures import SIDE, texture_bank

DISTRACTORS = 8  # at most, in any look
WALL_DISTANCE, WALL_HEIGHT = 2.6, 2.6  # m, from the table's middle; of a wall, from the floor


@dataclass(frozen=True)
class Parts:
    """Which of a model's visible geoms make up what: table, floor, walls, robot, and each object; and the ids of the
    distractors' geoms, cameras, lamps, and of the materials of the bank."""

    table: NDArray[np.int64]
    floor: NDArray[np.int64]
    walls: NDArray[np.int64]
    robot: NDArray[np.int64]
    objects: tuple[NDArray[np.int64], ...]
    distractors: NDArray[np.int64]
    cameras: NDArray[np.int64]
    lamps: NDArray[np.int64]


def build_scene(robot: str, add_objects: Callable[[mujoco.MjSpec], object], params: VisionParams) -> mujoco.MjModel:
    """The model to draw; its joints are those of `scenes.tabletop.build_tabletop` with the same arguments."""
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    add_surroundings(spec)
    _add_walls(spec)
    ROBOTS[robot](spec, add_panda(spec))
    add_objects(spec)
    _add_bank(spec)
    _add_distractors(spec)
    _add_lamps(spec)
    for view in params.cameras:
        position, target = tuple(view.position), tuple(view.target)
        add_camera(spec.worldbody, f"view_{view.name}", position, target, params.fovy)
    return spec.compile()


def _look(spec: mujoco.MjSpec, name: str, kind: mujoco.mjtGeom, pos: list, size: list, **more: object) -> None:
    spec.worldbody.add_geom(
        name=name, type=kind, pos=pos, size=size, contype=0, conaffinity=0, mass=0, group=VISUAL_GROUP, **more
    )


def _add_walls(spec: mujoco.MjSpec) -> None:
    far, half = WALL_DISTANCE, WALL_HEIGHT / 2
    places = [((far, 0), (0.02, far)), ((-far, 0), (0.02, far)), ((0, far), (far, 0.02)), ((0, -far), (far, 0.02))]
    for number, ((x, y), (dx, dy)) in enumerate(places):
        _look(spec, f"wall{number}", mujoco.mjtGeom.mjGEOM_BOX, [0.4 + x, y, FLOOR_HEIGHT + half], [dx, dy, half],
              rgba=[0.8, 0.82, 0.85, 1.0])


def _add_bank(spec: mujoco.MjSpec) -> None:
    for number, pixels in enumerate(texture_bank()):
        spec.add_texture(name=f"bank{number}", type=mujoco.mjtTexture.mjTEXTURE_2D, width=SIDE, height=SIDE,
                         nchannel=3, data=pixels.ravel().tolist())
        material = spec.add_material(name=f"bank{number}", texrepeat=[3, 3], texuniform=True, specular=0.1)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"bank{number}"


def _add_distractors(spec: mujoco.MjSpec) -> None:
    for number in range(DISTRACTORS):
        _look(spec, f"distractor{number}", mujoco.mjtGeom.mjGEOM_BOX, [0, 0, -5], [0.02, 0.02, 0.02])


def _add_lamps(spec: mujoco.MjSpec) -> None:
    for number in range(LAMPS):
        spec.worldbody.add_light(
            name=f"lamp{number}", type=mujoco.mjtLightType.mjLIGHT_SPOT, pos=[0, 0, 2], dir=[0, 0, -1], cutoff=80,
            exponent=0, attenuation=[1, 0, 0], castshadow=False, diffuse=[0.5] * 3, specular=[0.1] * 3,
        )


def parts(model: mujoco.MjModel, params: VisionParams) -> Parts:
    """What of `model`, made by `build_scene`, is what."""
    free = [b for b in range(model.nbody) if model.body_jntnum[b]
            and model.jnt_type[model.body_jntadr[b]] == mujoco.mjtJoint.mjJNT_FREE]
    mocap = [b for b in range(model.nbody) if model.body_mocapid[b] >= 0]
    visible = model.geom_group == VISUAL_GROUP
    root = model.body_rootid[model.geom_bodyid]

    def of_root(body: int) -> NDArray[np.int64]:
        return np.flatnonzero(visible & (root == body))

    def named(prefix: str) -> NDArray[np.int64]:
        return np.array([g for g in range(model.ngeom) if model.geom(g).name.startswith(prefix)], dtype=np.int64)

    return Parts(
        table=named("table"), floor=named("floor"), walls=named("wall"), robot=of_root(model.body("link0").id),
        objects=tuple(of_root(body) for body in (*free, *mocap)), distractors=named("distractor"),
        cameras=np.array([model.camera(f"view_{view.name}").id for view in params.cameras]),
        lamps=np.array([model.light(f"lamp{number}").id for number in range(LAMPS)]),
    )


def bank_materials(model: mujoco.MjModel) -> NDArray[np.int64]:
    """(TEXTURES,) ids of the bank's materials."""
    return np.array([model.material(f"bank{number}").id for number in range(TEXTURES)])
