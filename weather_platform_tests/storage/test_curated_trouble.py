"""What a person is told when a curated store cannot be used, adapter by adapter."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, OperationFailure

from weather_platform.domain.errors import BadSettings, StoreRefused, StoreUnavailable
from weather_platform.domain.months import Month
from weather_platform.settings import Settings
from weather_platform.storage import curated_mongodb
from weather_platform.storage.curated import CuratedStore
from weather_platform.storage.curated_mongodb import MongoCurated
from weather_platform.storage.curated_sqlite import SqliteCurated
from weather_platform.storage.opening import open_curated
from weather_platform_tests.full_disk import files_of_at_most
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.process import LOOPBACK, free_port
from weather_platform_tests.storage.documents import NICE, day_document, month_documents

DECEMBER = Month(2023, 12)
DAYS = (DECEMBER.first_day, DECEMBER.last_day)
CALLS: list[Callable[[CuratedStore], object]] = [
    lambda store: store.ensure(),
    lambda store: store.ping(),
    lambda store: store.replace(DAYS, []),
    lambda store: store.get(f"{NICE}:2023-12-01"),
    lambda store: list(store.find()),
    lambda store: list(store.events()),
    lambda store: store.cities(),
    lambda store: store.days(),
    lambda store: store.coverage(),
    lambda store: store.revision(),
    lambda store: store.month_revision(DECEMBER),
]
READS = CALLS[3:]


# SQLite


def test_a_reader_of_a_missing_file_is_told_to_load_and_creates_none(tmp_path: Path) -> None:
    store = SqliteCurated(tmp_path / "none" / "curated.sqlite", read_only=True)
    for call in (lambda store: store.ping(), *READS):
        with pytest.raises(StoreUnavailable, match=r"Nothing is stored yet.*weather load") as trouble:
            call(store)
        assert trouble.value.transient
    assert list(tmp_path.iterdir()) == []


def test_a_reader_sees_what_a_writer_wrote_and_cannot_write(tmp_path: Path) -> None:
    settings = Settings.from_environment({"WEATHER_HOME": str(tmp_path / "hô me%20?#")})
    writer, reader = open_curated(settings), open_curated(settings, read_only=True)
    for documents in (month_documents(DECEMBER, 1.0), month_documents(DECEMBER, 2.0)):
        writer.replace(DAYS, documents)
        reader.ping()
        assert list(reader.find()) == documents
        assert reader.revision() == writer.revision()
    with pytest.raises(StoreRefused, match="right to write"):
        reader.replace(DAYS, [])
    assert len(list(writer.find())) == 5 * 31


def test_a_reader_of_an_empty_file_is_told_to_load(tmp_path: Path) -> None:
    (tmp_path / "curated.sqlite").touch()
    with pytest.raises(StoreUnavailable, match="weather load"):
        SqliteCurated(tmp_path / "curated.sqlite", read_only=True).days()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_of_something_else_is_refused(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "curated.sqlite"
    path.write_bytes(b"numer_sta;date\n" * 1_000)
    for call in CALLS[1:]:
        with pytest.raises(StoreRefused, match=f"{path}.*not an SQLite database"):
            call(SqliteCurated(path, read_only=read_only))
    assert path.read_bytes() == b"numer_sta;date\n" * 1_000


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for call in CALLS:
        with pytest.raises(StoreRefused, match="WEATHER_CURATED_URL"):
            call(SqliteCurated(tmp_path / "file" / "curated.sqlite"))


def test_a_full_disk_leaves_the_month_as_it_was(tmp_path: Path) -> None:
    store = SqliteCurated(tmp_path / "curated.sqlite")
    before = month_documents(DECEMBER, 1.0, range(1))
    store.replace(DAYS, before)
    with files_of_at_most(200_000), pytest.raises(StoreUnavailable, match="run again") as trouble:
        store.replace(DAYS, month_documents(DECEMBER, 2.0, range(40)))
    assert trouble.value.transient
    assert list(store.find()) == before


# MongoDB


def test_a_server_that_is_down_is_told_within_seconds() -> None:
    port = free_port()
    with closing(MongoCurated(f"mongodb://user:s3cret@{LOOPBACK}:{port}/weather")) as store:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match=f"{LOOPBACK}:{port}/weather does not answer.*Start the") as trouble:
            store.ping()
        assert time.monotonic() - began < 4
    assert trouble.value.transient
    assert "s3cret" not in f"{trouble.value}{store!r}"


@pytest.mark.slow
def test_every_call_tells_that_the_server_is_down() -> None:
    """The address may say how long to wait."""
    url = f"mongodb://{LOOPBACK}:{free_port()}/weather?serverSelectionTimeoutMS=50"
    with closing(MongoCurated(url)) as store:
        for call in CALLS:
            with pytest.raises(StoreUnavailable, match="does not answer"):
                call(store)


def test_a_transaction_that_finds_the_cache_full_is_tried_again(
    fresh_mongo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curated_mongodb, "_WAITS_FOR_CACHE_S", (0, 0))
    single = OperationFailure("transaction is too large and will not fit in the storage engine cache", 388)
    many = BulkWriteError({"writeErrors": [{"code": 388}]})
    with closing(MongoCurated(fresh_mongo_database)) as store:
        answers = iter([single, many, None])

        def work(session: ClientSession) -> str:
            store.database["anything"].insert_one({}, session=session)
            if answer := next(answers):
                raise answer
            return "done"

        assert store.in_transaction(work) == "done"
        assert store.database["anything"].count_documents({}) == 1
        answers = iter([single, many, many])
        with pytest.raises(StoreUnavailable, match=r"does not fit into its cache\. Run again; .*MONGODB_CACHE_GB"):
            store.in_transaction(work)


def test_a_standalone_server_is_refused_with_its_cure(tmp_path: Path) -> None:
    with (
        MongoDB(tmp_path / "server", replica_set=False) as server,
        server.fresh_database() as url,
        closing(MongoCurated(url)) as store,
    ):
        for call in CALLS[:3]:
            with pytest.raises(StoreRefused, match=r"standalone server.*--replSet rs0.*rs\.initiate\(\)"):
                call(store)
        assert store.database.list_collection_names() == []


@pytest.mark.slow
def test_a_server_that_comes_back_is_used_again(mongodb_server: MongoDB, fresh_mongo_database: str) -> None:
    with closing(MongoCurated(fresh_mongo_database)) as store:
        store.replace(DAYS, [day_document(NICE, DECEMBER.first_day)])
        mongodb_server.stop()
        with pytest.raises(StoreUnavailable):
            store.ping()
        mongodb_server.start()
        assert len(list(store.find())) == 1
        assert store.replace(DAYS, []).deleted == 1


@pytest.mark.slow
def test_a_wrong_password_is_not_an_outage(mongodb_server: MongoDB) -> None:
    url = f"mongodb://weather:wr0ng@{LOOPBACK}:{mongodb_server.port}/weather"
    with closing(MongoCurated(url)) as store:
        for call in CALLS[:3]:  # the driver pauses after each
            with pytest.raises(StoreRefused, match="user and password in WEATHER_CURATED_URL") as trouble:
                call(store)
            assert not trouble.value.transient
            assert "wr0ng" not in str(trouble.value)


@pytest.mark.parametrize(
    "url", ["mongodb://127.0.0.1", "mongodb://127.0.0.1/?replicaSet=rs0", "mongodb://", "mongodb://a:b:c/x"]
)
def test_an_address_that_names_no_database_is_refused(url: str) -> None:
    with closing(MongoCurated(url)) as store, pytest.raises(BadSettings, match="mongodb://host/database"):
        store.ping()
