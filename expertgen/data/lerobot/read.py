"""A minimal reader of releases, which finds its way as a training loader does: by Parquet and timestamps alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow.parquet as pq
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from expertgen.data.lerobot.decode import frame_at
from expertgen.data.lerobot.pictures import rgb


class ReleaseReader:
    """Reads episodes of the release (or of any LeRobot v3.0 dataset with videos) in `directory`. It checks nothing:
    see `verify.verify_release`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.info: dict[str, Any] = json.loads((directory / "meta/info.json").read_text(encoding="utf-8"))
        files = sorted((directory / "meta/episodes").glob("*/*.parquet"))
        self.episodes: list[dict[str, Any]] = [row for file in files for row in pq.read_table(file).to_pylist()]

    def arrays(self, number: int) -> dict[str, NDArray[Any]]:
        """Every column of data of one episode, (length,) or (length, D)."""
        row = self.episodes[number]
        place = {"chunk_index": row["data/chunk_index"], "file_index": row["data/file_index"]}
        table = pq.read_table(
            self.directory / self.info["data_path"].format(**place), filters=[("episode_index", "=", number)]
        )
        return {field.name: np.array(table[field.name].to_pylist(), _dtype(field)) for field in table.schema}

    def frames(self, number: int, key: str, indices: list[int] | None = None) -> NDArray[np.uint8]:
        """Frames of one episode in the feature `key` (all by default), (n, H, W, 3): each looked up by its time.

        Raises LookupError when no frame of the video lies within 0.1 ms of it, as LeRobot does.
        """
        row, times = self.episodes[number], self.arrays(number)["timestamp"].astype(np.float64)
        place = {name: row[f"videos/{key}/{name}"] for name in ("chunk_index", "file_index")}
        path = self.directory / self.info["video_path"].format(video_key=key, **place)
        images, reformatter = [], VideoReformatter()
        with av.open(str(path)) as container:
            for index in range(len(times)) if indices is None else indices:
                wanted = row[f"videos/{key}/from_timestamp"] + times[index]
                found, frame = frame_at(container, wanted)
                if abs(found - wanted) > 1e-4:
                    raise LookupError(f"{path}: the frame nearest to {wanted:.4f} s is shown at {found:.4f} s")
                images.append(rgb(frame, reformatter))
        return np.stack(images)


def _dtype(field: Any) -> Any:
    return getattr(field.type, "value_type", field.type).to_pandas_dtype()
