"""Fetching a release from an S3-compatible store, with keys that no repository holds (s3.py: what that proves)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.published.repositories import RELEASE, Publisher, Repositories
from tests.published.s3 import BUCKET, REGION, S3Server, s3_server


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as opened:
        yield opened


@pytest.fixture(scope="module")
def publisher(server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    """With one version out, and its key in .dvc/config.local."""
    repositories = Repositories(tmp_path_factory.mktemp("s3"))
    made = Publisher(repositories)

    def dvc(*command: str) -> None:
        repositories.run(made.path, "dvc", *command)

    dvc("remote", "add", "-q", "-d", "store", f"s3://{BUCKET}/lift")
    dvc("remote", "modify", "store", "endpointurl", server.url)
    dvc("remote", "modify", "store", "region", REGION)
    dvc("remote", "modify", "--local", "store", "access_key_id", server.publisher["AWS_ACCESS_KEY_ID"])
    dvc("remote", "modify", "--local", "store", "secret_access_key", server.publisher["AWS_SECRET_ACCESS_KEY"])
    made.publish()
    return made


def assert_holds_no_key(repositories: Repositories, path: Path, server: S3Server) -> None:
    secrets = [*server.publisher.values(), *server.reader.values()]
    assert not [secret for secret in secrets if repositories.holds(path, secret)]


def test_get_with_a_key_from_the_environment(publisher: Publisher, server: S3Server, tmp_path: Path) -> None:
    repositories = publisher.repositories
    repositories.run(tmp_path, "dvc", "get", publisher.url, RELEASE, **server.reader)
    assert f"{publisher.episodes} episodes" in repositories.verify(tmp_path / "release")
    assert server.publisher["AWS_SECRET_ACCESS_KEY"] in (publisher.path / ".dvc/config.local").read_text()
    assert_holds_no_key(repositories, publisher.path, server)


@pytest.mark.parametrize("key", ["none", "unknown", "wrong"])
def test_without_the_right_key_nothing_is_fetched(
    key: str, publisher: Publisher, server: S3Server, tmp_path: Path
) -> None:
    variables = {
        "none": {},
        "unknown": server.reader | {"AWS_ACCESS_KEY_ID": "AKIA" + 16 * "X"},
        "wrong": server.reader | {"AWS_SECRET_ACCESS_KEY": "wrong"},
    }[key]
    said = publisher.repositories.run(tmp_path, "dvc", "get", publisher.url, RELEASE, fails=True, **variables)
    assert ("Unable to locate credentials" if key == "none" else "Forbidden") in said
    publisher.repositories.verify(tmp_path / "release", fails=True)
    assert not list(tmp_path.iterdir())


def test_import_and_update_with_a_key_in_the_consumers_local_settings(publisher: Publisher, server: S3Server) -> None:
    repositories, first = publisher.repositories, publisher.episodes
    consumer = repositories.create("consumer")

    def dvc(*command: str, fails: bool = False) -> str:
        return repositories.run(consumer, "dvc", *command, fails=fails)

    dvc("remote", "add", "-q", "--local", "store", f"s3://{BUCKET}/lift")
    dvc("remote", "modify", "--local", "store", "access_key_id", server.reader["AWS_ACCESS_KEY_ID"])
    dvc("remote", "modify", "--local", "store", "secret_access_key", server.reader["AWS_SECRET_ACCESS_KEY"])
    dvc("import", publisher.url, RELEASE, "-o", "banana", fails=True)  # that remote is the other repository's
    assert not (consumer / "banana").exists() and not (consumer / "banana.dvc").exists()
    local = ("import", "--config", ".dvc/config.local")
    dvc(*local, publisher.url, RELEASE, "-o", "banana")
    assert f"{first} episodes" in repositories.verify(consumer / "banana")
    publisher.publish()
    dvc("update", "banana.dvc")
    assert f"{first + 1} episodes" in repositories.verify(consumer / "banana")
    dvc(*local, "--rev", f"v{first}", publisher.url, RELEASE, "-o", "older")
    assert f"{first} episodes" in repositories.verify(consumer / "older")
    assert_holds_no_key(repositories, consumer, server)
    assert_holds_no_key(repositories, publisher.path, server)


def test_a_readers_key_publishes_nothing(publisher: Publisher, server: S3Server) -> None:
    repositories, objects = publisher.repositories, server.client("s3", server.publisher)
    before = objects.list_objects_v2(Bucket=BUCKET)["KeyCount"]
    local = publisher.path / ".dvc/config.local"
    kept = local.read_text()
    try:
        local.write_text("")
        (publisher.path / RELEASE / "README.md").write_text("another")
        repositories.run(publisher.path, "dvc", "commit", "-f", "-q")
        repositories.run(publisher.path, "dvc", "push", fails=True, **server.reader)
    finally:
        local.write_text(kept)
        repositories.run(publisher.path, "git", "checkout", "-q", "--", "dvc.lock")
        repositories.run(publisher.path, "dvc", "checkout", "-f", "-q")
    assert objects.list_objects_v2(Bucket=BUCKET)["KeyCount"] == before


def test_a_flipped_bit_in_the_store_is_found(publisher: Publisher, server: S3Server, tmp_path: Path) -> None:
    objects = server.client("s3", server.publisher)
    listed = objects.list_objects_v2(Bucket=BUCKET)["Contents"]
    videos = [entry["Key"] for entry in listed if b"ftyp" in read(objects, entry["Key"])[:12]]
    before = {name: read(objects, name) for name in videos}
    try:
        for name, content in before.items():
            objects.put_object(Bucket=BUCKET, Key=name, Body=content[:-1] + bytes([content[-1] ^ 1]))
        publisher.repositories.run(tmp_path, "dvc", "get", publisher.url, RELEASE, **server.reader)
        assert ".mp4 is damaged: its SHA-256" in publisher.repositories.verify(tmp_path / "release", fails=True)
    finally:
        for name, content in before.items():
            objects.put_object(Bucket=BUCKET, Key=name, Body=content)


def read(objects: object, name: str) -> bytes:
    return objects.get_object(Bucket=BUCKET, Key=name)["Body"].read()  # type: ignore[attr-defined]
