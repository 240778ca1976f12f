"""A release opened to be exported: checked first, then read episode after episode."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from expertgen.data.hashing import file_sha256
from expertgen.data.lerobot import layout
from expertgen.data.lerobot.card import read_front_matter
from expertgen.data.lerobot.decode import decoded_frames
from expertgen.data.lerobot.layout import Place
from expertgen.data.lerobot.pictures import rgb
from expertgen.data.lerobot.release import Release
from expertgen.data.lerobot.verify import Watch, verify_release


class ReleaseSource:
    """The release in `directory`. Raises MissingInput when it is absent and CorruptArtifact, which lists what is wrong
    with it; `watch(done, total)` is told of the images that are checked."""

    def __init__(self, directory: Path, watch: Watch | None = None) -> None:
        verify_release(directory, watch)
        self.directory, self.release = directory, Release(directory)
        self.info, self.features = self.release.info, self.release.features
        self.lengths: list[int] = self.release.lengths.tolist()
        self.instruction: str = self.release.tasks[0]
        self.license: str = read_front_matter(self.release.text(layout.CARD)).get("license", "other")
        self.sha256 = file_sha256(directory / layout.SUMS)  # of the sums, so of every file
        self._table = pa.concat_tables(self.release.data_tables.values())

    def table(self, number: int) -> pa.Table:
        """The rows of data of one episode."""
        return self._table.slice(int(self.release.starts[number]), self.lengths[number]).combine_chunks()

    def arrays(self, number: int) -> dict[str, NDArray[Any]]:
        """Every column of data of one episode, (T,) or (T, D)."""
        start = int(self.release.starts[number])
        return {name: values[start : start + self.lengths[number]] for name, values in self.release.data.items()}

    def told(self, number: int) -> dict[str, Any]:
        """What the release says of one episode: seed of its start, success, where it was recorded."""
        row = {name: self.release.column(name)[number] for name in ("seed", "success", "success_end")}
        return row | {"source": json.loads(self.release.column("source")[number])}

    def images(self, key: str) -> Iterator[NDArray[np.uint8]]:
        """The images (T, H, W, 3) of the feature `key`, episode after episode."""
        reformatter = VideoReformatter()
        for place, numbers in self._files(key):
            frames = decoded_frames(self._path(key, place))
            for number in numbers:
                shown = [rgb(frame, reformatter) for _, frame in islice(frames, self.lengths[number])]
                yield np.stack(shown)

    def packets(self, key: str) -> Iterator[tuple[av.VideoStream, list[av.Packet]]]:
        """The compressed images of the feature `key`, episode after episode, and the stream that they come from."""
        for place, numbers in self._files(key):
            with av.open(str(self._path(key, place))) as container:
                stream = container.streams.video[0]
                packets = (packet for packet in container.demux(stream) if packet.pts is not None)
                for number in numbers:
                    yield stream, list(islice(packets, self.lengths[number]))

    def _files(self, key: str) -> Iterator[tuple[Place, list[int]]]:
        """Each video of a feature and the episodes in it, which follow on one another (a checked release's do)."""
        files: dict[Place, list[int]] = {}
        for number, place in enumerate(self.release.places(f"videos/{key}")):
            files.setdefault(place, []).append(number)
        yield from files.items()

    def _path(self, key: str, place: Place) -> Path:
        return self.directory / place.path(layout.VIDEO_PATH, video_key=key)
