"""Checks of an export to LeRobot v2.1: every video shows, at every time, what was released."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av

from expertgen.data.export import lerobot21_layout as v21
from expertgen.data.export.lerobot21_opened import Export21
from expertgen.data.export.target import Watch
from expertgen.data.lerobot.decode import decoded_frames
from expertgen.data.lerobot.layout import CODEC, PIXELS
from expertgen.data.lerobot.pictures import Pictures, PicturesOf


def video_problems(export: Export21, pictures: dict[tuple[str, int], Pictures], watch: Watch) -> Iterator[str]:
    """Decode every video; put what each feature and episode shows into `pictures`."""
    done, total = 0, sum(export.lengths) * len(export.video_keys)
    for key in export.video_keys:
        for number, length in enumerate(export.lengths):
            name = v21.video_path(number, key)
            try:
                yield from _header_problems(export, name, key)
                shown = _shown(export, name, length)
            except (av.FFmpegError, ValueError, IndexError) as error:
                yield f"{name} cannot be decoded ({type(error).__name__}: {error})"
                continue
            if isinstance(shown, str):
                yield shown
                continue
            pictures[key, number] = shown
            if shown.sha256 != export.episodes[number].get("reference", {}).get(key):
                yield f"{name}: its images are not those that were released: of another episode, damaged or coded again"
            done += length
            watch(done, total)


def _header_problems(export: Export21, name: str, key: str) -> Iterator[str]:
    height, width, _ = export.features[key]["shape"]
    with av.open(str(export.root / name)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        found = (context.name, context.pix_fmt, context.width, context.height, stream.average_rate)
    expected = (CODEC, PIXELS, width, height, Fraction(export.fps))
    labels = ("codec", "pixel format", "width", "height", "frames a second")
    for label, value, wanted in zip(labels, found, expected, strict=True):
        if value != wanted:
            yield f"{name}: {label} is {value}, expected {wanted}"


def _shown(export: Export21, name: str, length: int) -> Pictures | str:
    """What the video of an episode shows, or what is wrong with its frames."""
    reduced = PicturesOf(length)
    for time, frame in decoded_frames(export.root / name):
        position = reduced.added
        if position == length:
            return f"{name} goes on after the {length} frames that were expected"
        if time != Fraction(position, export.fps):
            return f"{name}: frame {position} is shown at {float(time):.4f} s, expected {position / export.fps:.4f} s"
        reduced.add(frame)
    if reduced.added < length:
        return f"{name} ends after {reduced.added} frames, expected {length}"
    return reduced.result()
