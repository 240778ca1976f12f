"""Checks of a release: every video shows, at every time, what was released."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction

import av

from expertgen.data.lerobot.decode import decoded_frames
from expertgen.data.lerobot.layout import CODEC, PIXELS, VIDEO_PATH, Place
from expertgen.data.lerobot.pictures import THUMBNAIL_TOLERANCE, Pictures, PicturesOf, thumbnail_difference
from expertgen.data.lerobot.release import Release


def video_problems(
    release: Release, pictures: dict[tuple[str, int], Pictures], watch: Callable[[int, int], None]
) -> Iterator[str]:
    """Decode every video; put what each feature and episode shows into `pictures`."""
    done, total = 0, int(release.lengths.sum()) * len(release.video_keys)
    for key in release.video_keys:
        references = _References(release, key)
        files: dict[Place, list[int]] = defaultdict(list)
        for number, place in enumerate(release.places(f"videos/{key}")):
            files[place].append(number)
        for place, numbers in files.items():
            name = place.path(VIDEO_PATH, video_key=key)
            try:
                yield from _header_problems(release, name, key)
                for found in _shown(release, name, numbers):
                    if isinstance(found, str):
                        yield found
                        break
                    number, shown = found
                    pictures[key, number] = shown
                    yield from references.problems(name, number, shown)
                    done += int(release.lengths[number])
                    watch(done, total)
            except (av.FFmpegError, ValueError, IndexError) as error:
                yield f"{name} cannot be decoded ({type(error).__name__}: {error})"


def _header_problems(release: Release, name: str, key: str) -> Iterator[str]:
    height, width, _ = release.features[key]["shape"]
    with av.open(str(release.root / name)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        found = (context.name, context.pix_fmt, context.width, context.height, stream.average_rate)
    expected = (CODEC, PIXELS, width, height, Fraction(release.fps))
    labels = ("codec", "pixel format", "width", "height", "frames a second")
    for label, value, wanted in zip(labels, found, expected, strict=True):
        if value != wanted:
            yield f"{name}: {label} is {value}, expected {wanted}"


def _shown(release: Release, name: str, numbers: list[int]) -> Iterator[tuple[int, Pictures] | str]:
    """What the video shows of each of the episodes `numbers`, or what is wrong with its frames."""
    frames = decoded_frames(release.root / name)
    position = 0
    for number in numbers:
        length = int(release.lengths[number])
        reduced = PicturesOf(length)
        while reduced.added < length:
            time, frame = next(frames, (None, None))
            if time is None or frame is None:
                yield f"{name} ends after {position} frames, expected {int(release.lengths[numbers].sum())}"
                return
            if time != Fraction(position, release.fps):
                expected = position / release.fps
                yield f"{name}: frame {position} is shown at {float(time):.4f} s, expected {expected:.4f} s"
                return
            reduced.add(frame)
            position += 1
        yield number, reduced.result()
    if next(frames, None) is not None:
        yield f"{name} goes on after the {position} frames that were expected"


class _References:
    """What was recorded of a camera's images when the release was written."""

    def __init__(self, release: Release, key: str) -> None:
        self._key, self._keys = key, release.video_keys
        self._sha256 = release.column(f"reference/{key}/sha256")
        self._thumbnails = {
            (other, which): release.column(f"reference/{other}/{which}")
            for other in release.video_keys for which in ("first", "last")
        }  # fmt: skip

    def problems(self, name: str, number: int, shown: Pictures) -> Iterator[str]:
        """Of one episode's images in the video `name`."""
        wrong = False
        for which, thumbnail in (("first", shown.first), ("last", shown.last)):
            levels = thumbnail_difference(thumbnail, self._thumbnails[self._key, which][number])
            if levels > THUMBNAIL_TOLERANCE:
                wrong = True
                yield (
                    f"{name}: the {which} frame of episode {number} is another than was released (it differs by "
                    f"{levels:.0f} levels of 255){self._origin(number, which, thumbnail)}"
                )
        if not wrong and shown.sha256 != self._sha256[number]:
            yield (
                f"{name}: the images of episode {number} are not those that were released, though its first and last "
                "frame look alike: damaged, shifted or encoded again"
            )

    def _origin(self, number: int, which: str, thumbnail: bytes) -> str:
        """Of the release's other episodes and cameras, the one that it shows."""
        for (key, recorded), column in self._thumbnails.items():
            for other, reference in enumerate(column):
                own = (key, other) == (self._key, number)
                if recorded == which and not own and thumbnail_difference(thumbnail, reference) <= THUMBNAIL_TOLERANCE:
                    return f"; it is that of episode {other} in {key}"
        return ""
