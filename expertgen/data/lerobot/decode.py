"""Frames of a video, with their times."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av


def decoded_frames(path: Path) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """Every frame of a video in turn, with its exact time in s. Raises av.FFmpegError and ValueError for damage."""
    with av.open(str(path), options={"err_detect": "explode"}) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        stream.thread_type = "NONE"
        for frame in container.decode(stream):
            if frame.pts is None or frame.time_base is None:
                raise ValueError("a frame has no time")
            if frame.is_corrupt:
                raise ValueError(f"the frame at {float(frame.pts * frame.time_base):.3f} s is damaged")
            yield frame.pts * frame.time_base, frame


def frame_at(container: av.container.InputContainer, seconds: float) -> tuple[float, av.VideoFrame]:
    """The frame shown nearest to `seconds` and its time, as a training loader looks for it: seek to the key frame
    before, then decode. Raises LookupError when there is none."""
    stream = container.streams.video[0]
    assert stream.time_base is not None
    container.seek(max(round(seconds / stream.time_base), 0), stream=stream)
    best: tuple[float, av.VideoFrame] | None = None
    for frame in container.decode(stream):
        assert frame.time is not None
        if best is None or abs(frame.time - seconds) < abs(best[0] - seconds):
            best = (frame.time, frame)
        if frame.time >= seconds:
            break
    if best is None:
        raise LookupError(f"no frame near {seconds} s")
    return best
