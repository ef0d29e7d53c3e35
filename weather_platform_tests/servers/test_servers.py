"""The servers that the other tests trust: they are real, they survive what fault tests do to them, and they go away."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from pymongo import MongoClient
from redis import Redis as RedisClient
from sqlalchemy import create_engine, text

from weather_platform_tests.servers.process import Server, ServerFailed, ServerMissing, find_program, listens
from weather_platform_tests.servers.redis import Redis
from weather_platform_tests.servers.s3 import S3Server
from weather_platform_tests.servers.sql import SqlServer

REPOSITORY = Path(__file__).resolve().parents[2]
SQL_DATABASES = ("fresh_mariadb_database", "fresh_mysql_database")
PROCESSES = ("mariadb_server", "mysql_server", "mongodb_server", "redis_server")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One of the session's servers, handed back running."""
    server: Server = request.getfixturevalue(request.param)
    server.start()
    yield server
    server.start()


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty SQL database on one of the servers."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.mark.parametrize("database_url", SQL_DATABASES, indirect=True)
def test_sql_servers_keep_every_sign_and_take_load_data_local(database_url: str, tmp_path: Path) -> None:
    rows = [(1, "Évreux"), (2, "🌧 東京")]
    csv = tmp_path / "rows.csv"
    csv.write_text("".join(f"{number},{name}\n" for number, name in rows))
    engine = create_engine(database_url, connect_args={"local_infile": True})
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (number INT PRIMARY KEY, name TEXT) ENGINE=InnoDB"))
        connection.execute(
            text("LOAD DATA LOCAL INFILE :csv INTO TABLE t CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','"),
            {"csv": str(csv)},
        )
        assert connection.execute(text("SELECT number, name FROM t ORDER BY number")).all() == rows
    engine.dispose()


@pytest.mark.parametrize(
    ("fixture", "product"), [("mariadb_url", r"\d+\.\d+\.\d+-MariaDB.*"), ("mysql_url", r"\d+\.\d+\.\d+(-\d)?")]
)
def test_sql_servers_are_what_they_are_called(fixture: str, product: str, request: pytest.FixtureRequest) -> None:
    engine = create_engine(request.getfixturevalue(fixture))
    with engine.connect() as connection:
        assert re.fullmatch(product, connection.execute(text("SELECT VERSION()")).scalar_one())
    engine.dispose()


def test_the_replica_set_commits_transactions(fresh_mongo_database: str) -> None:
    with MongoClient[dict[str, Any]](fresh_mongo_database) as client:
        documents = client.get_default_database()["documents"]
        with client.start_session() as session, session.start_transaction():
            documents.insert_one({"_id": 1}, session=session)
            assert documents.count_documents({}) == 0
        assert list(documents.find()) == [{"_id": 1}]


def test_s3_refuses_a_second_conditional_put(s3_server: S3Server, fresh_bucket: str) -> None:
    client = s3_server.client()
    client.put_object(Bucket=fresh_bucket, Key="é/1", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=fresh_bucket, Key="é/1", Body=b"second", IfNoneMatch="*")
    assert client.get_object(Bucket=fresh_bucket, Key="é/1")["Body"].read() == b"first"


def test_a_stopped_s3_server_refuses_and_comes_back_with_its_objects(s3_server: S3Server, fresh_bucket: str) -> None:
    client = s3_server.client()
    client.put_object(Bucket=fresh_bucket, Key="key", Body=b"kept")
    s3_server.stop()
    with pytest.raises(EndpointConnectionError):
        client.get_object(Bucket=fresh_bucket, Key="key")
    s3_server.start()
    assert client.get_object(Bucket=fresh_bucket, Key="key")["Body"].read() == b"kept"


