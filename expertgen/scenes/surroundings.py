"""What only cameras see, and the table: sky, floor, light. Nothing here but the table's box touches anything."""

from __future__ import annotations

import mujoco
import numpy as np

from expertgen.scenes.panda import VISUAL_GROUP

TABLE_COLOUR, LEG_COLOUR = [0.64, 0.53, 0.42, 1.0], [0.30, 0.31, 0.34, 1.0]
FLOOR_COLOURS = [0.62, 0.64, 0.66], [0.60, 0.62, 0.64]
SKY_COLOURS = [0.88, 0.91, 0.95], [0.55, 0.65, 0.78]  # horizon, zenith
FLOOR_HEIGHT = -0.8  # m
CAMERAS = {  # where they stand and what they look at, m
    "front": ((1.42, -0.66, 0.82), (0.36, 0.0, 0.25)),
    "side": ((0.5, 1.36, 0.60), (0.36, 0.0, 0.24)),
}


def add_surroundings(spec: mujoco.MjSpec) -> None:
    """Add table (top at z = 0), floor, sky, lights and CAMERAS."""
    _add_table(spec)
    _add_floor_and_sky(spec)
    _add_lights(spec)
    for name, (position, target) in CAMERAS.items():
        add_camera(spec.worldbody, name, position=position, target=target, fovy=42)


def _add_table(spec: mujoco.MjSpec) -> None:
    spec.add_material(name="table", rgba=TABLE_COLOUR, specular=0.15, shininess=0.2)
    spec.worldbody.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_BOX, pos=[0.35, 0, -0.05], size=[0.65, 0.6, 0.05],
        material="table", contype=1, conaffinity=3, condim=4, friction=[0.8, 0.005, 0.0001],
        group=VISUAL_GROUP,
    )
    half = (-FLOOR_HEIGHT - 0.1) / 2
    for x in (-0.24, 0.94):
        for y in (-0.54, 0.54):
            _add_look(spec.worldbody, mujoco.mjtGeom.mjGEOM_BOX, [x, y, -0.1 - half], [0.04, 0.04, half], LEG_COLOUR)


def _add_look(body: mujoco.MjsBody, kind: mujoco.mjtGeom, pos: list, size: list, rgba: list) -> None:
    body.add_geom(type=kind, pos=pos, size=size, rgba=rgba, contype=0, conaffinity=0, mass=0, group=VISUAL_GROUP)


def _add_floor_and_sky(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=SKY_COLOURS[0], rgb2=SKY_COLOURS[1], width=64, height=64,
    )
    spec.add_texture(
        name="floor", type=mujoco.mjtTexture.mjTEXTURE_2D, builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=FLOOR_COLOURS[0], rgb2=FLOOR_COLOURS[1], width=64, height=64,
    )
    floor = spec.add_material(name="floor", texrepeat=[1, 1], texuniform=True, specular=0.0)
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "floor"
    spec.worldbody.add_geom(
        # Of finite size: an endless floor takes a software rasteriser half as long again.
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, pos=[0, 0, FLOOR_HEIGHT], size=[8, 8, 8],
        material="floor", contype=0, conaffinity=0, group=VISUAL_GROUP,
    )


def _add_lights(spec: mujoco.MjSpec) -> None:
    """A key light with shadows from the front left, a fill from behind, and some light from everywhere."""
    sun = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    spec.worldbody.add_light(
        type=sun, pos=[0.9, -0.7, 2.0], dir=[-0.25, 0.35, -1], diffuse=[0.55, 0.54, 0.52],
        specular=[0.2, 0.2, 0.2], castshadow=True,
    )
    spec.worldbody.add_light(
        type=sun, pos=[-0.5, 1.0, 1.5], dir=[0.5, -0.6, -0.6], diffuse=[0.22, 0.23, 0.25],
        specular=[0.05, 0.05, 0.05], castshadow=False,
    )
    head = spec.visual.headlight
    head.ambient, head.diffuse, head.specular = [0.38, 0.38, 0.4], [0.18, 0.18, 0.18], [0.05, 0.05, 0.05]
    # Shadows are cast over this much around the scene's centre: small, so that the shadow map is spent on the table.
    spec.stat.center, spec.stat.extent = [0.35, 0.0, 0.2], 1.0
    spec.visual.map.shadowclip = 1.0


def add_camera(body: mujoco.MjsBody, name: str, position: tuple, target: tuple, fovy: float) -> None:
    """Add a camera at `position` looking at `target` (m, frame of `body`), upright; `fovy` in degrees."""
    back = np.subtract(position, target) / np.linalg.norm(np.subtract(position, target))
    right = np.cross([0, 0, 1.0], back)
    right /= np.linalg.norm(right)
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, np.stack([right, np.cross(back, right), back], axis=-1).ravel())
    body.add_camera(name=name, pos=position, quat=quat, fovy=fovy)
