"""Locks that really exclude, addresses that are read as meant, and errors that name cause and cure."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Timer
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from weather_platform.domain.errors import (
    BadSettings,
    NothingStored,
    StoreBusy,
    StoreRefused,
    StoreUnavailable,
    WeatherError,
)
from weather_platform.settings import Settings
from weather_platform.storage import databases
from weather_platform.storage.databases import exclusive, open_engine, reaching, reading
from weather_platform.storage.opening import open_staging
from weather_platform.storage.staging import StagingStore
from weather_platform_tests.observations import NICE, NOWHERE, at, month_of
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.process import LOOPBACK, free_port
from weather_platform_tests.servers.sql import PASSWORD, USER
from weather_platform_tests.storage.conftest import opened
from weather_platform_tests.storage.contents import contents

DECEMBER = "2023-12"


@contextmanager
def engine_of(url: str, *, read_only: bool = False) -> Iterator[sa.Engine]:
    engine = open_engine(url, read_only=read_only)
    yield engine
    engine.dispose()


@contextmanager
def held_by_another_process(url: str, *names: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "weather_platform_tests.storage.holding", url, *names]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_lock_excludes_others_and_is_released_if_its_holder_dies(staging_url: str) -> None:
    with engine_of(staging_url) as engine, held_by_another_process(staging_url, "stage:a", "stage:b") as holder:
        with exclusive(engine, "stage:c", timeout_s=0):  # another lock is another's
            pass
        for names in (("stage:a",), ("stage:c", "stage:b")):
            held = r"Another run has held stage:[ab] for 0 s\. Wait for it"
            with pytest.raises(StoreUnavailable, match=held), exclusive(engine, *names, timeout_s=0):
                pass
        os.kill(holder.pid, signal.SIGKILL)
        with exclusive(engine, "stage:a", "stage:b", timeout_s=10):
            pass


def test_a_lock_is_free_after_its_use_and_after_an_error_in_it(staging_url: str) -> None:
    with engine_of(staging_url) as engine, engine_of(staging_url) as other:
        with pytest.raises(ZeroDivisionError), exclusive(engine, "a", "b"):
            raise ZeroDivisionError
        with exclusive(other, "a", "b", "b", timeout_s=0):
            pass
        with exclusive(engine, "a", timeout_s=0):
            pass


def test_a_lock_is_waited_for_in_parts(staging_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing is treated as gone: no statement lasts as long as the longest wait for a lock."""
    monkeypatch.setattr(databases, "_LOCK_PART_S", 1)
    with engine_of(staging_url) as engine, held_by_another_process(staging_url, "a") as holder:
        with pytest.raises(StoreUnavailable, match="has held a for 2 s"), exclusive(engine, "a", timeout_s=2):
            pass
        Timer(1.5, os.kill, (holder.pid, signal.SIGKILL)).start()
        with exclusive(engine, "a", timeout_s=20):
            pass