@pytest.mark.parametrize("database_url", SQL_DATABASES, indirect=True)
def test_sql_servers_keep_what_was_committed_when_killed(database_url: str, request: pytest.FixtureRequest) -> None:
    server: SqlServer = request.getfixturevalue(
        "mysql_server" if "fresh_mysql_database" in request.fixturenames else "mariadb_server"
    )
    engine = create_engine(database_url, pool_pre_ping=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (number INT PRIMARY KEY) ENGINE=InnoDB"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
    server.kill()
    server.start()
    with engine.begin() as connection:
        assert connection.execute(text("SELECT number FROM t")).all() == [(1,)]
    engine.dispose()


def test_mongodb_keeps_what_was_written_when_killed(mongodb_server: Server, fresh_mongo_database: str) -> None:
    with MongoClient[dict[str, Any]](fresh_mongo_database) as client:
        documents = client.get_default_database()["documents"]
        documents.insert_one({"_id": 1})
        mongodb_server.kill()
        mongodb_server.start()
        assert list(documents.find()) == [{"_id": 1}]


def test_redis_keeps_its_queue_when_killed(redis_server: Redis) -> None:
    with RedisClient.from_url(redis_server.url) as client:
        client.rpush("queue", "job")
    redis_server.kill()
    redis_server.start()
    with RedisClient.from_url(redis_server.url) as client:
        assert client.lpop("queue") == b"job"


@pytest.mark.parametrize("server", PROCESSES, indirect=True)
@pytest.mark.parametrize("end", [Server.stop, Server.kill])
def test_an_ended_server_leaves_no_process_and_no_listener(server: Server, end: Callable[[Server], None]) -> None:
    pid = server.pid
    end(server)
    assert not is_alive(pid)
    assert not listens(server.port)


def test_fresh_databases_and_buckets_are_removed(
    mariadb_server: SqlServer, mongodb_server: Any, s3_server: S3Server
) -> None:
    with (
        mariadb_server.fresh_database() as sql_url,
        mongodb_server.fresh_database() as mongo_url,
        s3_server.fresh_bucket() as bucket,
    ):
        s3_server.client().put_object(Bucket=bucket, Key="key", Body=b"")
        with MongoClient[dict[str, Any]](mongo_url) as client:
            client.get_default_database()["documents"].insert_one({})
            mongo_name = client.get_default_database().name
    engine = create_engine(mariadb_server.url())
    with engine.connect() as connection:
        assert sql_url.rpartition("/")[2] not in connection.execute(text("SHOW DATABASES")).scalars().all()
    engine.dispose()
    with MongoClient[dict[str, Any]](mongodb_server.url()) as client:
        assert mongo_name not in client.list_database_names()
    assert bucket not in [entry["Name"] for entry in s3_server.client().list_buckets()["Buckets"]]


def test_a_port_in_use_is_said(redis_server: Redis, tmp_path: Path) -> None:
    redis_server.start()
    second = Redis(tmp_path / "redis")
    second.port = redis_server.port
    with pytest.raises(ServerFailed, match=f"something else listens on port {redis_server.port}"):
        second.start()


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    class Misled(Redis):
        def command(self) -> list[str | Path]:
            return [*super().command(), "--port", "nonsense"]

    with pytest.raises(ServerFailed, match="FATAL CONFIG FILE ERROR"):
        Misled(tmp_path / "redis").start()


def test_a_program_that_is_not_installed_names_its_package() -> None:
    with pytest.raises(
        ServerMissing, match=r"no-such-program is not installed\. As root: apt-get install some-package"
    ):
        find_program("Some server", "no-such-program", "some-package")


def test_killing_pytest_leaves_no_server_behind(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run = start_pytest(
        tmp_path,
        f"""
        import json, pathlib, time
        def test_that_hangs(mariadb_server, mongodb_server, redis_server):
            pids = [server.pid for server in (mariadb_server, mongodb_server, redis_server)]
            report = pathlib.Path({str(report)!r})
            report.with_suffix(".new").write_text(json.dumps(pids))
            report.with_suffix(".new").rename(report)
            time.sleep(60)
        """,
    )
    try:
        wait_for(report.exists)
        pids = json.loads(report.read_text())
        assert [is_alive(pid) for pid in pids] == [True, True, True]
        assert [signal.SIGINT in ignored_signals(pid) for pid in pids] == [False, False, False]
    finally:
        run.kill()
        run.communicate()
    wait_for(lambda: not any(is_alive(pid) for pid in pids))


@pytest.mark.parametrize(
    ("error", "ci", "outcome", "told"),
    [
        ("ServerMissing", "", "2 skipped", "2 TESTS DID NOT RUN"),
        ("ServerMissing", "true", "2 errors", "With CI=true nothing may be left out."),
        ("ServerFetchFailed", "true", "2 skipped", "2 TESTS DID NOT RUN"),
    ],
)
def test_a_missing_server_is_reported_and_fails_in_ci(
    tmp_path: Path, error: str, ci: str, outcome: str, told: str
) -> None:
    run = start_pytest(
        tmp_path,
        f"""
        from weather_platform_tests.servers.redis import Redis
        from weather_platform_tests.servers.process import {error}
        def missing(self):
            raise {error}("Redis", "redis-server is not installed.", "Install it.")
        Redis.prepare = missing
        def test_one(redis_url): ...
        def test_two(redis_url): ...
        """,
        CI=ci,
    )
    said, _ = run.communicate(timeout=60)
    assert outcome in said.splitlines()[-1]
    assert told in said
    assert "Redis: redis-server is not installed. Install it." in said


def start_pytest(folder: Path, source: str, **environment: str) -> subprocess.Popen[str]:
    """Another pytest over one test file, with this project's fixtures, as a script starts it: SIGINT ignored."""
    lines = source.splitlines()
    margin = len(lines[1]) - len(lines[1].lstrip())
    test_file = folder / "test_inner.py"
    test_file.write_text("\n".join(line[margin:] for line in lines))
    return subprocess.Popen(
        [
            *("env", "--ignore-signal=INT", sys.executable, "-m", "pytest", "-p", "weather_platform_tests.conftest"),
            *("--confcutdir", folder, "--rootdir", folder, "--basetemp", folder / "t", test_file),
        ],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def ignored_signals(pid: int) -> set[int]:
    mask = re.search(r"SigIgn:\s*([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text())
    assert mask is not None
    return {number for number in signal.Signals if int(mask[1], 16) >> (number - 1) & 1}


def wait_for(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited without success"
        time.sleep(0.02)
