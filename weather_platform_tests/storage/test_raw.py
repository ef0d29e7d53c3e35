"""The raw store: immutable, named by content, complete or not there, and read a month at a time."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.provenance import FIRST_POSTING, UNPLACED, Provenance, RawObject, Withdrawal
from weather_platform.settings import S3Settings, Settings
from weather_platform.storage.blobs import BlobInfo, Blobs, FolderBlobs
from weather_platform.storage.blobs_s3 import S3Blobs, s3_client
from weather_platform.storage.opening import open_raw
from weather_platform.storage.raw import RawStore

BODY = b'[{"numer_sta": "07690"}]\n'
NAME = sha256(BODY).hexdigest()[:16]
PROVENANCE = Provenance(source="upload", name="été 2023.json", licence="Etalab", synthetic=True)
RECEIVED = datetime(2024, 1, 2, 3, 4, 5, 678901, UTC)


@pytest.fixture
def raw(tmp_path: Path) -> RawStore:
    """In a folder: how each adapter keeps bytes is `test_blobs.py`'s."""
    blobs = FolderBlobs(tmp_path / "raw")
    blobs.ensure()
    return RawStore(blobs)


@pytest.fixture
def raw_anywhere(blobs: Blobs) -> RawStore:
    """In a folder, in a bucket and on a server that knows no conditional writes."""
    return RawStore(blobs)


def put(
    raw: RawStore, body: bytes = BODY, *, partition: str = "2023-12", received: datetime = RECEIVED
) -> tuple[RawObject, bool]:
    return raw.put(partition, body, form="json", records=1, provenance=PROVENANCE, received=received)


def test_an_object_is_its_bytes_and_where_they_are_from(raw: RawStore) -> None:
    stored, new = put(raw)
    assert new
    assert stored == RawObject(
        partition="2023-12",
        name=NAME,
        form="json",
        size_bytes=len(BODY),
        records=1,
        sha256=sha256(BODY).hexdigest(),
        received=RECEIVED,
        provenance=PROVENANCE,
        posting="upload",
    )
    assert raw.objects("2023-12") == [stored]
    assert raw.read(stored) == b"".join(raw.stream(stored)) == BODY
    assert [info.key for info in raw.blobs.list()] == [
        f"2023-12/{NAME}.20240102T030405678901Z.upload.meta.json",
        f"2023-12/{NAME}.json",
    ]


def test_a_posting_is_kept_once(raw: RawStore) -> None:
    first, _ = put(raw)
    blobs = list(raw.blobs.list())
    assert put(raw, received=RECEIVED + timedelta(days=1)) == (first, False)
    assert list(raw.blobs.list()) == blobs


def test_the_last_posting_that_was_not_withdrawn_counts(raw: RawStore) -> None:
    postings = {posting: _post(raw, posting, minute) for minute, posting in enumerate(("a-0", "b-0", "a-1"))}
    assert raw.posted("b-0") == [("2023-12", NAME)]
    why = Withdrawal(at=RECEIVED, by="Marie", reason="37 °C in février")
    for withdrawn, counts in (("a-1", "b-0"), ("b-0", "a-0")):
        raw.withdraw("2023-12", NAME, withdrawn, why)
        assert raw.objects("2023-12") == [postings[counts]]
    raw.withdraw("2023-12", NAME, "a-0", why)
    raw.withdraw("2023-12", NAME, "a-0", msgspec.structs.replace(why, reason="another"))
    assert raw.objects("2023-12") == []
    gone = msgspec.structs.replace(postings["a-1"], withdrawn=why)
    assert raw.objects("2023-12", withdrawn=True) == [gone] == [raw.find(NAME)]
    for restored in ("b-0", "b-0"):
        raw.restore("2023-12", NAME, restored)
        assert raw.objects("2023-12") == raw.objects("2023-12", withdrawn=True) == [postings["b-0"]]


def test_bytes_that_others_overruled_are_said_again(raw: RawStore) -> None:
    asked = []

    def is_overruled(partition: str, name: str) -> bool:
        asked.append((partition, name))
        return True

    assert not _post(raw, "a-0", 0, is_overruled).said_again
    assert asked == []
    assert _post(raw, "a-1", 1, is_overruled).said_again
    assert asked == [("2023-12", NAME)]


def test_no_posting_is_lost_where_many_store_the_same_bytes_at_once(raw_anywhere: RawStore) -> None:
    start = Barrier(6)

    def store(n: int) -> None:
        start.wait()
        _post(raw_anywhere, f"{n}", n)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(store, range(6)))
    for n in reversed(range(6)):
        assert [stored.posting for stored in raw_anywhere.objects("2023-12")] == [f"{n}"]
        raw_anywhere.withdraw("2023-12", NAME, f"{n}", Withdrawal(at=RECEIVED, by="", reason=""))


