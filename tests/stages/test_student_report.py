"""What the robustness sheet tries, and the student's page in words."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from expertgen.camera_env import Hardship
from expertgen.metrics.wilson import Rate
from expertgen.models.student_network import StudentConfig
from expertgen.params import Params, load_params
from expertgen.stages.distill import config_of
from expertgen.stages.student_report import COLOURS, DEPTHS, curve_text, definitions, hardships, text
from expertgen.vision.look import FACTORS

PARAMS = load_params(Path(__file__).resolve().parents[2] / "params.yaml")
CAMERAS = [view.name for view in PARAMS.vision.cameras]


def seeing(sees: str, **changes: Any) -> Params:
    return dataclasses.replace(PARAMS, student=dataclasses.replace(PARAMS.student, sees=sees, **changes))


def rates(successes: int, n: int = 20) -> dict[str, Any]:
    return {"success_any": Rate(n, n).to_json(), "success_end": Rate(successes, n).to_json(), "unhealthy": 0}


def point(samples: int, successes: int) -> dict[str, Any]:
    labels = {"position_median": 0.0042, "rotation_median": 0.0311, "gripper": 0.987}
    return {"samples": samples, "updates": samples // 10, "seeds": [5, 24], "labels": labels, **rates(successes)}


def metrics(params: Params, robustness: bool = True) -> dict[str, Any]:
    lines = [{"condition": name, "meaning": why, **rates(3, 8), "p_value": 0.0314}
             for name, (why, _) in hardships(params).items()]  # fmt: skip
    return {"task": "lift_banana", "episodes": 20, "seed": 100, "definitions": definitions(params, "lift_banana"),
            "teacher": rates(19), "student": rates(14), "p_value": 0.0625, "below_teacher": 0.25,
            "failing_seeds": [], "robustness": lines if robustness else []}  # fmt: skip


@pytest.mark.parametrize("sees, unseen", [("points", COLOURS), ("images", DEPTHS)])
def test_a_hardship_for_each_factor_that_shows_each_camera_and_latency(sees: str, unseen: tuple[str, ...]) -> None:
    tried = [hardship for _, hardship in hardships(seeing(sees)).values()]
    held = [hardship.held for hardship in tried if hardship.held]
    assert held == [name for name in FACTORS if name not in unseen]
    lost = [hardship.lost_camera for hardship in tried if hardship.lost_camera is not None]
    assert lost == list(range(len(CAMERAS)))
    late = [hardship.more_latency for hardship in tried if hardship.more_latency]
    assert late == [0.1]
    assert len(tried) == len(held) + len(lost) + len(late), "one thing at a time"
    assert Hardship() not in tried


def test_no_factor_goes_unseen_by_both_students_and_each_has_a_name() -> None:
    assert set(COLOURS) <= set(FACTORS) and set(DEPTHS) <= set(FACTORS) and not {*COLOURS} & {*DEPTHS}
    for sees in ("points", "images"):
        found = hardships(seeing(sees))
        assert {f"camera {name} lost" for name in CAMERAS} < set(found)
        assert "100 ms more latency" in found
        for meaning, hardship in found.values():
            assert hardship.held is None or f"vision.randomise.{hardship.held}" in meaning


def test_definitions_are_those_of_the_task() -> None:
    longer = dataclasses.replace(PARAMS, simulation=dataclasses.replace(PARAMS.simulation, episode_steps=72))
    banana, drawer = definitions(longer, "lift_banana"), definitions(longer, "open_drawer")
    assert banana["task"] != drawer["task"] and banana["success_any"] != drawer["success_any"]
    assert "control step of the 72" in banana["success_any"] and "last control step" in banana["success_end"]
    assert "Wilson" in banana["interval"] and "McNemar" in banana["p_value"]


@pytest.mark.parametrize("sees, head", [("points", "diffusion"), ("images", "regression")])
def test_the_page_tells_who_was_measured_how_often_and_what_came_out(sees: str, head: str) -> None:
    params = seeing(sees, head=head)
    page = text(metrics(params), "the curve\n", config_of(params))
    assert f"{sees}, {head} head" in page and "20 starts, seeds 100 to 119" in page
    assert f"| student | {Rate(20, 20)} | {Rate(14, 20)} |" in squeezed(page)
    assert f"| its teacher | {Rate(20, 20)} | {Rate(19, 20)} |" in squeezed(page)
    assert "25.0 points below its teacher (p = 0.062)" in page
    assert "(student_curve.png)" in page and "the curve" in page and "(looks.png)" in page
    assert "The first 8 of the evaluation's starts" in page
    for condition, (meaning, _) in hardships(params).items():
        assert f"| {condition} | {meaning} | {Rate(8, 8)} | {Rate(3, 8)} | 0.031 |" in squeezed(page)


def test_without_a_sheet_the_page_has_none() -> None:
    config: StudentConfig = config_of(PARAMS)
    page = text(metrics(PARAMS, robustness=False), "", config)
    assert "## Robustness" not in page and "## What it sees" in page


def test_the_curve_in_words() -> None:
    told = curve_text([point(20480, 9), point(80000, 14)])
    assert f"| 20,480 | 2,048 | {Rate(9, 20)} | 4.2 mm | 0.031 rad | 98.7 % |" in squeezed(told)
    assert f"| 80,000 | 8,000 | {Rate(14, 20)} |" in squeezed(told)
    assert "seeds 5 to 24" in told


def squeezed(page: str) -> str:
    """Tables are padded for people."""
    return "\n".join(" ".join(line.split()) for line in page.splitlines())
