"""The contract of `Blobs`, held by every adapter; then what a folder and a bucket have each of their own."""

import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import httpx2 as httpx
import pytest

from weather_platform.domain.errors import (
    BadInput,
    BadSettings,
    NotFound,
    StoreRefused,
    StoreUnavailable,
)
from weather_platform.settings import S3Settings
from weather_platform.storage.blobs import CHUNK_BYTES, Blobs, FolderBlobs
from weather_platform.storage.blobs_s3 import S3Blobs, s3_client
from weather_platform.storage.opening import open_blobs
from weather_platform_tests.full_disk import files_of_at_most
from weather_platform_tests.servers.process import LOOPBACK, free_port
from weather_platform_tests.servers.s3 import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "2023-12/été.json"


def test_what_is_put_is_got(blobs: Blobs) -> None:
    blobs.put(KEY, b"\x00\xff")
    assert blobs.get(KEY) == b"\x00\xff"
    blobs.put(KEY, b"")
    assert blobs.get(KEY) == b""


def test_a_taken_key_keeps_its_bytes(conditional_blobs: Blobs) -> None:
    blobs = conditional_blobs
    assert blobs.put_if_absent(KEY, b"first")
    assert not blobs.put_if_absent(KEY, b"second")
    assert blobs.get(KEY) == b"first"


def test_of_many_who_put_at_once_one_wins(conditional_blobs: Blobs) -> None:
    blobs = conditional_blobs
    start = Barrier(8)

    def put(n: int) -> bool:
        start.wait()
        return blobs.put_if_absent(KEY, b"%d" % n)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(put, range(8)))
    assert won.count(True) == 1
    assert blobs.get(KEY) == b"%d" % won.index(True)
    assert [info.key for info in blobs.list()] == [KEY]


def test_a_stream_is_the_bytes_in_chunks(blobs: Blobs) -> None:
    body = bytes(range(256)) * 10_000
    blobs.put(KEY, body)
    chunks = list(blobs.stream(KEY))
    assert b"".join(chunks) == body
    assert max(map(len, chunks)) <= CHUNK_BYTES


def test_size_and_time_are_told_without_the_bytes(blobs: Blobs) -> None:
    blobs.put(KEY, b"12345")
    info = blobs.stat(KEY)
    assert (info.key, info.size_bytes) == (KEY, 5)
    assert info.modified.tzinfo == UTC
    assert abs(datetime.now(UTC) - info.modified) < timedelta(minutes=1)
    (listed,) = blobs.list()
    assert (listed.key, listed.size_bytes) == (KEY, 5)
    assert abs(listed.modified - info.modified) <= timedelta(seconds=1)  # rclone rounds one, and cuts off the other


def test_a_listing_is_in_the_order_of_keys_and_keeps_to_its_prefix(blobs: Blobs) -> None:
    keys = ["2023-1/a", "2023-11/a", "2023-12-x/a", "2023-12/b/c", "2023-12/b", "2023-12/ä", "2023-12/z", "a"]
    keys.remove("2023-12/b")  # it would be the folder of another
    for key in reversed(keys):
        blobs.put(key, b"")
    assert [info.key for info in blobs.list()] == sorted(keys, key=str.encode)
    assert [info.key for info in blobs.list("2023-12/")] == ["2023-12/b/c", "2023-12/z", "2023-12/ä"]
    assert [info.key for info in blobs.list("2023-1")] == sorted(keys, key=str.encode)[:-1]
    assert [info.key for info in blobs.list("2023-12/b")] == ["2023-12/b/c"]
    assert list(blobs.list("2024-01/")) == []


def test_deleting_twice_is_deleting_once(blobs: Blobs) -> None:
    blobs.put(KEY, b"x")
    blobs.delete(KEY)
    blobs.delete(KEY)
    assert list(blobs.list()) == []


def test_moving_takes_the_place_of_what_was_there(blobs: Blobs) -> None:
    blobs.put("a/1", b"new")
    blobs.put("b/2", b"old")
    blobs.move("a/1", "b/2")
    blobs.move("b/2", "b/2")
    assert blobs.get("b/2") == b"new"
    assert [info.key for info in blobs.list()] == ["b/2"]


