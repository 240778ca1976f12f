"""An episode's images, on every camera: written, decoded again and compared with their source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo
from expertgen.data.lerobot.layout import video_key
from expertgen.data.lerobot.pictures import SOURCE_TOLERANCE, PicturesOf, cell_means, difference, rgb
from expertgen.data.lerobot.statistics import Statistics, image_statistics
from expertgen.data.lerobot.video import CameraVideos
from expertgen.errors import IncompatibleArtifact


class EpisodeVideos:
    """The videos of a release that is being written."""

    def __init__(self, root: Path, info: ReleaseInfo) -> None:
        self._fps, limits = info.fps, (info.video_files_size_in_mb, info.chunks_size)
        self._videos = {
            camera: CameraVideos(root, video_key(camera), size, info.fps, *limits)
            for camera, size in sorted(info.cameras.items())
        }
        self._histograms = {camera: np.zeros((3, 256), dtype=np.int64) for camera in self._videos}
        self._sampled = dict.fromkeys(self._videos, 0)

    def write(self, episode: ReleaseEpisode, number: int) -> tuple[dict[str, Any], dict[str, Statistics]]:
        """Append the images of episode `number`; return what meta/episodes says of them, and their statistics by
        feature. Raises IncompatibleArtifact when a camera's first or last frame does not come back like its source."""
        row: dict[str, Any] = {}
        statistics = {}
        for camera, videos in self._videos.items():
            key, length = video_key(camera), len(episode)
            place, first, frames = videos.append(episode.images[camera])
            reduced = PicturesOf(length)
            for index, frame in enumerate(frames):
                reduced.add(frame)
                if index in (0, length - 1):
                    where = f"episode {number}, camera {camera}, frame {index}"
                    require_alike(rgb(frame), episode.images[camera][index], where)
            if reduced.added != length:
                raise IncompatibleArtifact(
                    f"episode {number}, camera {camera}: of {length} frames the encoder gave {reduced.added} back. "
                    "Install the version of av in constraints.txt."
                )
            pictures = reduced.result()
            self._histograms[camera] += pictures.histogram
            self._sampled[camera] += pictures.sampled
            statistics[key] = image_statistics(pictures.histogram, pictures.sampled)
            row |= {
                f"videos/{key}/chunk_index": place.chunk, f"videos/{key}/file_index": place.file,
                f"videos/{key}/from_timestamp": first / self._fps,
                f"videos/{key}/to_timestamp": (first + length) / self._fps,
                f"reference/{key}/sha256": pictures.sha256,
                f"reference/{key}/first": pictures.first, f"reference/{key}/last": pictures.last,
            }  # fmt: skip
        return row, statistics

    def statistics(self) -> dict[str, Statistics]:
        """Of all episodes together, by feature."""
        return {
            video_key(camera): image_statistics(histogram, self._sampled[camera])
            for camera, histogram in self._histograms.items()
        }

    def close(self) -> None:
        """Finish the open files."""
        for videos in self._videos.values():
            videos.close()

    def discard(self) -> None:
        """Let go of files that are still open."""
        for videos in self._videos.values():
            videos.discard()


def require_alike(decoded: NDArray[np.uint8], source: NDArray[np.uint8], where: str) -> None:
    """Raises IncompatibleArtifact unless `decoded` (H, W, 3) differs from `source` by compression alone."""
    found = difference(cell_means(decoded), cell_means(source))
    if found > SOURCE_TOLERANCE:
        raise IncompatibleArtifact(
            f"{where}: decoded again it differs from its source by {found:.1f} levels of 255; up to "
            f"{SOURCE_TOLERANCE:g} is compression. Noise and very small images compress badly: give larger ones."
        )
