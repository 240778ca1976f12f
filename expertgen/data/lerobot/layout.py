"""Where a release keeps what, and its meta/info.json, as LeRobot v3.0 has it."""

from __future__ import annotations

from typing import Any, NamedTuple

from expertgen.data.lerobot.episode import ReleaseInfo

VERSION = "v3.0"
CARD, SUMS = "README.md", "SHA256SUMS"
INFO, STATS, TASKS = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
LINEAGE, PROVENANCE = "meta/lineage.json", "meta/provenance.json"
EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
# What the Hub and git add to a downloaded release.
NOT_OURS = (".git/", ".cache/", ".gitattributes", ".gitignore")

STATE, JOINTS, ACTION, SUCCESS = "observation.state", "observation.joint_position", "action", "next.success"
_IMAGES = "observation.images."
CODEC, PIXELS = "h264", "yuv420p"


class Place(NamedTuple):
    """A file of one kind, by its folder and its number there."""

    chunk: int
    file: int

    def following(self, chunks_size: int) -> Place:
        """The next one, with `chunks_size` files in a folder."""
        return Place(self.chunk, self.file + 1) if self.file + 1 < chunks_size else Place(self.chunk + 1, 0)

    def path(self, pattern: str, **names: str) -> str:
        """Its path in the release."""
        return pattern.format(chunk_index=self.chunk, file_index=self.file, **names)


def video_key(camera: str) -> str:
    """The feature that holds a camera's images."""
    return _IMAGES + camera


def features(info: ReleaseInfo) -> dict[str, dict[str, Any]]:
    """The features of meta/info.json, sorted by name: type, shape and names of each column and each video."""
    table: dict[str, dict[str, Any]] = {
        STATE: _vector(info.observation_names),
        JOINTS: _vector(info.joint_names),
        **{video_key(name): _video(*size, info.fps) for name, size in sorted(info.cameras.items())},
        ACTION: _vector(info.action_names),
        SUCCESS: _scalar("bool"),
        "timestamp": _scalar("float32"),
    }
    table |= {name: _scalar("int64") for name in ("frame_index", "episode_index", "index", "task_index")}
    return dict(sorted(table.items()))


def info_json(info: ReleaseInfo, episodes: int, frames: int) -> dict[str, Any]:
    """meta/info.json of a release with these totals."""
    return {
        "codebase_version": VERSION,
        "robot_type": info.robot_type,
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": 1,
        "chunks_size": info.chunks_size,
        "data_files_size_in_mb": info.data_files_size_in_mb,
        "video_files_size_in_mb": info.video_files_size_in_mb,
        "fps": int(info.fps),
        "splits": {"train": f"0:{episodes}"},
        "data_path": DATA_PATH,
        "video_path": VIDEO_PATH,
        "features": features(info),
    }


def columns(table: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of `features`, those that lie in data/*.parquet."""
    return {name: feature for name, feature in table.items() if feature["dtype"] != "video"}


def video_keys(table: dict[str, dict[str, Any]]) -> list[str]:
    """Of `features`, those that are videos."""
    return [name for name, feature in table.items() if feature["dtype"] == "video"]


def _vector(names: Any) -> dict[str, Any]:
    return {"dtype": "float32", "shape": [len(names)], "names": list(names)}


def _scalar(dtype: str) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [1], "names": None}


def _video(width: int, height: int, fps: int) -> dict[str, Any]:
    description = {
        "video.height": height, "video.width": width, "video.codec": CODEC, "video.pix_fmt": PIXELS,
        "video.is_depth_map": False, "video.fps": int(fps), "video.channels": 3, "has_audio": False,
    }  # fmt: skip
    names = ["height", "width", "channels"]
    return {"dtype": "video", "shape": [height, width, 3], "names": names, "info": description}
