"""H.264 videos with a constant frame rate, in which every frame can be reached by its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from expertgen.data.lerobot.layout import VIDEO_PATH, Place
from expertgen.data.write_errors import CannotWrite

# Every second frame can be decoded by itself. Constant quantisers, one thread and no lookahead: the bytes depend on
# the frames alone, and a frame's packet is there at once. Colours get finer quantisers than brightness, as small
# coloured objects matter.
_X264 = (
    "keyint=2:min-keyint=1:scenecut=0:bframes=0:rc-lookahead=0:sync-lookahead=0:force-cfr=1:mbtree=0:aq-mode=0:"
    "threads=1:chroma-qp-offset=-6:colormatrix=smpte170m:colorprim=smpte170m:transfer=smpte170m:range=tv"
)
ENCODER_OPTIONS: dict[str, object] = {"preset": "veryfast", "qp": "22", "forced-idr": "1", "x264-params": _X264}
# Without the muxer's version in the file, and with its index at the front, where a player looks first.
CONTAINER_OPTIONS = {"fflags": "+bitexact", "movflags": "+faststart"}
_MEGABYTE = 2**20


class VideoFile:
    """An MP4 file that is being written, of images of `size` (width, height) px."""

    def __init__(self, path: Path, size: tuple[int, int], fps: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.frames = self.bytes = 0
        self._time_base = Fraction(1, fps)
        self._container = av.open(str(path), "w", options=CONTAINER_OPTIONS)
        stream = self._container.add_stream("libx264", rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = ENCODER_OPTIONS
        stream.codec_context.thread_count = 1
        self._stream = stream

    def append(self, images: NDArray[np.uint8]) -> Iterator[av.VideoFrame]:
        """Write an episode (T, H, W, 3) and yield each of its frames as a reader will see it."""
        decoder: av.VideoCodecContext | None = None
        for index, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = self.frames, self._time_base
            frame.pict_type = PictureType.I if index == 0 else PictureType.NONE  # an episode stands by itself
            packets = self._stream.encode(frame)
            if decoder is None:
                decoder = self._decoder()
            for packet in packets:
                yield from decoder.decode(packet)
                self.bytes += packet.size
                self._container.mux(packet)
            self.frames += 1
        if decoder is not None:
            yield from decoder.decode(None)

    def _decoder(self) -> av.VideoCodecContext:
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        decoder.extradata, decoder.thread_count = self._stream.codec_context.extradata, 1
        return decoder

    def close(self) -> None:
        """Finish the file."""
        left = self._stream.encode(None)
        self._container.close()
        if left:
            raise CannotWrite(
                f"{self._container.name} could not be written: the H.264 encoder kept {len(left)} frames back. Install "
                "the version of av in constraints.txt."
            )

    def discard(self) -> None:
        """Let go of the file as it is."""
        with suppress(av.FFmpegError):
            self._container.close()


class CameraVideos:
    """One camera's videos in a release: a new file is begun once the last has reached `megabytes`."""

    def __init__(
        self, root: Path, key: str, size: tuple[int, int], fps: int, megabytes: float, chunks_size: int
    ) -> None:
        self.place = Place(0, 0)
        self._root, self._key, self._size, self._fps = root, key, size, fps
        self._limit, self._chunks_size = megabytes * _MEGABYTE, chunks_size
        self._file: VideoFile | None = None

    def append(self, images: NDArray[np.uint8]) -> tuple[Place, int, Iterator[av.VideoFrame]]:
        """Write an episode (T, H, W, 3), by going through the frames that are returned: its file, the number of its
        first frame there, and each frame as a reader will see it."""
        if self._file is not None and self._file.bytes >= self._limit:
            self.close()
            self.place = self.place.following(self._chunks_size)
        if self._file is None:
            path = self._root / self.place.path(VIDEO_PATH, video_key=self._key)
            self._file = VideoFile(path, self._size, self._fps)
        return self.place, self._file.frames, self._file.append(images)

    def close(self) -> None:
        """Finish the open file; does nothing when there is none."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def discard(self) -> None:
        """Let go of the open file as it is."""
        if self._file is not None:
            self._file.discard()