def test_a_server_that_ignores_conditions_keeps_the_first_receipt_too(s3_settings: S3Settings) -> None:
    """Like rclone: the last of two puts wins, even with a condition."""
    client = s3_client(s3_settings)
    client.meta.events.register("before-parameter-build.s3.PutObject", _without_condition)
    raw = RawStore(S3Blobs(client, f"weather-{secrets.token_hex(8)}"))
    raw.blobs.ensure()
    first, _ = put(raw)
    assert put(raw, received=RECEIVED + timedelta(hours=1)) == (first, False)
    assert raw.objects("2023-12") == [first]
    client.close()


def test_a_body_without_a_sidecar_is_not_an_object_until_posted_again(raw_anywhere: RawStore) -> None:
    raw_anywhere.blobs.put(f"2023-12/{NAME}.json", BODY)
    assert raw_anywhere.objects("2023-12") == []
    assert raw_anywhere.partitions() == []
    with pytest.raises(NotFound):
        raw_anywhere.find(NAME)
    stored, new = put(raw_anywhere)
    assert new
    assert raw_anywhere.objects("2023-12") == [stored]


def test_objects_come_in_the_order_of_receipt(raw: RawStore) -> None:
    bodies = [b"%d" % n for n in range(6)]
    hours = [3, 1, 2, 1, 2, 0]
    for body, hour in zip(bodies, hours, strict=True):
        put(raw, body, received=RECEIVED + timedelta(hours=hour))
    by_receipt = sorted(zip(hours, (sha256(body).hexdigest()[:16] for body in bodies), strict=True))
    assert [stored.name for stored in raw.objects("2023-12")] == [name for _, name in by_receipt]


def test_a_time_is_kept_in_utc(raw: RawStore) -> None:
    paris = datetime.fromisoformat("2024-01-01T01:30:00+01:00")
    assert put(raw, received=paris)[0].received.isoformat() == "2024-01-01T00:30:00+00:00"
    assert raw.find(NAME).received.isoformat() == "2024-01-01T00:30:00+00:00"


def test_what_is_received_without_a_time_is_received_now(raw: RawStore) -> None:
    stored, _ = raw.put("2023-12", BODY, form="csv", records=1, provenance=PROVENANCE)
    assert timedelta() <= datetime.now(UTC) - stored.received < timedelta(minutes=1)
    assert stored.key == f"2023-12/{NAME}.csv"


def test_partitions_are_those_that_have_objects(raw: RawStore) -> None:
    for partition in (UNPLACED, "2024-01", "2023-12", "2010-01"):
        put(raw, partition=partition)
    raw.blobs.put("2022-01/readme.txt", b"somebody else's")
    raw.blobs.put(f"landing/{NAME}.meta.json", b"{}")
    assert raw.partitions() == ["2010-01", "2023-12", "2024-01", UNPLACED]


@pytest.mark.parametrize("partition", ["2023-13", "2023-1", "2023", "", "..", "2023-12/..", "2023-12\n", "unplaced2"])
def test_other_partitions_are_refused(raw: RawStore, partition: str) -> None:
    with pytest.raises(BadInput, match="is not a month"):
        put(raw, partition=partition)
    with pytest.raises(BadInput, match="is not a month"):
        raw.objects(partition)
    assert list(raw.blobs.list()) == []


@pytest.mark.parametrize("asked", [NAME, f"{NAME}.json", f"2023-12/{NAME}", f"2023-12/{NAME}.json"])
def test_an_object_is_found_by_name_or_key(raw: RawStore, asked: str) -> None:
    put(raw, b"another")
    stored, _ = put(raw)
    assert raw.find(asked) == stored


@pytest.mark.parametrize("asked", ["0" * 16, f"2024-01/{NAME}.json"])
def test_an_object_that_is_not_stored_is_not_found(raw: RawStore, asked: str) -> None:
    put(raw)
    with pytest.raises(NotFound, match=asked.partition(".")[0]):
        raw.find(asked)


@pytest.mark.parametrize("asked", ["", "x", NAME.upper(), f"../{NAME}", f"2023-12/{NAME}.meta.json", f"{NAME}\n"])
def test_what_can_be_no_name_is_refused(raw: RawStore, asked: str) -> None:
    with pytest.raises(BadInput, match="is not the name of a raw object"):
        raw.find(asked)


def test_reading_a_month_touches_no_other(blobs: Blobs) -> None:
    for partition in ("2023-11", "2023-12", "2024-01"):
        put(RawStore(blobs), partition=partition)
    watched = _Watched(blobs)
    raw = RawStore(watched)
    for stored in raw.objects("2023-12"):
        raw.read(stored)
        raw.find(stored.key)
    assert watched.touched
    assert {touched[:8] for touched in watched.touched} == {"2023-12/"}


class Receipt(NamedTuple):
    partition: str
    body: bytes
    minute: int
    killed: bool
    """The writer died between the bytes and the sidecar."""


