"""What LeRobot 0.3.3 and robomimic 0.3.0 read from exports of a release, compared with the release itself.

    python benchmarks/export_reading.py [--task lift_banana] [--episodes 0] \
        [--json reports/benchmarks/export_reading.json]

Needs data/TASK/release. Makes an environment of its own for both readers (export_process.py; a registry is needed the
first time), so it is no part of the tests. Every value of every step that LeRobotDataset and SequenceDataset give, of
all episodes or the first `--episodes`, is compared with what our own reader finds in the release (LeRobot v3.0), bit
for bit, images by all their pixels. Then the faults of tests/data/export_faults.py and export_robomimic_faults.py are
put into exports of four of the episodes, sums made to agree again, and the exports' own check has to name each; of
CONTROLS, which the readers take without complaint, the comparison has to count differences too. GR00T is not run. Ends
with status 1 and what differs or was missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from export_comparing import lerobot, robomimic
from export_process import readers_python

from expertgen.data.atomic import atomic_write_json
from expertgen.data.export.formats import FORMATS
from expertgen.data.export.source import ReleaseSource
from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.data.lerobot.writer import write_release
from expertgen.errors import CorruptArtifact

ROOT = Path(__file__).resolve().parents[1]
EPISODES = 4  # of the release that faults are put into
COMPARE = {"lerobot-v2.1": lerobot, "robomimic": robomimic}
CONTROLS = {
    "lerobot-v2.1": ("one changed action", "videos of two episodes swapped"),
    "robomimic": ("one changed action by itself", "images of two demonstrations swapped"),
}


def small_release(reader: ReleaseReader, target: Path) -> Path:
    """The first episodes of a release as one of their own; their images are compressed once more."""
    features, cameras = reader.info["features"], {}
    for name, feature in features.items():
        if feature["dtype"] == "video":
            cameras[name.rpartition(".")[2]] = (feature["shape"][1], feature["shape"][0])
    info = ReleaseInfo(
        task="task", instruction=reader.episodes[0]["tasks"][0], robot_type=reader.info["robot_type"],
        fps=reader.info["fps"], cameras=cameras, license="cc-by-4.0", success_definition="",
        observation_names=features["observation.state"]["names"], action_names=features["action"]["names"],
        lineage={"provenance": {}},
    )  # fmt: skip
    episodes = []
    for number, row in enumerate(reader.episodes[:EPISODES]):
        values = reader.arrays(number)
        episodes.append(ReleaseEpisode(
            observation=values["observation.state"], action=values["action"], success=values["next.success"],
            joints=values["observation.joint_position"], seed=row["seed"], source=json.loads(row["source"]),
            images={name: reader.frames(number, f"observation.images.{name}") for name in cameras},
        ))  # fmt: skip
    write_release(target, episodes, info)
    return target


def faults_told(python: Path, small: Path, folder: Path) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, int]]]:
    """By format and fault: the first problem that the check names, empty where it does not name the fault; and for
    CONTROLS the differences that the comparison counts."""
    sys.path.append(str(ROOT))  # tests are not installed with the packages
    from tests.data.export_faults import FAULTS, inject
    from tests.data.export_robomimic_faults import ROBOMIMIC_FAULTS

    told: dict[str, dict[str, str]] = {}
    counted: dict[str, dict[str, int]] = {}
    for name, faults in (("lerobot-v2.1", FAULTS), ("robomimic", ROBOMIMIC_FAULTS)):
        FORMATS[name].write(ReleaseSource(small), folder / f"sound-{name}", None)
        told[name], counted[name] = {}, {}
        for fault, change in faults.items():
            root = Path(shutil.copytree(folder / f"sound-{name}", folder / "faulty"))
            words = inject(change, root)
            try:
                FORMATS[name].verify(root, None)
                told[name][fault] = ""
            except CorruptArtifact as error:
                found = [line.strip() for line in str(error).splitlines()[1:] if words in line]
                told[name][fault] = found[0][:200] if found else ""
            if fault in CONTROLS[name]:
                compared = COMPARE[name](python, root, ReleaseReader(small), EPISODES)
                counted[name][fault] = compared["values_differing"] + compared["pixel_values_differing"]
            shutil.rmtree(root)
    return told, counted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="lift_banana")
    parser.add_argument("--episodes", type=int, default=0, help="compared episodes, 0 for all (default)")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    release, python = ROOT / "data" / arguments.task / "release", readers_python()
    reader, source = ReleaseReader(release), ReleaseSource(release)
    count = arguments.episodes or len(reader.episodes)
    result: dict[str, Any] = {"task": arguments.task, "release_sums_sha256": source.sha256, "groot": "not run"}
    with tempfile.TemporaryDirectory() as temporary:
        for name, compare in COMPARE.items():
            export = Path(temporary) / name
            report = FORMATS[name].write(source, export, None)
            result[name] = {"bytes": report.bytes, "files": report.files} | compare(python, export, reader, count)
            print(f"{name}: {json.dumps(result[name], indent=2)}", flush=True)
        small = small_release(reader, Path(temporary) / "small")
        result["faults"], result["differences_counted_in_controls"] = faults_told(python, small, Path(temporary))
    missed = [f"{name}: {fault} changes nothing that was compared"
              for name, of in result["differences_counted_in_controls"].items() for fault, n in of.items() if not n]
    for name, told in result["faults"].items():
        missed += [f"{name}: {fault} was not told" for fault, text in told.items() if not text]
        print(f"{name}: {sum(map(bool, told.values()))} of {len(told)} faults told")
    print("\n".join(missed))
    if arguments.json is not None:
        atomic_write_json(arguments.json, result)
    return int(bool(missed) or any(result[name]["differences"] for name in FORMATS))


if __name__ == "__main__":
    sys.exit(main())