@pytest.mark.parametrize(
    "read",
    [
        lambda blobs: blobs.get(KEY),
        lambda blobs: list(blobs.stream(KEY)),
        lambda blobs: blobs.stat(KEY),
        lambda blobs: blobs.move(KEY, "b"),
    ],
)
def test_what_is_not_there_is_not_found(blobs: Blobs, read: Callable[[Blobs], object]) -> None:
    with pytest.raises(NotFound, match=KEY):
        read(blobs)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "a//b",
        "a/",
        "../a",
        "a/../../b",
        "a/.",
        ".hidden",
        "a/.tmp-1",
        "a\0b",
        "a\nb",
        "é" * 128,
        "a/" * 500,
    ],
)
def test_a_key_cannot_leave_the_store(blobs: Blobs, key: str) -> None:
    for call in (
        lambda: blobs.put(key, b""),
        lambda: blobs.put_if_absent(key, b""),
        lambda: blobs.get(key),
        lambda: list(blobs.stream(key)),
        lambda: blobs.stat(key),
        lambda: blobs.delete(key),
        lambda: blobs.move(key, "a"),
        lambda: blobs.move("a", key),
    ):
        with pytest.raises(BadInput):
            call()
    assert list(blobs.list()) == []


@pytest.mark.parametrize("key", ["été 1.json", "a b/c\u00a0d.json", "№ 5/x"])
def test_a_name_that_people_give_is_a_key(blobs: Blobs, key: str) -> None:
    blobs.put(key, b"x")
    assert ([info.key for info in blobs.list()], blobs.get(key)) == ([key], b"x")


def test_a_store_that_is_ready_says_nothing(blobs: Blobs) -> None:
    blobs.put(KEY, b"x")
    blobs.ensure()
    blobs.ping()
    assert blobs.get(KEY) == b"x"


# A folder


@pytest.mark.parametrize("name", [".DS_Store", "2023-12/.nfs0001", ".snapshot/x", b"a\xff", "line\nbreak"])
def test_what_a_system_leaves_in_the_folder_is_passed_over(tmp_path: Path, name: str | bytes) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.put(KEY, b"x")
    path = tmp_path / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"nothing of ours")
    assert [info.key for info in blobs.list()] == [KEY]


def test_a_folder_that_is_not_there_yet_is_empty_and_fine(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "later" / "raw")
    blobs.ping()
    assert list(blobs.list()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.put(KEY, b"before")
    with files_of_at_most(100_000), pytest.raises(StoreUnavailable, match=r"full.*Free some space") as trouble:
        blobs.put(KEY, b"x" * 200_000)
    assert trouble.value.transient
    assert blobs.get(KEY) == b"before"
    assert [path.name for path in tmp_path.rglob("*.*")] == ["été.json"]


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "raw").touch()
    blobs = FolderBlobs(tmp_path / "raw")
    for call in (blobs.ensure, blobs.ping, lambda: blobs.put_if_absent("a/b", b""), lambda: blobs.get("a")):
        with pytest.raises(StoreRefused, match="WEATHER_RAW_URL") as trouble:
            call()
        assert not trouble.value.transient