RECEIPTS = st.lists(
    st.builds(
        Receipt,
        st.sampled_from(["2023-11", "2023-12", UNPLACED]),
        st.sampled_from([b"", b"a", b"b", b"c"]),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=30)  # every write is an fsync
@given(RECEIPTS)
def test_receiving_everything_again_changes_nothing(receipts: list[Receipt]) -> None:
    with TemporaryDirectory() as folder:
        raw = RawStore(FolderBlobs(Path(folder)))
        expected: dict[tuple[str, bytes], datetime] = {}
        for receipt in receipts:
            if receipt.killed:
                name = sha256(receipt.body).hexdigest()[:16]
                raw.blobs.put_if_absent(f"{receipt.partition}/{name}.json", receipt.body)
                continue
            _, new = _receive(raw, receipt)
            assert new == ((receipt.partition, receipt.body) not in expected)
            expected.setdefault((receipt.partition, receipt.body), _time(receipt))
        held = {
            (stored.partition, raw.read(stored)): stored.received
            for partition in raw.partitions()
            for stored in raw.objects(partition)
        }
        assert held == expected
        before = list(raw.blobs.list())
        for receipt in reversed(receipts):
            if (receipt.partition, receipt.body) in expected:
                assert not _receive(raw, receipt)[1]
        assert list(raw.blobs.list()) == before


def test_the_settings_choose_the_store(tmp_path: Path) -> None:
    raw = open_raw(Settings.from_environment({"WEATHER_HOME": str(tmp_path)}))
    stored, _ = put(raw)
    assert (tmp_path / "raw" / stored.key).read_bytes() == BODY


def test_a_store_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    """The sidecar is a format: what is stored today must be readable by every later release."""
    blobs = FolderBlobs(tmp_path)
    blobs.put(f"2023-12/{NAME}.json", BODY)
    blobs.put(
        f"2023-12/{NAME}.meta.json",
        b"""{
          "partition": "2023-12", "name": "%(name)s", "form": "json", "size_bytes": 25, "records": 1,
          "sha256": "%(sha256)s", "received": "2024-01-02T03:04:05.678901Z",
          "provenance": {
            "source": "upload", "name": "\xc3\xa9t\xc3\xa9 2023.json", "licence": "Etalab", "synthetic": true
          }
        }"""
        % {b"name": NAME.encode(), b"sha256": sha256(BODY).hexdigest().encode()},
    )
    today, _ = put(RawStore(FolderBlobs(tmp_path / secrets.token_hex(4))))
    raw = RawStore(blobs)
    assert raw.objects("2023-12") == [msgspec.structs.replace(today, posting=FIRST_POSTING)]
    assert _post(raw, "a-0", 1).posting == "a-0"
    raw.withdraw("2023-12", NAME, "a-0", Withdrawal(at=RECEIVED, by="", reason=""))
    assert [stored.posting for stored in raw.objects("2023-12")] == [FIRST_POSTING]


def _post(
    raw: RawStore, posting: str, minute: int, is_overruled: Callable[[str, str], bool] = lambda _p, _n: False
) -> RawObject:
    return raw.put(
        "2023-12",
        BODY,
        form="json",
        records=1,
        provenance=PROVENANCE,
        received=RECEIVED + timedelta(minutes=minute),
        posting=posting,
        is_overruled=is_overruled,
    )[0]


def _without_condition(params: dict[str, Any], **_: object) -> None:
    params.pop("IfNoneMatch", None)


def _receive(raw: RawStore, receipt: Receipt) -> tuple[RawObject, bool]:
    return put(raw, receipt.body, partition=receipt.partition, received=_time(receipt))


def _time(receipt: Receipt) -> datetime:
    return RECEIVED + timedelta(minutes=receipt.minute)


class _Watched:
    """Blobs that remember every key and prefix they were asked for."""

    def __init__(self, blobs: Blobs) -> None:
        self.blobs = blobs
        self.touched = list[str]()

    def ensure(self) -> None:
        self.blobs.ensure()

    def ping(self) -> None:
        self.blobs.ping()

    def put_if_absent(self, key: str, body: bytes) -> bool:
        self.touched.append(key)
        return self.blobs.put_if_absent(key, body)

    def put(self, key: str, body: bytes) -> None:
        self.touched.append(key)
        self.blobs.put(key, body)

    def get(self, key: str) -> bytes:
        self.touched.append(key)
        return self.blobs.get(key)

    def stream(self, key: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        self.touched.append(key)
        return self.blobs.stream(key, first, last)

    def stat(self, key: str) -> BlobInfo:
        self.touched.append(key)
        return self.blobs.stat(key)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        self.touched.append(prefix)
        return self.blobs.list(prefix)

    def delete(self, key: str) -> None:
        self.touched.append(key)
        self.blobs.delete(key)

    def move(self, key: str, to: str) -> None:
        self.touched += [key, to]
        self.blobs.move(key, to)
