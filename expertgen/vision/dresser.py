"""Puts a look on the model that is drawn: colours, textures, lamps, cameras, sizes, distractors."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.geometry import quaternion_to_rotation, quaternion_z
from expertgen.params import VisionParams
from expertgen.vision.look import Distractor, Look, Paint
from expertgen.vision.scene import bank_materials, parts

Array = NDArray[np.float64]
FREE_TABLE = np.array([[0.22, -0.45], [0.78, 0.45]])  # m: where distractors may stand
CLEARANCE = 0.11  # m, between a distractor's middle and any object's, or another's
_AWAY = np.array([0.0, 0.0, -5.0])  # where what is not shown lies
_LOOK_AT = np.array([0.45, 0.0, 0.05])
_BOUNDS = ("geom_rbound", "geom_aabb")  # what rays must meet before they meet a geom
_SHAPES = (mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_ELLIPSOID, mujoco.mjtGeom.mjGEOM_CYLINDER,
           mujoco.mjtGeom.mjGEOM_CAPSULE)  # fmt: skip


class Dresser:
    """Changes `model` in place. `meshes` are those whose vertices the last look has changed."""

    def __init__(self, model: mujoco.MjModel, params: VisionParams) -> None:
        self.model, self.parts, self.bank = model, parts(model, params), bank_materials(model)
        self.meshes: list[int] = []
        kept = ("geom_pos", "geom_size", "geom_rbound", "geom_aabb", "mesh_vert", "bvh_aabb", "cam_pos")
        self._own = {name: getattr(model, name).copy() for name in kept}
        self._own_cameras, self._own_materials = model.cam_quat.copy(), model.geom_matid.copy()
        self._colours = own_colours(model)
        model.vis.headlight.diffuse[:] = model.vis.headlight.specular[:] = 0.05
        suns = [light for light in range(model.nlight) if light not in self.parts.lamps]
        model.light_active[suns] = 0

    def put_on(self, look: Look, objects: Array) -> None:
        """Dress the scene as `look` says; `objects` (O, 7) is where the objects start, which distractors keep off."""
        self._light(look)
        self._aim(look)
        for geoms, paint in ((self.parts.table, look.table), (self.parts.floor, look.floor),
                             (self.parts.walls, look.walls), (self.parts.robot, look.robot)):
            self._paint(geoms, paint)
        for geoms, paint in zip(self.parts.objects, look.objects, strict=False):
            self._paint(geoms, paint)
        self._resize(look)
        self._place(look.distractors, np.concatenate([objects[:, :2], self._boards(objects)]))

    def camera_poses(self) -> tuple[Array, Array]:
        """Where the dressed cameras stand, places (C, 3) m, and wxyz turns (C, 4), base frame."""
        return self.model.cam_pos[self.parts.cameras].copy(), self.model.cam_quat[self.parts.cameras].copy()

    def _light(self, look: Look) -> None:
        model, lamps = self.model, self.parts.lamps
        model.vis.headlight.ambient[:] = look.dome
        model.light_pos[lamps], model.light_diffuse[lamps] = look.lamps[:, :3], look.lamps[:, 3:]
        aim = _LOOK_AT - look.lamps[:, :3]
        model.light_dir[lamps] = aim / np.linalg.norm(aim, axis=-1, keepdims=True)

    def _aim(self, look: Look) -> None:
        model, cameras = self.model, self.parts.cameras
        model.cam_pos[cameras] = self._own["cam_pos"][cameras] + look.position
        for camera, angle in zip(cameras, look.angle, strict=True):
            turn = np.empty(4)
            mujoco.mju_axisAngle2Quat(turn, angle / max(float(np.linalg.norm(angle)), 1e-12), np.linalg.norm(angle))
            mujoco.mju_mulQuat(model.cam_quat[camera], turn, self._own_cameras[camera])
        model.cam_fovy[cameras] = look.fovy

    def _paint(self, geoms: NDArray[np.int64], paint: Paint) -> None:
        model = self.model
        model.geom_rgba[geoms, :3] = (1 - paint.share) * self._colours[geoms] + paint.share * paint.colour
        plain = self._own_materials[geoms] if paint.share == 0 else -1
        model.geom_matid[geoms] = self.bank[paint.texture] if paint.texture >= 0 else plain

    def _resize(self, look: Look) -> None:
        """Draw the free objects larger or smaller; what is articulated keeps its size, for its parts would part."""
        model, self.meshes = self.model, []
        free = int((model.jnt_type == mujoco.mjtJoint.mjJNT_FREE).sum())
        for geoms, scale in zip(self.parts.objects[:free], look.scale, strict=False):
            for name in ("geom_pos", *_BOUNDS):
                getattr(model, name)[geoms] = scale * self._own[name][geoms]
            for geom in geoms:
                mesh = model.geom_dataid[geom]
                if mesh < 0:
                    model.geom_size[geom] = scale * self._own["geom_size"][geom]
                    continue
                rows = slice(model.mesh_vertadr[mesh], model.mesh_vertadr[mesh] + model.mesh_vertnum[mesh])
                model.mesh_vert[rows] = scale * self._own["mesh_vert"][rows]
                boxes = slice(model.mesh_bvhadr[mesh], model.mesh_bvhadr[mesh] + model.mesh_bvhnum[mesh])
                model.bvh_aabb[boxes] = scale * self._own["bvh_aabb"][boxes]  # in which rays look for its faces
                self.meshes.append(int(mesh))

    def _place(self, distractors: tuple[Distractor, ...], taken: Array) -> None:
        model = self.model
        model.geom_pos[self.parts.distractors] = _AWAY
        for geom, thing in zip(self.parts.distractors, distractors, strict=False):
            places = FREE_TABLE[0] + thing.places * (FREE_TABLE[1] - FREE_TABLE[0])
            free = (np.linalg.norm(places[:, None] - taken, axis=-1) > CLEARANCE).all(-1)
            if not free.any():
                continue
            place = places[np.argmax(free)]
            taken = np.concatenate([taken, place[None]])
            self._stand(int(geom), thing, place)

    def _boards(self, objects: Array) -> Array:
        """(n, 2) m: the middles of an articulated object's boards, or none: it is larger than CLEARANCE."""
        if not self.model.nmocap:
            return np.zeros((0, 2))
        base, boards = objects[-2], self._own["geom_pos"][self.parts.objects[-1]]
        return (base[:3] + boards @ quaternion_to_rotation(base[3:]).T)[:, :2]

    def _stand(self, geom: int, thing: Distractor, place: Array) -> None:
        model, (a, b, c) = self.model, thing.size
        kind = _SHAPES[thing.kind]
        lies = kind == mujoco.mjtGeom.mjGEOM_CAPSULE
        model.geom_type[geom] = kind
        model.geom_size[geom] = {"box": (a, b, c), "ball": (b, b, b), "can": (b, c, 0), "pill": (b, a, 0)}[
            ("box", "ball", "can", "pill")[thing.kind]
        ]
        model.geom_rbound[geom] = model.geom_aabb[geom, 3:] = a + b + c  # enough for any of these shapes
        model.geom_pos[geom] = [*place, b if lies or thing.kind == 1 else c]
        turn = quaternion_z(np.array(thing.yaw))
        if lies:  # on its side
            mujoco.mju_mulQuat(model.geom_quat[geom], turn, np.array([np.sqrt(0.5), 0.0, np.sqrt(0.5), 0.0]))
        else:
            model.geom_quat[geom] = turn
        self._paint(np.array([geom]), thing.paint)


def own_colours(model: mujoco.MjModel) -> Array:
    """(ngeom, 3) each geom's own colour or its material's, with a texture's mean."""
    colours = model.geom_rgba[:, :3].astype(np.float64)
    for geom in np.flatnonzero(model.geom_matid >= 0):
        material = model.geom_matid[geom]
        colours[geom] = model.mat_rgba[material, :3]
        texture = model.mat_texid[material, mujoco.mjtTextureRole.mjTEXROLE_RGB]
        if texture >= 0:
            start, channels = model.tex_adr[texture], model.tex_nchannel[texture]
            count = model.tex_width[texture] * model.tex_height[texture] * channels
            colours[geom] *= model.tex_data[start : start + count].reshape(-1, channels)[:, :3].mean(0) / 255
    return colours
