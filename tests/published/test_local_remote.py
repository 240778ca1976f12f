"""Fetching a release that another repository published in a folder: whole and sound, or known to be neither."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.published.repositories import RELEASE, Publisher, Repositories


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Repositories:
    return Repositories(tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def publisher(repositories: Repositories) -> Publisher:
    """With one version out."""
    made = Publisher(repositories)
    repositories.run(made.path, "dvc", "remote", "add", "-q", "-d", "store", repositories.folder / "store")
    made.publish()
    return made


@contextmanager
def changed(remote: Path, content: bytes | None) -> Iterator[None]:
    """The largest object of a remote in a folder is `content` for a while; without any: it is gone."""
    largest = max((path for path in remote.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    aside = largest.rename(remote.parent / "aside")
    if content is not None:
        largest.write_bytes(content)
    try:
        yield
    finally:
        aside.replace(largest)


def flipped(remote: Path) -> bytes:
    """The largest object of a remote in a folder, with one bit flipped."""
    paths = (path for path in remote.rglob("*") if path.is_file())
    content = bytearray(max(paths, key=lambda path: path.stat().st_size).read_bytes())
    content[len(content) // 2] ^= 1 << 4
    return bytes(content)


def test_get_fetches_a_sound_release_without_a_repository(publisher: Publisher, tmp_path: Path) -> None:
    publisher.repositories.run(tmp_path, "dvc", "get", publisher.url, RELEASE)
    said = publisher.repositories.verify(tmp_path / "release")
    assert f"{publisher.episodes} episodes" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["release"]


def test_import_remembers_a_version_and_follows_when_it_is_told_to(publisher: Publisher) -> None:
    repositories = publisher.repositories
    consumer, first = repositories.create("consumer"), publisher.episodes
    repositories.run(consumer, "dvc", "import", publisher.url, RELEASE, "-o", "banana")
    repositories.commit(consumer, "Import")
    publisher.publish()
    shutil.rmtree(consumer / "banana")
    repositories.run(consumer, "dvc", "pull")  # the version that was imported, not the newest
    assert f"{first} episodes" in repositories.verify(consumer / "banana")
    assert "update available" in repositories.run(consumer, "dvc", "status")
    repositories.run(consumer, "dvc", "update", "banana.dvc")
    assert f"{first + 1} episodes" in repositories.verify(consumer / "banana")
    repositories.run(consumer, "dvc", "import", "--rev", f"v{first}", publisher.url, RELEASE, "-o", "older")
    assert f"{first} episodes" in repositories.verify(consumer / "older")
    repositories.run(consumer, "git", "add", "-A")
    kept = repositories.run(consumer, "git", "ls-files").split()
    assert {"banana.dvc", "older.dvc"} <= set(kept)
    assert not [name for name in kept if name.startswith(("banana/", "older/"))]


def test_a_release_that_lacks_a_file_in_the_remote_is_not_taken_for_one(publisher: Publisher, tmp_path: Path) -> None:
    with changed(publisher.repositories.folder / "store", None):
        publisher.repositories.run(tmp_path, "dvc", "get", publisher.url, RELEASE, fails=True)
    publisher.repositories.verify(tmp_path / "release", fails=True)


def test_a_flipped_bit_in_the_remote_is_found_and_can_be_mended(publisher: Publisher, tmp_path: Path) -> None:
    repositories, store = publisher.repositories, publisher.repositories.folder / "store"
    consumer = repositories.create("unlucky")
    with changed(store, flipped(store)):
        # DVC takes an object from a remote by its name; the release's own sums tell.
        repositories.run(tmp_path, "dvc", "get", publisher.url, RELEASE)
        assert "is damaged: its SHA-256" in repositories.verify(tmp_path / "release", fails=True)
        repositories.run(consumer, "dvc", "import", publisher.url, RELEASE, "-o", "banana")
        assert "is damaged: its SHA-256" in repositories.verify(consumer / "banana", fails=True)
    for left in (consumer / "banana", consumer / ".dvc/cache"):
        shutil.rmtree(left)
    repositories.run(consumer, "dvc", "pull")
    repositories.verify(consumer / "banana")