def test_what_a_killed_writer_left_is_not_listed(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.put(KEY, b"x")
    (tmp_path / "2023-12" / ".tmp-0123456789abcdef").write_bytes(b"half")
    assert [info.key for info in blobs.list()] == [KEY]


# A bucket


def test_a_missing_bucket_is_said_and_made(s3: "S3Client") -> None:
    blobs = S3Blobs(s3, "not-there-yet")
    for call in (
        blobs.ping,
        lambda: blobs.put_if_absent(KEY, b""),
        lambda: blobs.get(KEY),
        lambda: list(blobs.list()),
    ):
        with pytest.raises(StoreRefused, match="no S3 bucket 'not-there-yet'"):
            call()
    blobs.ensure()
    blobs.ping()
    s3.delete_bucket(Bucket="not-there-yet")


def test_a_server_that_is_down_is_an_outage(s3_server: S3Server, s3: "S3Client") -> None:
    blobs = S3Blobs(s3, "weather-outage")
    blobs.ensure()
    s3_server.stop()
    for call in (blobs.ping, blobs.ensure, lambda: blobs.put_if_absent(KEY, b""), lambda: list(blobs.list())):
        with pytest.raises(StoreUnavailable, match=r"cannot be reached.*WEATHER_S3_ENDPOINT_URL") as trouble:
            call()
        assert trouble.value.transient
    s3_server.start()
    blobs.put(KEY, b"back")
    assert blobs.get(KEY) == b"back"


def test_wrong_keys_are_not_an_outage(s3_settings: S3Settings) -> None:
    client = s3_client(s3_settings.model_copy(update={"access_key": "AKIASTRANGER"}))
    blobs = S3Blobs(client, "weather")
    with _keys_are_checked(s3_settings):
        for call in (blobs.ping, blobs.ensure, lambda: blobs.put(KEY, b""), lambda: blobs.get(KEY)):
            with pytest.raises(StoreRefused, match="WEATHER_S3_ACCESS_KEY") as trouble:
                call()
            assert not trouble.value.transient
    client.close()


def test_no_keys_at_all_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client = s3_client(S3Settings(endpoint_url=f"http://{LOOPBACK}:{free_port()}"))
    with pytest.raises(StoreRefused, match="no keys"):
        S3Blobs(client, "bucket").get(KEY)
    client.close()


# Addresses


def test_an_address_opens_its_store(s3_settings: S3Settings, tmp_path: Path, s3: "S3Client") -> None:
    folder = open_blobs(f"file://{tmp_path}/a%20b", s3_settings)
    assert isinstance(folder, FolderBlobs)
    assert folder.folder == tmp_path / "a b"
    bucket = open_blobs("s3://bucket/a/b/", s3_settings)
    assert isinstance(bucket, S3Blobs)
    assert (bucket.bucket, bucket.prefix) == ("bucket", "a/b/")
    bucket.client.close()
    brought = open_blobs("s3://bucket", lambda: s3)
    assert isinstance(brought, S3Blobs)
    assert (brought.client, brought.prefix) == (s3, "")


@pytest.mark.parametrize(
    "url", ["s3:///prefix", "file://other-host/folder", "file://", "http://bucket/x", "/folder", ""]
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(BadSettings, match="s3://bucket/prefix or file:///folder"):
        open_blobs(url, S3Settings())


@contextmanager
def _keys_are_checked(settings: S3Settings) -> Iterator[None]:
    """Moto lets everybody in until it is told not to."""
    _let_in_first(settings, "0")
    try:
        yield
    finally:
        _let_in_first(settings, "inf")


def _let_in_first(settings: S3Settings, requests: str) -> None:
    httpx.post(f"{settings.endpoint_url}/moto-api/reset-auth", content=requests).raise_for_status()


@contextmanager
def _cut_within_the_leave_to_send() -> Iterator[str]:
    """The address of a server whose connections end within ``100 Continue``, or at once where nothing asks for it."""
    with socket.create_server((LOOPBACK, 0)) as listening:

        def serve() -> None:
            with suppress(OSError):  # closed at the end
                while True:
                    with listening.accept()[0] as connection:
                        if b"100-continue" in connection.recv(65_536).lower():
                            connection.sendall(b"HTTP/1.1 100 Continue\r\n")

        Thread(target=serve, daemon=True).start()
        yield f"http://{LOOPBACK}:{listening.getsockname()[1]}"


def test_a_connection_cut_before_the_body_is_sent_ends_the_put() -> None:
    """A trial between servers found it: botocore read the end of that connection for ever."""
    raised: list[BaseException] = []

    def put(address: str) -> None:
        settings = S3Settings(endpoint_url=address, access_key="weather", secret_key="secret", region="eu-west-3")
        try:
            S3Blobs(s3_client(settings), "bucket").put_if_absent(KEY, b"body")
        except StoreUnavailable as error:
            raised.append(error)

    with _cut_within_the_leave_to_send() as address:
        putting = Thread(target=put, args=(address,), daemon=True)
        putting.start()
        putting.join(30)
        assert not putting.is_alive()
    assert [type(each) for each in raised] == [StoreUnavailable]
