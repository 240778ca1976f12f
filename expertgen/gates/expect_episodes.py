"""What is expected of demonstrations and of the expert's rollouts: one row per episode."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from expertgen.gates.expectation import Expectation, Severity, distinct, each, each_of, none_of, rows, share
from expertgen.gates.table_episodes import AS_EXPECTED, SOUND
from expertgen.params.gates import EpisodeGateParams, RolloutGateParams

_SIMULATED = ("simulation", SOUND)  # an episode that failed to simulate is marked, and used by nobody
# Joints are stored as float32 from float64 and observed as float32 too, so a gap is a mistake and not rounding.
_ROUNDING = 1e-5  # rad or m
ABRUPT = "abrupt"
_MOTION = ("joint_margin_rad", "joint_speed", "position_jump_m", "rotation_jump_rad")


def demos(limits: EpisodeGateParams, episode_steps: int) -> list[Expectation]:
    """Demonstrations: sound, within the robot's limits, as marked, and from starts of their own."""
    return [
        *_episodes(limits, "gates.demos", episode_steps),
        each_of("seeds are those of demonstrations, which no other use shares", "seed_use", ["demonstrations"]),
    ]


def rollouts(limits: RolloutGateParams, episode_steps: int, cameras: Sequence[str]) -> list[Expectation]:
    """The expert's episodes: as demonstrations, from starts that nothing else uses, and with images.

    Episodes that move abruptly are not released, so a few are none of the consumers' business.
    """
    used = ["demonstrations", "pre-flight", "learning curve", "evaluation"]
    key = "gates.rollouts.frames"
    return [
        *_episodes(limits, "gates.rollouts", episode_steps, motion="warning"),
        share("few abrupt episodes, which are not released", ABRUPT, most=limits.abrupt,
              keys=["gates.rollouts.abrupt"]),
        none_of("seeds are not those of another use", "seed_use", used),
        each("images of at least one camera", "cameras", least=1, unit="cameras"),
        *(
            each(f"no black frame, camera {camera}", f"brightness_{camera}", least=limits.frames.brightness,
                 unit="of 255", keys=[f"{key}.brightness"], where=_SIMULATED)
            for camera in cameras
        ),
        *(
            each(f"no empty frame, camera {camera}", f"contrast_{camera}", least=limits.frames.contrast,
                 unit="of 255", keys=[f"{key}.contrast"], where=_SIMULATED)
            for camera in cameras
        ),
        *(
            each(f"frames change while the arm moves, camera {camera}", f"frozen_{camera}_rad",
                 most=limits.frames.frozen_travel, unit="rad", keys=[f"{key}.frozen_travel"], where=_SIMULATED)
            for camera in cameras
        ),
    ]


def abrupt(expected: Sequence[Expectation], table: pd.DataFrame) -> pd.DataFrame:
    """`table` with the column ABRUPT: 1 where an episode that was simulated well moves beyond what is `expected`.
    What could not be measured is not within limits."""
    if not {"simulation", *_MOTION} <= {*table.columns}:
        return table
    bounds = {one.column: one.arguments for one in expected if one.column in _MOTION}
    within = [
        table[column].between(given.get("min_value", -math.inf), given.get("max_value", math.inf))
        for column, given in bounds.items()
    ]
    beyond = ~pd.concat(within, axis=1).all(axis=1)
    return table.assign(**{ABRUPT: ((table["simulation"] == SOUND) & beyond).astype(int)})


def _episodes(
    limits: EpisodeGateParams, key: str, episode_steps: int, motion: Severity = "critical"
) -> list[Expectation]:
    """`motion`: severity of what makes an episode abrupt."""
    return [
        rows("enough episodes", least=limits.episodes, unit="episodes", keys=[f"{key}.episodes"]),
        each_of("arrays have their types and shapes", "arrays", [AS_EXPECTED]),
        each("whole length", "length", least=episode_steps, most=episode_steps, unit="control steps",
             keys=["simulation.episode_steps"] * 2),
        share("few failed simulations", "failed_simulation", most=limits.unhealthy, keys=[f"{key}.unhealthy"]),
        share("enough successes at the end", "success_end", least=limits.success, keys=[f"{key}.success"]),
        each("finite values", "nonfinite", most=0, unit="values", where=_SIMULATED),
        each("joints within their limits", "joint_margin_rad", least=limits.joint_margin, unit="rad",
             keys=[f"{key}.joint_margin"], severity=motion, where=_SIMULATED),
        each("joint speeds within their limits", "joint_speed", most=limits.joint_speed,
             unit="of the published limit", keys=[f"{key}.joint_speed"], severity=motion, where=_SIMULATED),
        *(
            each(f"orthonormal rotations of {words}", f"{name}_rotation_error", most=limits.rotation_error,
                 keys=[f"{key}.rotation_error"], where=_SIMULATED)
            for name, words in (("tool", "the tool"), ("action", "actions"), ("object", "objects"))
        ),
        each("actions within the workspace", "outside_workspace_m", most=limits.outside_workspace, unit="m",
             keys=[f"{key}.outside_workspace"], where=_SIMULATED),
        each("no jump of commanded positions", "position_jump_m", most=limits.position_jump, unit="m",
             keys=[f"{key}.position_jump"], severity=motion, where=_SIMULATED),
        each("no jump of commanded rotations", "rotation_jump_rad", most=limits.rotation_jump, unit="rad",
             keys=[f"{key}.rotation_jump"], severity=motion, where=_SIMULATED),
        each("gripper commands are -1 or 1", "gripper_error", most=limits.gripper_error,
             keys=[f"{key}.gripper_error"], where=_SIMULATED),
        each("each state follows from the step before", "state_gap", most=_ROUNDING, unit="rad or m",
             where=_SIMULATED),
        each("success as recomputed from the states", "success_wrong_steps", most=0, unit="control steps"),
        each("success flags as their steps say", "success_flags_wrong", most=0, unit="flags"),
        distinct("no two episodes alike", "digest"),
        distinct("no two episodes from one seed", "seed"),
    ]
