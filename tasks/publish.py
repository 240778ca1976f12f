"""Prefect artifacts of a stage: where it is, what it measured, what it drew.

A view, no part of the work: a server that does not answer is a warning in the log, never a failed stage.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import PrefectException

from tasks.exhibits import Exhibit, slug
from tasks.graph import Stage
from tasks.output_lines import Progress

_INTERVAL = 5.0  # s between updates of a bar
_NOT_SHOWN = (httpx.HTTPError, PrefectException, OSError)


def publish(exhibits: Iterable[Exhibit], log: Any) -> None:
    """Make an artifact of each of `exhibits`."""
    for exhibit in exhibits:
        try:
            if isinstance(exhibit.content, str):
                create_markdown_artifact(exhibit.content, key=exhibit.key, description=exhibit.source)
            else:
                create_table_artifact(exhibit.content, key=exhibit.key, description=exhibit.source)
        except _NOT_SHOWN as error:
            log.warning("%s cannot be shown: %s", exhibit.source, error)


class ProgressBar:
    """The progress artifact of a stage, updated now and then; its description is the stage's last line of progress."""

    def __init__(self, stage: Stage, log: Any, label: str = "") -> None:
        self._key, self._log = slug(label, stage.name, "progress"), log
        self._artifact: UUID | None = None
        self._shown = -_INTERVAL

    def show(self, progress: Progress) -> None:
        """Show where the stage is, unless that was shown a moment ago; the end of what it counts is always shown."""
        if progress.done < progress.total and time.monotonic() - self._shown < _INTERVAL:
            return
        self._shown = time.monotonic()
        try:
            if self._artifact is None:
                made = create_progress_artifact(progress.percent, key=self._key, description=progress.text)
                self._artifact = cast(UUID, made)  # a coroutine only where an event loop runs
            else:
                update_progress_artifact(self._artifact, progress.percent, description=progress.text)
        except _NOT_SHOWN as error:
            self._log.warning("the progress cannot be shown: %s", error)
