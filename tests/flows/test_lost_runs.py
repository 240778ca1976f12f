"""Which runs are on record."""

from __future__ import annotations

from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.lost_runs import _folder, _lives, on_record, report_lost_runs

RUN = "b0b5b1a4-4c39-4ab9-ab5c-6b6b8f2f3f0a"


def test_a_run_is_on_record_while_it_lives_and_after_only_if_it_was_cut_off(tmp_path: Path) -> None:
    with on_record(tmp_path, RUN):
        assert _lives(_folder(tmp_path) / RUN)
    assert list(_folder(tmp_path).iterdir()) == []
    with pytest.raises(SystemExit), on_record(tmp_path, RUN):
        raise SystemExit(1)
    assert not _lives(_folder(tmp_path) / RUN)


def test_without_a_server_a_lost_run_stays_on_record(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), on_record(tmp_path, RUN):
        raise SystemExit(1)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert report_lost_runs(tmp_path) == []
    assert (_folder(tmp_path) / RUN).exists()
