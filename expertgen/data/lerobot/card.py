"""README.md of a release: front matter that the Hub reads, and text for people."""

from __future__ import annotations

from typing import Any

import yaml

from expertgen.data.lerobot.episode import ReleaseInfo
from expertgen.data.lerobot.layout import features, video_key
from expertgen.metrics.wilson import Rate


def front_matter(info: ReleaseInfo) -> dict[str, Any]:
    """What the Hub reads."""
    return {
        "license": info.license,
        "task_categories": ["robotics"],
        "tags": ["LeRobot", info.task, info.robot_type],
        "configs": [{"config_name": "default", "data_files": "data/*/*.parquet"}],
    }


def read_front_matter(card: str) -> dict[str, Any]:
    """The front matter of a card. Raises ValueError when there is none."""
    parts = card.split("---\n", 2)
    try:
        found = yaml.safe_load(parts[1]) if len(parts) == 3 and parts[0] == "" else None
    except yaml.YAMLError as error:
        raise ValueError(f"its front matter is no YAML ({error})") from error
    if not isinstance(found, dict):
        raise ValueError("it has no front matter")
    return found


def card(info: ReleaseInfo, rate: Rate, frames: int) -> str:
    """The text of README.md. `rate` is of episodes that succeed at the end of some control step."""
    matter = yaml.safe_dump(front_matter(info), sort_keys=False, allow_unicode=True, width=10_000)
    sections = [_heading(info), _contents(info, rate, frames), _features(info), _lineage(info), _LOADING, _CHECKING]
    return f"---\n{matter}---\n\n" + "\n\n".join(section.strip() for section in sections) + "\n"


def _heading(info: ReleaseInfo) -> str:
    return f"# {info.task}\n\nInstruction: \"{info.instruction}\"\n\n{info.made}"


def _contents(info: ReleaseInfo, rate: Rate, frames: int) -> str:
    cameras = ", ".join(f"{name} ({width} x {height} px)" for name, (width, height) in sorted(info.cameras.items()))
    return f"""## What is in it

| | |
|---|---|
| format | LeRobot v3.0 |
| robot | {info.robot_type} |
| episodes | {rate.n} |
| frames | {frames}, {info.fps} a second |
| cameras | {cameras} |
| success | {rate.successes} of {rate.n} episodes ({rate}, 95 % Wilson interval) |
| license | {info.license} |

Success: {info.success_definition} An episode counts when that holds at the end of some control step; `success_end` in
meta/episodes says whether it holds at the end of the last."""


def _features(info: ReleaseInfo) -> str:
    rows = ["| feature | type | shape |", "|---|---|---|"]
    for name, feature in features(info).items():
        rows.append(f"| `{name}` | {feature['dtype']} | {' x '.join(map(str, feature['shape']))} |")
    images = ", ".join(f"`{video_key(name)}`" for name in sorted(info.cameras))
    return "\n".join([
        "## Features", "", *rows, "",
        f"Of each row, the state, the joint positions (rad) and the images ({images}) were there before the action was "
        "carried out, and `next.success` is what it came to. Images are H.264, in which every second frame is a key "
        "frame. meta/info.json names the components of vectors. For each episode meta/episodes also holds `seed` (of "
        "its start), `success`, `success_end` and `source` (where it was recorded), and under `reference/` what the "
        "check below knows its images by.",
    ])  # fmt: skip


def _lineage(info: ReleaseInfo) -> str:
    rows = [f"| {name} | `{checksum}` |" for name, checksum in info.checksums().items()]
    return "\n".join([
        "## Lineage", "", "| made from | SHA-256 |", "|---|---|", *rows, "",
        "The same checksums stand beside every episode in meta/episodes (`lineage/NAME`). meta/provenance.json holds "
        "code version, parameters, inputs, package versions and seed.",
    ])  # fmt: skip


_LOADING = """
## Loading

```python
from lerobot.datasets.lerobot_dataset import LeRobotDataset

dataset = LeRobotDataset("local/release", root="PATH")
```
"""
_CHECKING = """
## Checking

`sha256sum --check SHA256SUMS` in this folder compares all files with what was written. `expertgen release verify PATH`
also checks layout, totals, timestamps against frames, images and statistics.
"""
