"""A release as LeRobot v2.1 has it: a table and a video for each episode."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av

from expertgen.data.export.lerobot21_layout import data_path, video_path, write_meta
from expertgen.data.export.lerobot21_verify import require_sound
from expertgen.data.export.source import ReleaseSource
from expertgen.data.export.target import ExportReport, Watch, new_export, write_sums
from expertgen.data.lerobot.parquet_files import write_table
from expertgen.data.lerobot.video import CONTAINER_OPTIONS


def write_lerobot21(source: ReleaseSource, target: Path, watch: Watch | None = None) -> ExportReport:
    """Write the release `source` into the folder `target`, check it, then put it in place. Returns what was checked.

    Values and statistics are copied; videos are cut without decoding, for each episode begins with a key frame. The
    same release gives the same bytes. `watch(done, total)` is told of tables and videos as they are written. Raises
    InvalidParameter unless `target` is absent or empty, CannotWrite, CorruptArtifact when what was written cannot be
    read back; nothing is left at `target` then.
    """
    with new_export(target, source.directory) as root:
        keys, done = source.release.video_keys, 0
        total = len(source.lengths) * (1 + len(keys))
        for number in range(len(source.lengths)):
            path = root / data_path(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_table(path, source.table(number))
            done += 1
            _tell(watch, done, total)
        for key in keys:
            for number, (stream, packets) in enumerate(source.packets(key)):
                write_packets(root / video_path(number, key), stream, packets)
                done += 1
                _tell(watch, done, total)
        write_meta(root, source)
        write_sums(root)
        return require_sound(root, f"the export that was just written for {target}")


def write_packets(path: Path, template: av.VideoStream, packets: Iterable[av.Packet]) -> None:
    """Write compressed images as a video of their own, whose first one is shown at 0 s. The first has to be a key
    frame, and none may be shown before one that precedes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4", options=CONTAINER_OPTIONS) as container:
        stream = container.add_stream_from_template(template)
        stream.time_base = template.time_base
        first: int | None = None
        for packet in packets:
            assert packet.pts is not None
            first = packet.pts if first is None else first
            packet.pts = packet.dts = packet.pts - first
            packet.stream = stream
            container.mux(packet)


def _tell(watch: Watch | None, done: int, total: int) -> None:
    if watch is not None:
        watch(done, total)
