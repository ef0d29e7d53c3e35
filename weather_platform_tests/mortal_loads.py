"""Loads of files, each in a process of its own that may be made to die at a step, as by a power cut.

``python -m weather_platform_tests.mortal_loads`` reads lines of JSON, ``{"environment": …, "file": …, "die_at": …}``,
and answers each with the steps that the load began and how its process ended. It forks for each, so that imports (2 s)
are paid once. Steps are what the platform asks of its stores: a put into raw, a file of a city, an SQL statement, a
COMMIT, a command of MongoDB. `die_at` is the name of a step and which of that name, from 0: it is not taken any more.
"""

import json
import os
import re
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pymongo.monitoring
import pymysql
import sqlalchemy as sa
import sqlalchemy.dialects.mysql.pymysql

from weather_platform import pipeline
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.intake import receive
from weather_platform.settings import Settings
from weather_platform.storage import blobs, blobs_s3, curated_mongodb, curated_sqlite

Step = Callable[[str], None]
IMPORTED_ONCE = (boto3, pymysql, sqlalchemy.dialects.mysql.pymysql, curated_mongodb, curated_sqlite)


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        read, write = os.pipe()
        if (child := os.fork()) == 0:
            os.close(read)
            _load(order, write)
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as told:
            steps = told.read().splitlines()
        _, status = os.waitpid(child, 0)
        print(json.dumps({"steps": steps, "ended": os.waitstatus_to_exitcode(status)}), flush=True)  # noqa: T201


def _load(order: dict[str, Any], told: int) -> None:
    taken: Counter[str] = Counter()

    def step(name: str) -> None:
        if [name, taken[name]] == order["die_at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        taken[name] += 1
        os.write(told, f"{name}\n".encode())

    stores = pipeline.open_stores(Settings.from_environment(order["environment"]))
    _count_sql(step)
    _count_mongodb(step)
    _count_files(step)
    provenance = Provenance(source="upload", name=order["file"], licence=ETALAB)
    partitions = Partitions(Month(2010, 1))
    stored = receive(stores.raw, Path(order["file"]).read_bytes(), provenance, partitions, datetime.now(UTC))
    for month in [Month.parse(each.object.partition) for each in stored]:
        pipeline.stage_month(stores, month)
        pipeline.curate_month(stores, month)
    step("the end")


def _count_sql(step: Step) -> None:
    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def _statement(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        step(f"staging: {_what(statement)}")

    @sa.event.listens_for(sa.Engine, "commit")
    def _commit(_connection: object) -> None:
        step("staging: COMMIT")

    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(lambda statement: step(f"curated: {_what(statement)}"))
        return connection

    sqlite3.connect = traced  # type: ignore[assignment]  # SQLAlchemy has its own name for it: this is the curated store's


def _what(statement: str) -> str:
    """The verb of an SQL statement and the kind of its table: one city is as good as another."""
    verb = statement.split(maxsplit=1)[0].strip(";").upper()
    found = re.search(r"(?:FROM|INTO TABLE|INTO|EXISTS|TABLE) [`\"]?([a-z_]\w+)", statement)
    if found is None:
        return verb
    return f"{verb} {'own table' if found[1].startswith('_') else 'table'}"


def _count_mongodb(step: Step) -> None:
    class Listener(pymongo.monitoring.CommandListener):
        def started(self, event: pymongo.monitoring.CommandStartedEvent) -> None:
            step(f"curated: {event.command_name}")

        def succeeded(self, event: pymongo.monitoring.CommandSucceededEvent) -> None:
            """A step is counted as it begins."""

        def failed(self, event: pymongo.monitoring.CommandFailedEvent) -> None:
            """The load ends with an error then, which the test sees."""

    pymongo.monitoring.register(Listener())


def _count_files(step: Step) -> None:
    for adapter in (blobs.FolderBlobs, blobs_s3.S3Blobs):
        _announce(adapter, "put_if_absent", step, "raw: put")
    _announce(Path, "write_bytes", step, "city file: write")
    _announce(Path, "replace", step, "city file: rename")


def _announce(owner: type, method: str, step: Step, name: str) -> None:
    original = getattr(owner, method)

    def announced(self: Any, *args: Any, **options: Any) -> Any:
        step(name)
        return original(self, *args, **options)

    setattr(owner, method, announced)


if __name__ == "__main__":
    main()
