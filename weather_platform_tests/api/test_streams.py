"""Downloads on real stores: they let go of their connection when the caller leaves, are bounded, and take no memory."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from pymongo import MongoClient

from weather_platform.domain.stations import STATIONS
from weather_platform.storage import databases, opening
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at
from weather_platform_tests.runtime.serving import wait_for

AT_ONCE = 6
STREAMS = {"WEATHER_API_STREAMS": str(AT_ONCE)}
CITIES = sorted(STATIONS)[:40]
STAGING = "/staging?format={form}&city=" + ",".join(CITIES)
DOCUMENTS = "/curated?format={form}"


@pytest.fixture
def on_servers(tmp_path: Path, fresh_mariadb_database: str, fresh_mongo_database: str) -> Iterator[Api]:
    """A month of forty cities on MariaDB and mongod: 9,600 observations, 1,200 documents."""
    stores = {"WEATHER_STAGING_URL": fresh_mariadb_database, "WEATHER_CURATED_URL": fresh_mongo_database}
    with served(settings_at(tmp_path, **stores, **STREAMS)) as api:
        _fill(api)
        yield api


@pytest.fixture(scope="module")
def on_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The same on the embedded stores."""
    with served(settings_at(tmp_path_factory.mktemp("files"), **STREAMS)) as api:
        _fill(api)
        yield api


def _fill(api: Api) -> None:
    api.ingest("/ingest-fast", as_json(observations("2023-11", stations=CITIES, days=30)))


@contextlib.contextmanager
def slow_reader(api: Api, path: str) -> Iterator[socket.socket]:
    """A caller that reads the first kilobyte of an answer, and no more; its window is as small as can be."""
    address = urlsplit(str(api.client.base_url))
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        caller.connect((address.hostname, address.port))
        caller.sendall(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        assert caller.recv(1_024).startswith(b"HTTP/1.1 200")
        yield caller


INNODB_CACHE_S = 0.1
"""InnoDB answers `innodb_trx` from a cache as long as two reads are closer than this: a faster poll sees no change."""


def open_transactions(url: str) -> int:
    """Of the database of this address."""
    time.sleep(2 * INNODB_CACHE_S)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    asked = (
        "SELECT COUNT(*) FROM information_schema.innodb_trx t "
        "JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()"
    )
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(asked).scalar_one())


def open_cursors(url: str) -> int:
    with MongoClient[dict[str, object]](url) as client:
        idle = client.admin.aggregate(
            [
                {"$currentOp": {"idleCursors": True, "allUsers": True}},
                {"$match": {"type": "idleCursor", "ns": f"{client.get_default_database().name}.WeatherStats"}},
            ]
        )
        return len(list(idle))


def open_files(name: str) -> int:
    return sum(name in str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())


