"""Looks: each factor by itself, inside its range, and at its extremes where it is held there."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from expertgen.benchmarks import TASKS
from expertgen.seeds import generator
from expertgen.vision import look as look_module
from expertgen.vision.dresser import CLEARANCE, FREE_TABLE, Dresser
from expertgen.vision.look import FACTORS, LAMPS, TEXTURES, Look, Paint, draw_look, plain_look
from expertgen.vision.scene import DISTRACTORS, build_scene
from tests.vision.made import SIMULATION, VISION, start_of

SEEDS, OBJECTS = 200, 2
RANGES = VISION.randomise
COUNT = len(VISION.cameras)
# What each factor says of a look.
FIELDS = {
    "camera_position": {"position"}, "camera_angle": {"angle"}, "fovy": {"fovy"},
    "calibration_position": {"calibration"}, "calibration_angle": {"calibration"}, "dome": {"dome"},
    "lamps": {"lamps"}, "table": {"table"}, "background": {"floor", "walls"}, "robot": {"robot"},
    "objects": {"objects"}, "hsv": {"hsv"}, "scale": {"scale"}, "distractors": {"distractors"},
    "depth_noise": {"depth_noise"}, "depth_holes": {"depth_holes"}, "blur": {"blur"}, "latency": {"latency"},
}  # fmt: skip


def plain(value: Any) -> Any:
    """A look's field, to be compared by =="""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def differing(first: Look, second: Look) -> set[str]:
    return {field.name for field in dataclasses.fields(Look)
            if plain(getattr(first, field.name)) != plain(getattr(second, field.name))}  # fmt: skip


@pytest.fixture(scope="module")
def looks() -> list[Look]:
    return [draw_look(VISION, OBJECTS, seed) for seed in range(SEEDS)]


def of_all(looks: list[Look], field: str) -> np.ndarray:
    return np.stack([np.asarray(getattr(look, field)) for look in looks])


def test_the_table_above_names_every_factor_and_every_field() -> None:
    assert set(FIELDS) == set(FACTORS)
    assert set.union(*FIELDS.values()) == {field.name for field in dataclasses.fields(Look)} - {"seed"}


