"""What all loose and standing things share: how they touch, and what cameras see of them."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from expertgen.scenes.panda import COLLISION_GROUP, VISUAL_GROUP

# Who touches whom (contype, conaffinity): loose things touch the fingers, the table and standing things, and not each
# other, which no task needs; standing things touch all of these.
LOOSE, STANDING = (2, 1), (1, 3)


def add_free_body(spec: mujoco.MjSpec, name: str, height: float) -> mujoco.MjsBody:
    """A free body whose frame's origin is `height` m above the table."""
    body = spec.worldbody.add_body(name=name, pos=[0.5, 0, height])
    body.add_freejoint(name=name)
    return body


def add_shape(
    body: mujoco.MjsBody, kind: mujoco.mjtGeom, size: list[float], mass: float, friction: float,
    touches: tuple[int, int] = LOOSE, rolling: float = 0.0001, **where: Any,
) -> None:
    """Add a primitive that touches and is not seen; `rolling` (m) lets what is not quite round come to rest."""
    body.add_geom(
        type=kind, size=size, mass=mass, contype=touches[0], conaffinity=touches[1],
        condim=6 if rolling > 0.0001 else 4, friction=[friction, 0.005, rolling], group=COLLISION_GROUP, **where,
    )


def add_skin(
    spec: mujoco.MjSpec, body: mujoco.MjsBody, name: str, mesh: tuple[np.ndarray, np.ndarray], rgba: list[float]
) -> None:
    """Add a mesh (vertices (V, 3) m, triangles (F, 3)) that is seen and touches nothing."""
    vertices, faces = mesh
    # Shells: a bowl is hollow, and a mesh's own mass is of no account.
    spec.add_mesh(
        name=name, uservert=vertices.ravel(), userface=faces.ravel(), inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
    )
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, contype=0, conaffinity=0, mass=0, group=VISUAL_GROUP, rgba=rgba
    )


def add_look(body: mujoco.MjsBody, kind: mujoco.mjtGeom, size: list[float], rgba: list[float], **where: Any) -> None:
    """Add a primitive that is seen and touches nothing."""
    body.add_geom(type=kind, size=size, rgba=rgba, contype=0, conaffinity=0, mass=0, group=VISUAL_GROUP, **where)


def add_mark(spec: mujoco.MjSpec, place: tuple[float, float], radius: float) -> None:
    """Add a disc painted on the table at `place` (x, y), all m."""
    disc, blue = mujoco.mjtGeom.mjGEOM_CYLINDER, [0.25, 0.45, 0.65, 1]
    add_look(spec.worldbody, disc, [radius, 0.0005, 0], blue, pos=[*place, 0.0006])
