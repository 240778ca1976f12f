"""How a long stage shows where it is: a bar on a terminal, a plain line now and then anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

_INTERVAL = 10.0  # s between plain lines


class Progress:
    """Counts up to `total`; made by `progress`."""

    def __init__(self, label: str, total: int, unit: str, initial: int) -> None:
        self.label, self.total, self.unit, self.done, self._initial = label, total, unit, initial, initial
        self._begun = self._shown = time.monotonic()
        self._values = ""
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(total=total, initial=initial, desc=label, unit=unit, unit_scale=total >= 10_000,
                             dynamic_ncols=True, file=sys.stderr)

    def update(self, count: int = 1, **values: float | str) -> None:
        """`count` more are done; `values` (loss=0.1, success="56 %") are shown beside the count."""
        self.done += count
        if values:
            self._values = ", ".join(f"{key} {_text(value)}" for key, value in values.items())
        if self._bar is not None:
            self._bar.set_postfix_str(self._values, refresh=False)
            self._bar.update(count)
        elif time.monotonic() - self._shown >= _INTERVAL:
            self._shown = time.monotonic()
            rate = self._rate()
            left = f", {(self.total - self.done) / rate:.0f} s left" if rate > 0 else ""
            self._line(f"{rate:.1f} {self.unit}/s{left}")

    def note(self, text: str) -> None:
        """Print a line without breaking the bar."""
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the last state on the screen."""
        if self._bar is not None:
            self._bar.close()
        elif self.done > self._initial:
            self._line(f"{time.monotonic() - self._begun:.1f} s, {self._rate():.1f} {self.unit}/s")

    def _rate(self) -> float:
        return (self.done - self._initial) / max(time.monotonic() - self._begun, 1e-9)

    def _line(self, tail: str) -> None:
        values = f", {self._values}" if self._values else ""
        text = f"{self.label}: {self.done}/{self.total} {self.unit}{values}, {tail}"
        print(text, file=sys.stderr, flush=True)


@contextmanager
def progress(label: str, total: int, unit: str, initial: int = 0) -> Iterator[Progress]:
    """Show on stderr how `label` goes on to `total` `unit`s; `initial` of them were done by an earlier run.

    `with progress("demos", 1000, "episodes") as bar: ... bar.update(100, success="56 %")`
    """
    shown = Progress(label, total, unit, initial)
    try:
        yield shown
    finally:
        shown.close()


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
