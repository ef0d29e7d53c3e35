"""What `init` leaves on real servers: users with the rights they need and no others."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from weather_platform.domain.errors import StoreRefused
from weather_platform.runtime.prepare import OWNER, READER, WRITER, prepare_mongodb, prepare_mysql
from weather_platform.storage.curated_mongodb import MongoCurated
from weather_platform.storage.databases import open_engine
from weather_platform.storage.staging import StagingStore
from weather_platform_tests.servers.mongodb import REPLICA_SET, MongoDB
from weather_platform_tests.servers.process import LOOPBACK
from weather_platform_tests.servers.sql import SqlServer
from weather_platform_tests.storage.documents import day_document

DAYS = (date(2023, 12, 1), date(2023, 12, 31))


class MySqlUsers:
    """Addresses in a new database, and one of another."""

    def __init__(self, server: SqlServer) -> None:
        self.server = server
        self.database = f"test_{secrets.token_hex(6)}"
        self.other = f"{self.database}x"
        self.writer = self.address("writer", self.database)
        self.reader = self.address("reader", self.database)
        self.owner = self.address("owner", self.other)

    def address(self, user: str, database: str, word: str = "a1") -> str:
        return f"mysql+pymysql://{user}_{self.database}:{word}@{LOOPBACK}:{self.server.port}/{database}"

    def prepare(self) -> None:
        prepare_mysql(self.server.url("mysql"), {self.writer: WRITER, self.reader: READER, self.owner: OWNER})


@pytest.fixture(params=["mariadb_server", "mysql_server"])
def users(request: pytest.FixtureRequest) -> Iterator[MySqlUsers]:
    server: SqlServer = request.getfixturevalue(request.param)
    server.start()
    users = MySqlUsers(server)
    users.prepare()
    yield users
    server.execute(f"DROP DATABASE {users.database}", f"DROP DATABASE {users.other}")
    server.execute(*(f"DROP USER '{name}_{users.database}'@'%'" for name in ("writer", "reader", "owner")))


@contextmanager
def opened(url: str, folder: Path) -> Iterator[StagingStore]:
    store = StagingStore(open_engine(url), folder)
    yield store
    store.engine.dispose()


def test_the_writer_makes_tables_and_the_reader_reads_them(users: MySqlUsers, tmp_path: Path) -> None:
    with opened(users.writer, tmp_path) as writer, opened(users.reader, tmp_path) as reader:
        writer.ensure()
        assert reader.coverage() == []


@pytest.mark.parametrize(
    ("who", "statement"),
    [
        ("reader", "DELETE FROM _months"),
        ("reader", "DROP TABLE _months"),
        ("reader", "CREATE TABLE mine (a INT)"),
        ("writer", "CREATE TABLE {other}.mine (a INT)"),
        ("writer", "CREATE DATABASE mine"),
        ("writer", "DROP DATABASE {other}"),
        ("writer", "SELECT * FROM mysql.user"),
        ("owner", "DROP TABLE {database}._months"),
    ],
)
def test_no_user_has_more_rights_than_needed(users: MySqlUsers, tmp_path: Path, who: str, statement: str) -> None:
    with opened(users.writer, tmp_path) as writer:
        writer.ensure()
    engine = open_engine(getattr(users, who))
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="denied"):
        connection.exec_driver_sql(statement.format(database=users.database, other=users.other))
    engine.dispose()


def test_a_second_time_changes_nothing_but_a_password(users: MySqlUsers, tmp_path: Path) -> None:
    with opened(users.writer, tmp_path) as writer:
        writer.ensure()
    users.reader = users.address("reader", users.database, "b2")
    users.prepare()
    with opened(users.reader, tmp_path) as reader:
        assert reader.coverage() == []


class GuardedMongoDB(MongoDB):
    """Asks for users, as in the compose stack; a replica set that is not initiated."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, replica_set=False)

    def command(self) -> list[str | Path]:
        return [*super().command(), *(("--replSet", REPLICA_SET, "--keyFile", self._key) if self._key.exists() else ())]

    @property
    def _key(self) -> Path:
        return self.folder / "key"

    def guard(self) -> str:
        """Make the one administrator, then ask for users; the administrator's address."""
        with MongoClient[dict[str, Any]](self.url()) as client:
            client.admin.command("createUser", "root", pwd="a1", roles=["root"])
        self.stop()
        self._key.write_text("c2VjcmV0IG9mIHRoZSBtZW1iZXJz")
        self._key.chmod(0o400)
        self.start()
        return f"mongodb://root:a1@{LOOPBACK}:{self.port}/?authSource=admin&directConnection=true"

    def answers(self) -> bool:
        if not self._key.exists():
            return super().answers()
        with MongoClient[dict[str, Any]](self.url(), serverSelectionTimeoutMS=500) as client:
            try:
                return bool(client.admin.command("hello")["ok"])
            except PyMongoError:  # not yet
                return False


@pytest.fixture(scope="module")
def mongo_addresses(tmp_path_factory: pytest.TempPathFactory, mongodb_server: MongoDB) -> Iterator[dict[str, str]]:
    del mongodb_server  # says where there is none
    with GuardedMongoDB(tmp_path_factory.mktemp("guarded") / "server") as server:
        admin = server.guard()
        place = f"{LOOPBACK}:{server.port}/weather?replicaSet={REPLICA_SET}"
        addresses = {"writer": f"mongodb://writer:b2@{place}", "reader": f"mongodb://reader:c3@{place}"}
        for _ in range(2):
            prepare_mongodb(admin, {addresses["writer"]: "readWrite", addresses["reader"]: "read"})
        yield addresses


def test_the_replica_set_is_initiated_and_the_writer_has_its_rights(
    mongo_addresses: dict[str, str],
) -> None:
    store = MongoCurated(mongo_addresses["writer"])
    store.ensure()
    assert store.replace(DAYS, [day_document("07690", date(2023, 12, 1))]).written == 1
    store._end_abandoned_transactions()
    store.close()


def test_the_reader_reads_documents_and_writes_none(mongo_addresses: dict[str, str]) -> None:
    store = MongoCurated(mongo_addresses["reader"])
    assert store.days() in (None, (date(2023, 12, 1), date(2023, 12, 1)))
    with pytest.raises(StoreRefused, match="not authorized"):
        store.replace(DAYS, [])
    store.close()
