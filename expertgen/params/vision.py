"""What students' cameras see, and how it is varied: the `vision` section of params.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from expertgen.params.checks import Range
from expertgen.params.kinds import Count, CountOrZero, Fraction, NonNegative, Positive

Side = Annotated[int, Range(minimum=16)]


@dataclass(frozen=True)
class ViewParams:
    name: str
    position: tuple[float, ...]
    target: tuple[float, ...]


@dataclass(frozen=True)
class CloudParams:
    points: Count
    voxel: Positive
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class HsvParams:
    hue: Annotated[float, Range(minimum=0, maximum=0.5)]
    saturation: Fraction
    value: Fraction


@dataclass(frozen=True)
class RandomiseParams:
    camera_position: NonNegative
    camera_angle: NonNegative
    fovy: NonNegative
    calibration_position: NonNegative
    calibration_angle: NonNegative
    dome: tuple[float, ...]
    lamps: tuple[float, ...]
    table: Fraction
    background: Fraction
    robot: Fraction
    objects: Fraction
    texture: Fraction
    hsv: HsvParams
    scale: Annotated[float, Range(minimum=0, maximum=0.5)]
    distractors: CountOrZero
    depth_noise: NonNegative
    depth_holes: Fraction
    blur: NonNegative
    latency: tuple[float, ...]


@dataclass(frozen=True)
class VisionParams:
    width: Side
    height: Side
    fovy: Annotated[float, Range(minimum=10, maximum=120)]
    depth_range: tuple[float, ...]
    cameras: tuple[ViewParams, ...]
    cloud: CloudParams
    randomise: RandomiseParams