@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_drawn_otherwise_leaves_all_others_as_they_were(factor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = draw_look(VISION, OBJECTS, 3)

    def other(*keys: str | int) -> np.random.Generator:
        return generator(*keys, "otherwise") if keys[-1] == factor else generator(*keys)

    monkeypatch.setattr(look_module, "generator", other)
    after = draw_look(VISION, OBJECTS, 3)
    assert differing(before, after) == FIELDS[factor]
    if factor.startswith("calibration"):
        own = slice(0, 3) if factor.endswith("position") else slice(3, 6)
        changed = before.calibration != after.calibration
        assert changed[:, own].all() and changed.sum() == 3 * COUNT


@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_without_a_range_or_held_leaves_all_others_as_they_were(factor: str) -> None:
    before = draw_look(VISION, OBJECTS, 5)
    none = {"dome": (0.38, 0.38), "lamps": (0.4, 0.4), "latency": (0.0, 0.0), "distractors": 0,
            "hsv": dataclasses.replace(RANGES.hsv, hue=0.0, saturation=0.0, value=0.0)}  # fmt: skip
    narrowed = dataclasses.replace(VISION, randomise=dataclasses.replace(RANGES, **{factor: none.get(factor, 0.0)}))
    assert differing(before, draw_look(narrowed, OBJECTS, 5)) <= FIELDS[factor]
    assert differing(before, draw_look(VISION, OBJECTS, 5, held=factor)) <= FIELDS[factor]


def test_without_any_range_a_look_is_the_plain_one_but_for_lamps() -> None:
    none: dict[str, Any] = {field.name: 0.0 for field in dataclasses.fields(RANGES)}
    none |= {"dome": (0.38, 0.38), "lamps": (0.4, 0.4), "latency": (0.0, 0.0), "distractors": 0,
             "hsv": dataclasses.replace(RANGES.hsv, hue=0.0, saturation=0.0, value=0.0)}  # fmt: skip
    look = draw_look(dataclasses.replace(VISION, randomise=dataclasses.replace(RANGES, **none)), OBJECTS, 1)
    found = differing(look, plain_look(VISION, OBJECTS))
    paints = {"table", "floor", "walls", "robot", "objects"}
    assert found <= {"seed", "lamps"} | paints
    assert all(paint.share == 0 and paint.texture == -1
               for paint in (look.table, look.floor, look.walls, look.robot, *look.objects))  # fmt: skip


@pytest.mark.parametrize(("field", "middle", "half"), [
    ("position", 0.0, RANGES.camera_position), ("angle", 0.0, np.deg2rad(RANGES.camera_angle)),
    ("fovy", VISION.fovy, RANGES.fovy), ("scale", 1.0, RANGES.scale),
    ("dome", np.mean(RANGES.dome), np.ptp(RANGES.dome) / 2),
    ("depth_noise", RANGES.depth_noise / 2, RANGES.depth_noise / 2),
    ("depth_holes", RANGES.depth_holes / 2, RANGES.depth_holes / 2), ("blur", RANGES.blur / 2, RANGES.blur / 2),
    ("latency", np.mean(RANGES.latency), np.ptp(RANGES.latency) / 2),
])  # fmt: skip
def test_draws_fill_their_range_and_keep_inside(looks: list[Look], field: str, middle: float, half: float) -> None:
    values = of_all(looks, field)
    assert values.min() >= middle - half - 1e-12 and values.max() <= middle + half + 1e-12
    assert values.min() < middle - 0.9 * half and values.max() > middle + 0.9 * half
    assert abs(values.mean() - middle) < 0.15 * half


def test_draws_of_several_parts_fill_their_ranges_too(looks: list[Look]) -> None:
    ends = np.repeat([RANGES.calibration_position, np.deg2rad(RANGES.calibration_angle)], 3)
    shares = np.abs(of_all(looks, "calibration")) / ends
    assert 0.95 < shares.max() <= 1 + 1e-12
    ends = np.array([RANGES.hsv.hue, RANGES.hsv.saturation, RANGES.hsv.value])
    shares = np.abs(of_all(looks, "hsv")) / ends
    assert 0.95 < shares.max() <= 1 + 1e-12 and shares.shape == (SEEDS, COUNT, 3)
    lamps = of_all(looks, "lamps")
    assert lamps.shape == (SEEDS, LAMPS, 6) and lamps[..., 2].min() > 0.4, "lamps stand above the table"
    assert lamps[..., 3:].min() >= 0.85 * RANGES.lamps[0] and lamps[..., 3:].max() <= RANGES.lamps[1]


def test_paints_keep_their_share_and_chance(looks: list[Look]) -> None:
    for field, share, chance in (("table", RANGES.table, RANGES.texture), ("floor", RANGES.background, RANGES.texture),
                                 ("walls", RANGES.background, RANGES.texture), ("robot", RANGES.robot, 0.0),
                                 ("objects", RANGES.objects, RANGES.texture)):  # fmt: skip
        paints: list[Paint] = []
        for look in looks:
            value = getattr(look, field)
            paints += value if isinstance(value, tuple) else [value]
        shares, textures = np.array([p.share for p in paints]), np.array([p.texture for p in paints])
        assert shares.min() >= 0 and 0.9 * share < shares.max() <= share
        assert abs((textures >= 0).mean() - chance) < 0.12 and textures.max() < TEXTURES
        colours = np.stack([p.colour for p in paints])
        assert colours.min() >= 0 and colours.max() <= 1 and colours.std() > 0.2


def test_any_number_of_distractors_up_to_the_most(looks: list[Look]) -> None:
    counts = np.array([len(look.distractors) for look in looks])
    assert set(counts) == set(range(RANGES.distractors + 1)) and RANGES.distractors <= DISTRACTORS
    assert {thing.kind for look in looks for thing in look.distractors} == set(range(4))


def test_a_held_factor_stays_at_its_extremes() -> None:
    held = {factor: [draw_look(VISION, OBJECTS, seed, held=factor) for seed in range(30)] for factor in FACTORS}

    def at_both_ends(values: np.ndarray, low: Any, high: Any) -> None:
        at = np.isclose(values, low, atol=1e-9), np.isclose(values, high, atol=1e-9)
        assert (at[0] | at[1]).all() and at[0].any() and at[1].any()

    for factor, field, half in (
        ("camera_position", "position", RANGES.camera_position),
        ("camera_angle", "angle", np.deg2rad(RANGES.camera_angle)),
        ("hsv", "hsv", np.array([RANGES.hsv.hue, RANGES.hsv.saturation, RANGES.hsv.value])),
    ):
        at_both_ends(of_all(held[factor], field), -half, half)
    at_both_ends(of_all(held["fovy"], "fovy"), VISION.fovy - RANGES.fovy, VISION.fovy + RANGES.fovy)
    at_both_ends(of_all(held["scale"], "scale"), 1 - RANGES.scale, 1 + RANGES.scale)
    at_both_ends(of_all(held["dome"], "dome"), *RANGES.dome)
    end = RANGES.calibration_position
    at_both_ends(of_all(held["calibration_position"], "calibration")[..., :3], -end, end)
    end = float(np.deg2rad(RANGES.calibration_angle))
    at_both_ends(of_all(held["calibration_angle"], "calibration")[..., 3:], -end, end)
    # Of a range from nothing, and of latency, the harder end alone.
    for factor in ("depth_noise", "depth_holes", "blur"):
        assert (of_all(held[factor], factor) == getattr(RANGES, factor)).all()
    assert (of_all(held["latency"], "latency") == RANGES.latency[1]).all()
    assert {len(look.distractors) for look in held["distractors"]} == {RANGES.distractors}
    brightness = of_all(held["lamps"], "lamps")[..., 3:].max(-1)
    assert ((brightness > 0.85 * RANGES.lamps[1]) | (brightness <= RANGES.lamps[0])).all()
    for factor, share in (("table", RANGES.table), ("background", RANGES.background), ("robot", RANGES.robot),
                          ("objects", RANGES.objects)):  # fmt: skip
        for look in held[factor]:
            paints = [getattr(look, field) for field in FIELDS[factor]]
            paints = list(paints[0]) if factor == "objects" else paints
            assert {paint.share for paint in paints} == {share}


def test_an_unknown_factor_is_refused() -> None:
    with pytest.raises(KeyError, match="colour"):
        draw_look(VISION, OBJECTS, 0, held="colour")


@pytest.mark.parametrize("task", ["push_pear", "strawberry_in_bowl", "object_in_drawer"])
def test_distractors_keep_clear_of_objects_and_of_each_other(task: str) -> None:
    model = build_scene(SIMULATION.robot, TASKS[task].add_objects, VISION)
    dresser, placed = Dresser(model, VISION), 0
    for seed in range(60):
        start = start_of(task, seed)
        dresser.put_on(draw_look(VISION, TASKS[task].num_objects, seed, held="distractors"), start.objects)
        places = model.geom_pos[dresser.parts.distractors]
        shown = places[places[:, 2] > -1, :2]
        placed += len(shown)
        assert ((shown >= FREE_TABLE[0]) & (shown <= FREE_TABLE[1])).all()
        to_objects = np.linalg.norm(shown[:, None] - start.objects[:, :2], axis=-1)
        to_others = np.linalg.norm(shown[:, None] - shown, axis=-1) + 9 * np.eye(len(shown))
        assert to_objects.min() > CLEARANCE and to_others.min() > CLEARANCE
    assert placed > 0.95 * 60 * RANGES.distractors


def test_no_distractor_stands_inside_a_cabinet() -> None:
    model = build_scene(SIMULATION.robot, TASKS["open_drawer"].add_objects, VISION)
    dresser = Dresser(model, VISION)
    for seed in range(100):
        start = start_of("open_drawer", seed)
        dresser.put_on(draw_look(VISION, 2, seed, held="distractors"), start.objects)
        middle, (w, x, y, z) = start.objects[0, :2], start.objects[0, 3:]
        out = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + w * z)])  # of the cabinet's front
        places = model.geom_pos[dresser.parts.distractors]
        off = places[places[:, 2] > -1, :2] - middle
        ahead, aside = off @ out, off @ [-out[1], out[0]]
        assert not ((ahead < -0.03) & (ahead > -0.28) & (np.abs(aside) < 0.15)).any()