def test_no_free_connection_is_an_outage_and_soon_told(staging_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_FREE_IN_S", 0.1)
    engine = open_engine(staging_url, connections=2)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(reading(engine))
        with pytest.raises(StoreBusy, match="All connections of this process") as busy, reading(engine):
            pass
    assert PASSWORD not in str(busy.value)
    with reading(engine):
        pass
    engine.dispose()


def test_a_server_without_a_free_connection_is_busy(mariadb_server: MariaDB, fresh_mariadb_database: str) -> None:
    mariadb_server.execute(
        "CREATE OR REPLACE USER few@'%' IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS 1", "GRANT ALL ON *.* TO few@'%'"
    )
    database = fresh_mariadb_database.rpartition("/")[2]
    url = f"mysql+pymysql://few:few@{LOOPBACK}:{mariadb_server.port}/{database}"
    with (
        engine_of(url) as one,
        engine_of(url) as another,
        reading(one),
        pytest.raises(StoreBusy, match="max_user_connections"),
        reading(another),
    ):
        pass
    mariadb_server.execute("DROP USER few@'%'")


def test_locks_of_two_databases_are_not_one(mariadb_server: MariaDB, tmp_path: Path) -> None:
    """Lock names are the server's, not the database's."""
    with ExitStack() as stack:
        urls = [stack.enter_context(mariadb_server.fresh_database()) for _ in range(2)]
        urls += [f"sqlite:///{tmp_path / name}" for name in "ab"]
        for engine in [stack.enter_context(engine_of(url)) for url in urls]:
            stack.enter_context(exclusive(engine, "stage:a", timeout_s=0))


@pytest.mark.parametrize("name", ["plain", "été", "a b", "100%", "50%20", "a#b", "a&mode=rw", "l'eau", "x;y"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    url = f"sqlite:///{tmp_path / name / 'staging.sqlite'}"
    with opened(url, tmp_path / "csv") as staging:
        staging.replace_month(DECEMBER, month_of([at("2023-12-01T00")]))
    assert (tmp_path / name / "staging.sqlite").is_file()
    with engine_of(url, read_only=True) as engine:
        assert len(contents(StagingStore(engine, tmp_path))["nice"]) == 1


def test_an_engine_to_read_never_writes_nor_makes_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'staging.sqlite'}"
    settings = Settings.from_environment({"WEATHER_HOME": str(tmp_path), "WEATHER_STAGING_URL": url})
    reader = open_staging(settings, read_only=True)
    with pytest.raises(NothingStored, match=r"Nothing is stored yet in .*staging\.sqlite\. Load a month first"):
        reader.coverage()
    assert list(tmp_path.iterdir()) == []
    with opened(url, tmp_path / "csv") as writer:
        writer.replace_month(DECEMBER, month_of([at("2023-12-01T00")]))
    assert len(reader.coverage()) == 1
    with pytest.raises(StoreRefused, match="attempt to write a readonly database"):
        reader.replace_month("2023-11", month_of([at("2023-11-01T00", NOWHERE)]))
    reader.engine.dispose()


def test_readers_of_sqlite_neither_wait_for_a_writer_nor_hold_it_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'staging.sqlite'}"
    with opened(url, tmp_path) as writer, opened(url, tmp_path) as reader:
        writer.replace_month(DECEMBER, month_of([at("2023-12-01T00"), at("2023-12-01T03")]))
        rows = reader.rows(next(iter(reader.stations().values())))
        next(rows)
        began = time.monotonic()
        with writer.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM nice")
            assert [coverage.observations for coverage in reader.coverage()] == [2]
        assert len(list(rows)) == 1
        assert time.monotonic() - began < 5  # a wait would last 30 s


@pytest.mark.parametrize(
    ("account", "port", "database", "error", "said"),
    [
        (
            "weather:secret",
            "OPEN",
            "db",
            StoreRefused,
            "Access denied for user .weather.*Correct the user",
        ),
        ("nobody:secret", "OPEN", "db", StoreRefused, "Access denied for user 'nobody'"),
        ("OURS", "OPEN", "absent", StoreRefused, "Unknown database 'absent'.* Create the database"),
        ("weather:secret", "SHUT", "db", StoreUnavailable, "Can't connect to MySQL server.* Start the server, or"),
    ],
)
def test_a_database_that_does_not_let_us_in_says_why(
    mariadb_server: MariaDB,
    tmp_path: Path,
    account: str,
    port: str,
    database: str,
    error: type[WeatherError],
    said: str,
) -> None:
    mariadb_server.start()
    account = account.replace("OURS", f"{USER}:{quote(PASSWORD, safe='')}")
    at_port = mariadb_server.port if port == "OPEN" else free_port()
    with (
        engine_of(f"mysql+pymysql://{account}@{LOOPBACK}:{at_port}/{database}") as engine,
        pytest.raises(error) as raised,
    ):
        StagingStore(engine, tmp_path).ensure()
    message = str(raised.value)
    assert re.search(f"^The staging database mysql\\+pymysql://[a-z]+:\\*\\*\\*@.* answers: {said}", message)
    assert type(raised.value).transient is (error is StoreUnavailable)
    assert [secret for secret in ("secret", PASSWORD, quote(PASSWORD, safe=""), "\n") if secret in message] == []


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("mysql+pymysql://weather:secret@host:port/db", "WEATHER_STAGING_URL is not the address of a database."),
        ("mysql+pymysql:/secret", "WEATHER_STAGING_URL is not the address of a database."),
        ("mysql+pymysql://weather:secret@host:3306/", "WEATHER_STAGING_URL names no database."),
        ("mysql+pymysql://weather:secret@host", "WEATHER_STAGING_URL names no database."),
    ],
)
def test_an_address_that_cannot_be_read_is_a_bad_setting(url: str, cause: str) -> None:
    with pytest.raises(BadSettings) as raised:
        open_engine(url)
    assert raised.value.cause == cause
    assert "secret" not in str(raised.value)


