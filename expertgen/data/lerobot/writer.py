"""Writing a release: one episode at a time, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from expertgen.data.atomic import atomic_directory
from expertgen.data.hashing import sha256_sums, tree_sha256
from expertgen.data.json_text import json_text
from expertgen.data.lerobot import layout
from expertgen.data.lerobot.card import card
from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo, check_episode, check_info
from expertgen.data.lerobot.episode_videos import EpisodeVideos
from expertgen.data.lerobot.parquet_files import ParquetFiles, write_table
from expertgen.data.lerobot.rows import episode_row, step_columns
from expertgen.data.lerobot.schemas import data_schema, episodes_schema, tasks_table
from expertgen.data.lerobot.statistics import Statistics, value_statistics
from expertgen.data.lerobot.verify import VerifyReport, require_sound
from expertgen.errors import MissingInput
from expertgen.metrics.wilson import Rate

_ROWS = 256  # of meta/episodes, held back to be written together


def write_release(directory: Path, episodes: Iterable[ReleaseEpisode], info: ReleaseInfo) -> VerifyReport:
    """Write `episodes` as the release `directory`, replacing an earlier one; it holds the images of one episode at a
    time. Equal arguments give equal bytes. Returns what was checked.

    Each camera's first and last frame of each episode, decoded again, are compared with their source, and the whole
    release is checked by itself (`verify_release`) before it is put in place. Raises InvalidParameter for `info`,
    IncompatibleArtifact for an episode that does not fit it or a frame that compression changed too much,
    MissingInput when there are no episodes, CannotWrite on a full disk, CorruptArtifact when what was written cannot
    be read back. What stood at `directory` before then stands there still.
    """
    check_info(info)
    with atomic_directory(directory) as root:
        with ExitStack() as on_failure:
            writer = _Writer(root, info, on_failure)
            for episode in episodes:
                writer.add(episode)
            writer.finish()
        (root / layout.SUMS).write_text(sha256_sums(tree_sha256(root)), encoding="utf-8")
        report = require_sound(root, f"the release that was just written for {directory}")
    return report


class _Writer:
    """Everything but the sums of the release `root`; files left open are dropped by `on_failure`."""

    def __init__(self, root: Path, info: ReleaseInfo, on_failure: ExitStack) -> None:
        self.root, self.info, features = root, info, layout.features(info)
        self.successes = self.frames = self.episodes = 0
        self._rows: list[dict[str, Any]] = []
        self._values: dict[str, list[NDArray[Any]]] = {name: [] for name in layout.columns(features)}
        limits = info.data_files_size_in_mb, info.chunks_size
        schemas = data_schema(features), episodes_schema(features, list(info.checksums()))
        self._data = ParquetFiles(root, layout.DATA_PATH, schemas[0], *limits)
        on_failure.callback(self._data.discard)
        self._meta = ParquetFiles(root, layout.EPISODES_PATH, schemas[1], *limits)
        on_failure.callback(self._meta.discard)
        self._videos = EpisodeVideos(root, info)
        on_failure.callback(self._videos.discard)

    def add(self, episode: ReleaseEpisode) -> None:
        check_episode(episode, self.info, self.episodes)
        row = episode_row(episode, self.episodes, self.frames, self.info)
        values = step_columns(episode, self.episodes, self.frames, self.info.fps)
        row |= {f"data/{name}_index": number for name, number in self._data.place()._asdict().items()}
        self._data.write({name: _arrow(array) for name, array in values.items()})
        where, statistics = self._videos.write(episode, self.episodes)
        statistics |= {name: value_statistics(array) for name, array in values.items()}
        stored = {f"stats/{key}/{name}": value.tolist() for key, by in statistics.items() for name, value in by.items()}
        self._rows.append(row | where | stored)
        for name, array in values.items():
            self._values[name].append(array)
        self.episodes, self.frames = self.episodes + 1, self.frames + len(episode)
        self.successes += bool(episode.success.any())
        if len(self._rows) == _ROWS:
            self._write_rows()

    def _write_rows(self) -> None:
        place = {f"meta/episodes/{name}_index": number for name, number in self._meta.place()._asdict().items()}
        schema = self._meta.schema
        self._meta.write({name: [(row | place)[name] for row in self._rows] for name in schema.names})
        self._rows.clear()

    def finish(self) -> None:
        if self.episodes == 0:
            raise MissingInput("there are no episodes to release. Run the stage that makes them, or keep more of them.")
        if self._rows:
            self._write_rows()
        for files in (self._data, self._meta, self._videos):
            files.close()
        info = self.info
        self._write_text(layout.INFO, json_text(layout.info_json(info, self.episodes, self.frames)))
        statistics: dict[str, Statistics] = self._videos.statistics()
        statistics |= {name: value_statistics(np.concatenate(arrays)) for name, arrays in self._values.items()}
        plain = {key: {name: value.tolist() for name, value in by.items()} for key, by in statistics.items()}
        self._write_text(layout.STATS, json_text(plain))
        write_table(self.root / layout.TASKS, tasks_table(info.instruction))
        self._write_text(layout.LINEAGE, json_text(info.checksums()))
        self._write_text(layout.PROVENANCE, json_text(info.lineage["provenance"]))
        self._write_text(layout.CARD, card(info, Rate(self.successes, self.episodes), self.frames))

    def _write_text(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")


def _arrow(values: NDArray[Any]) -> pa.Array:
    """(N,) or (N, D) as a column."""
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
