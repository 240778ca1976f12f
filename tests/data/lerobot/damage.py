"""Ways in which a release is damaged, with its sums made to agree again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from expertgen.data.hashing import sha256_sums, tree_sha256
from expertgen.data.lerobot.verify import verify_release
from expertgen.data.lerobot.video import VideoFile
from expertgen.errors import CorruptArtifact

EPISODES = "meta/episodes/chunk-000/file-000.parquet"
DATA = "data/chunk-000/file-000.parquet"


def video(camera: str) -> str:
    return f"videos/observation.images.{camera}/chunk-000/file-000.mp4"


def sum_again(root: Path) -> None:
    """Write SHA256SUMS of what is there."""
    sums = tree_sha256(root)
    sums.pop("SHA256SUMS", None)
    (root / "SHA256SUMS").write_text(sha256_sums(sums), encoding="utf-8")


def change_json(root: Path, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    value = json.loads((root / name).read_text())
    change(value)
    (root / name).write_text(json.dumps(value))
    sum_again(root)


def change_column(root: Path, name: str, column: str, change: Callable[[list[Any]], list[Any]]) -> None:
    """Replace the values of one column of a Parquet file."""
    table = pq.read_table(root / name)
    field = table.schema.field(column)
    values = pa.array(change(table[column].to_pylist()), field.type)
    pq.write_table(table.set_column(table.schema.get_field_index(column), field, values), root / name)
    sum_again(root)


def flip_bit(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 1 << 4
    path.write_bytes(content)


def write_video(root: Path, camera: str, images: NDArray[np.uint8], fps: int) -> None:
    """Put another video in the place of a camera's, as sound as the one before."""
    file = VideoFile(root / video(camera), (images.shape[2], images.shape[1]), fps)
    for _ in file.append(images):
        pass
    file.close()
    sum_again(root)


def reorder_video(root: Path, camera: str, spans: list[range]) -> None:
    """Put a video's packets in another order, by spans of whole episodes, their times those of a sound video."""
    path = root / video(camera)
    with av.open(str(path)) as source, av.open(str(path) + ".new", "w", format="mp4") as target:
        packets = [packet for packet in source.demux(source.streams.video[0]) if packet.pts is not None]
        times = [packet.pts for packet in packets]
        stream = target.add_stream_from_template(source.streams.video[0])
        for time, index in zip(times, (index for span in spans for index in span), strict=True):
            packets[index].pts = packets[index].dts = time
            packets[index].stream = stream
            target.mux(packets[index])
    Path(str(path) + ".new").replace(path)
    sum_again(root)


def problems(root: Path) -> str:
    """What `verify_release` says of a damaged release."""
    with pytest.raises(CorruptArtifact) as caught:
        verify_release(root)
    assert str(root) in str(caught.value)
    return str(caught.value)


def plus(difference: float) -> Callable[[list[float]], list[float]]:
    """A change for `change_column`."""
    return lambda values: [value + difference for value in values]
