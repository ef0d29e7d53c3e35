"""What tests share: the real servers, started when the first test asks, and the real data beside the checkout.

A test asks for what it needs of a server: ``fresh_…`` (an empty database or bucket of its own, removed afterwards),
``…_url`` (the address), ``…_server`` (the server, to kill and start again). Where a server is missing, the test is
skipped, and named at the end of the run; with ``CI=true`` it fails. Only MySQL, which must be fetched from a moving
archive, may be missing there too. The real observations are part of no clone: claims about the real world alone ask
for them, and fail without them where ``WEATHER_TESTS_REAL_DATA=required``.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.mysql import MySQL
from weather_platform_tests.servers.process import Server, ServerFetchFailed, ServerMissing
from weather_platform_tests.servers.rclone import Rclone
from weather_platform_tests.servers.redis import Redis
from weather_platform_tests.servers.s3 import S3Server

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "real"
_REAL_DATA_REQUIRED = os.environ.get("WEATHER_TESTS_REAL_DATA") == "required"
_CI = os.environ.get("CI") == "true"
_NOT_TESTED = "not tested: "

AnyServer = TypeVar("AnyServer", bound=Server)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real observations, beside the checkout; its README says what each file is."""
    if not REAL_DATA.is_dir():
        reason = "the real observations are not beside the checkout, in ../shared/data/real."
        _not_tested(reason, "WEATHER_TESTS_REAL_DATA=required" if _REAL_DATA_REQUIRED else "")
    return REAL_DATA


@pytest.fixture
def weather_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """WEATHER_HOME in the environment, new and empty, and nothing else that the platform reads: the embedded stores."""
    for name in [*os.environ]:
        if name.startswith(("WEATHER_", "DAGSTER_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WEATHER_ENV_FILE", os.devnull)  # a developer's own .env is not the tests' business
    monkeypatch.setenv("WEATHER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with _run(MariaDB(tmp_path_factory.mktemp("mariadb") / "server")) as server:
        yield server


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MySQL]:
    with _run(MySQL(tmp_path_factory.mktemp("mysql") / "server")) as server:
        yield server


@pytest.fixture(scope="session")
def mongodb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoDB]:
    """A replica set of one, which has transactions."""
    with _run(MongoDB(tmp_path_factory.mktemp("mongodb") / "server", replica_set=True)) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with _run(Redis(tmp_path_factory.mktemp("redis") / "server")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rclone]:
    with _run(Rclone(tmp_path_factory.mktemp("rclone") / "server")) as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb_server: MariaDB) -> str:
    mariadb_server.start()
    return mariadb_server.url()


@pytest.fixture
def mysql_url(mysql_server: MySQL) -> str:
    mysql_server.start()
    return mysql_server.url()


@pytest.fixture
def mongodb_url(mongodb_server: MongoDB) -> str:
    mongodb_server.start()
    return mongodb_server.url()


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    redis_server.start()
    return redis_server.url


@pytest.fixture
def s3_endpoint(s3_server: S3Server) -> str:
    """The address for boto3; the keys and the region are in `servers.s3`."""
    s3_server.start()
    return s3_server.endpoint_url


@pytest.fixture
def fresh_mariadb_database(mariadb_server: MariaDB) -> Iterator[str]:
    """The ``mysql+pymysql://`` address of an empty database on MariaDB."""
    with mariadb_server.fresh_database() as url:
        yield url


@pytest.fixture
def fresh_mysql_database(mysql_server: MySQL) -> Iterator[str]:
    """The ``mysql+pymysql://`` address of an empty database on MySQL itself."""
    with mysql_server.fresh_database() as url:
        yield url


@pytest.fixture
def fresh_mongo_database(mongodb_server: MongoDB) -> Iterator[str]:
    """The ``mongodb://…/database`` address of an empty database on the replica set."""
    with mongodb_server.fresh_database() as url:
        yield url


@pytest.fixture
def fresh_bucket(s3_server: S3Server) -> Iterator[str]:
    """The name of an empty bucket on the S3 server."""
    with s3_server.fresh_bucket() as name:
        yield name


@contextmanager
def _run(server: AnyServer) -> Iterator[AnyServer]:
    try:
        with server:
            yield server
    except ServerFetchFailed as missing:
        pytest.skip(f"{_NOT_TESTED}{missing}")
    except ServerMissing as missing:
        _not_tested(str(missing))
    finally:
        shutil.rmtree(server.folder, ignore_errors=True)


def _not_tested(reason: str, demanded_by: str = "CI=true" if _CI else "") -> None:
    if demanded_by:
        pytest.fail(f"{reason} {demanded_by} wants it tested.", pytrace=False)
    pytest.skip(f"{_NOT_TESTED}{reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that did not run, by what they want: they are no success."""
    tests_by_reason: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        tests_by_reason.setdefault(reason.removeprefix("Skipped: ").removeprefix(_NOT_TESTED), []).append(report.nodeid)
    if tests_by_reason:
        count = sum(map(len, tests_by_reason.values()))
        terminalreporter.section(f"{count} TESTS DID NOT RUN", yellow=True, bold=True)
        for reason, tests in tests_by_reason.items():
            terminalreporter.write_line(f"{len(tests)} for this reason: {reason}")
            for test in tests:
                terminalreporter.write_line(f"    {test}")