def test_a_server_that_dies_in_the_middle_leaves_the_old_month(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(MariaDB(tmp_path / "server"))
        staging = stack.enter_context(opened(stack.enter_context(server.fresh_database()), tmp_path / "csv"))
        staging.replace_month(DECEMBER, month_of([at("2023-12-01T00")]))
        before = contents(staging)
        with pytest.raises(StoreUnavailable, match=r"Lost connection|gone away|Connection reset"):
            _delete_while_it_dies(staging, server)
        with pytest.raises(StoreUnavailable, match=r"Can't connect.*Start the server"):
            staging.replace_month(DECEMBER, month_of([]))
        server.start()
        assert contents(staging) == before
        staging.replace_month(DECEMBER, month_of([]))
        assert "nice" not in contents(staging)


def _delete_while_it_dies(staging: StagingStore, server: MariaDB) -> None:
    with reaching(staging.engine), staging.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM nice")
        server.kill()
        connection.exec_driver_sql("DELETE FROM _coverage")


def test_a_full_disk_is_said_and_leaves_the_old_month(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'staging.sqlite'}", tmp_path) as staging:
        staging.replace_month(DECEMBER, month_of([at("2023-12-01T00")]))
        before = contents(staging)

        @sa.event.listens_for(staging.engine, "begin")
        def _no_more(connection: sa.Connection) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")

        days = [at(f"2023-12-{day:02}T{hour:02}", raw_object="x" * 16) for day in range(1, 32) for hour in range(24)]
        with pytest.raises(StoreUnavailable, match=r"disk is full\. Free space on its disk"):
            staging.replace_month(DECEMBER, month_of(days))
        assert contents(staging) == before


def test_a_full_table_of_a_server_is_said(fresh_mariadb_database: str) -> None:
    with engine_of(fresh_mariadb_database) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("SET max_heap_table_size = 16384")
            connection.exec_driver_sql("CREATE TABLE small (a CHAR(200)) ENGINE = MEMORY")
        full = pytest.raises(StoreUnavailable, match=r"The table 'small' is full\. Free space on the database server's")
        with full, reaching(engine), engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO small VALUES " + ",".join(["('a')"] * 1_000))


@pytest.mark.parametrize("what", ["a folder", "another file", "no folder"])
def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "staging.sqlite"
    if what == "a folder":
        path.mkdir()
    elif what == "another file":
        path.write_bytes(b"not a database, but long enough to be taken for one" * 99)
    else:
        path.write_text("")
        path = path / "staging.sqlite"
    with pytest.raises(StoreRefused, match="WEATHER_STAGING_URL") as raised, opened(f"sqlite:///{path}", tmp_path):
        pass
    assert not type(raised.value).transient


def test_what_is_read_together_is_of_one_moment(staging_url: str, tmp_path: Path) -> None:
    """A summary counts rows and coverage as they were when it began."""
    with opened(staging_url, tmp_path) as staging, reading(staging.engine) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM _months").scalar() == 0
        assert staging.stations() == {}
        staging.replace_month(DECEMBER, month_of([at("2023-12-01T00", NICE)]))
        assert list(staging.stations()) == [NICE]


def test_a_connection_lost_right_after_its_lock_was_released_is_no_error(fresh_mariadb_database: str) -> None:
    with engine_of(fresh_mariadb_database) as engine, engine_of(fresh_mariadb_database) as other:

        @sa.event.listens_for(engine, "after_cursor_execute")
        def kill(connection: sa.Connection, _: object, statement: str, *_more: object) -> None:
            if "release_lock" in statement:
                number = connection.connection.dbapi_connection.thread_id()  # type: ignore[union-attr]
                with other.connect() as killing:
                    killing.exec_driver_sql(f"KILL CONNECTION {number}")

        with exclusive(engine, "stage:a"):
            pass
        with exclusive(other, "stage:a", timeout_s=0), exclusive(engine, "stage:b", timeout_s=0):
            pass


def test_however_many_wait_for_a_lock_its_holder_can_work(fresh_mariadb_database: str) -> None:
    """All through one engine, as the threads of the API are: more than its pool keeps."""
    waiting = 20
    with engine_of(fresh_mariadb_database) as engine, ThreadPoolExecutor(waiting) as pool:

        def wait() -> None:
            with exclusive(engine, "stage:a", timeout_s=30):
                pass

        with exclusive(engine, "stage:a"):
            waiters = [pool.submit(wait) for _ in range(waiting)]
            began = time.monotonic()
            while _waiting_for_a_lock(engine) < waiting:
                assert time.monotonic() - began < 20
                time.sleep(0.05)
        for waiter in waiters:
            waiter.result()


def _waiting_for_a_lock(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        query = "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock'"
        return int(connection.exec_driver_sql(query).scalar() or 0)