@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet", "json&limit=100000"])
def test_a_cancelled_download_ends_its_transaction(on_servers: Api, form: str) -> None:
    url = on_servers.settings.staging_url
    with contextlib.ExitStack() as callers:
        for _ in range(AT_ONCE):
            callers.enter_context(slow_reader(on_servers, STAGING.format(form=form)))
        if form not in ("csv", "parquet"):  # all of those may fit in the buffers between the two
            wait_for(lambda: open_transactions(url) >= AT_ONCE // 2, "transactions")
    wait_for(lambda: open_transactions(url) == 0, "the transactions to end")
    wait_for(lambda: on_servers.services.streams.open == 0, "the streams to end")


def test_a_cancelled_download_closes_its_cursor_of_mongodb(on_servers: Api) -> None:
    url = on_servers.settings.curated_url
    with contextlib.ExitStack() as callers:
        for _ in range(AT_ONCE):
            callers.enter_context(slow_reader(on_servers, DOCUMENTS.format(form="ndjson") + "&from=2023-11-01"))
        before = open_cursors(url)
    wait_for(lambda: open_cursors(url) == 0, f"{before} cursors to be closed")


def test_without_a_free_connection_the_answer_is_503_at_once(
    tmp_path: Path, fresh_mariadb_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_BESIDE_DOWNLOADS", 1)  # which the look for changes keeps
    monkeypatch.setattr(databases, "_FREE_IN_S", 0.2)
    with served(settings_at(tmp_path, WEATHER_STAGING_URL=fresh_mariadb_database, **STREAMS)) as api:
        _fill(api)
        with contextlib.ExitStack() as callers:
            for _ in range(AT_ONCE):
                callers.enter_context(slow_reader(api, STAGING.format(form="ndjson")))
            wait_for(lambda: open_transactions(fresh_mariadb_database) == AT_ONCE, "transactions")
            for answer in (
                api.get("/staging/cities"),
                api.post_file("/ingest-fast", as_json(observations("2023-12"))),
            ):
                told = answer.status_code, answer.headers["retry-after"], answer.json()["detail"]
                assert told == (503, "5", "A store of the platform has no free connection.")
            assert api.get("/curated/cities/nice").status_code == 200
        wait_for(lambda: api.get("/staging/cities").status_code == 200, "free connections")


@pytest.mark.parametrize(("path", "file"), [(STAGING, "staging.sqlite"), (DOCUMENTS, "curated.sqlite")])
def test_a_cancelled_download_closes_its_sqlite_file(on_files: Api, path: str, file: str) -> None:
    before = open_files(file)
    for _ in range(3):
        with contextlib.ExitStack() as callers:
            for _ in range(AT_ONCE):
                callers.enter_context(slow_reader(on_files, path.format(form="ndjson")))
        wait_for(lambda: on_files.services.streams.open == 0, "the streams to end")
    # SQLAlchemy's pool keeps five, each with its log and its index.
    assert open_files(file) <= before + 3 * 5


def test_beyond_the_limit_is_503_and_small_reads_go_on(on_servers: Api) -> None:
    with contextlib.ExitStack() as callers:
        for _ in range(AT_ONCE):
            callers.enter_context(slow_reader(on_servers, STAGING.format(form="ndjson")))
        refused = on_servers.get(STAGING.format(form="csv"))
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "6 downloads" in refused.json()["detail"]
        for path in ("/readyz", "/curated/cities/nice", "/staging/cities/nice"):
            assert on_servers.get(path).status_code in (200, 404), path
        assert on_servers.post_file("/ingest-fast", as_json(observations("2023-10"))).status_code == 200
    wait_for(lambda: on_servers.services.streams.open == 0, "the streams to end")
    assert on_servers.get(STAGING.format(form="csv")).status_code == 200


def test_a_caller_that_takes_nothing_is_left(on_files: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.streams.STALLED_S", 0.5)
    with slow_reader(on_files, STAGING.format(form="ndjson")):
        wait_for(lambda: on_files.services.streams.open == 0, "the stream to end")


def test_the_head_of_a_download_reads_nothing_more(on_files: Api) -> None:
    started = time.perf_counter()
    head = on_files.client.head(STAGING.format(form="ndjson"))
    assert (head.status_code, head.headers["content-type"]) == (200, "application/x-ndjson")
    assert time.perf_counter() - started < 1
    wait_for(lambda: on_files.services.streams.open == 0, "the stream to end")


def test_a_long_page_names_the_next_one_in_its_json(on_files: Api) -> None:
    first = on_files.get("/curated?limit=1100").json()
    rest = on_files.client.get(first["next"]).json()
    whole = on_files.get("/curated?limit=2000").json()
    assert (first["count"], rest["count"], rest["next"], whole["next"]) == (1_100, 100, None, None)
    assert first["data"] + rest["data"] == whole["data"]


@pytest.mark.slow
def test_it_answers_that_it_lives_while_all_else_is_busy(on_files: Api) -> None:
    seconds: list[float] = []
    with contextlib.ExitStack() as callers:
        for _ in range(150):
            caller = callers.enter_context(socket.socket())
            caller.connect((on_files.client.base_url.host, on_files.client.base_url.port))
            caller.sendall(f"GET {STAGING.format(form='csv')} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        for _ in range(20):
            started = time.perf_counter()
            assert httpx.get(f"{on_files.client.base_url}/livez", timeout=30).status_code == 200
            seconds.append(time.perf_counter() - started)
    assert max(seconds) < 5, seconds  # what Kubernetes allows a probe
