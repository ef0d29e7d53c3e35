"""APIs, each served by a process of its own that dies at a step, as by a power cut, or whose clock is wrong.

``python -m weather_platform_tests.faults.served`` reads lines of JSON, ``{"environment": …, "port": …, "control": …}``,
forks an API for each and prints its process id; imports (2 s) are paid once. All of them end with the input. Steps are
what the platform asks of its stores: a blob, a file of a city, an SQL statement, a COMMIT, a command of MongoDB. The
numbers of `control` say at which step the process kills itself and by how many seconds its clock is wrong.

Dagster is away: news of it is kept, and the thread that would deliver it does not run, so that a seed meets the same
steps each time.
"""

import datetime as dt
import json
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pymongo.monitoring
import pymysql
import sqlalchemy as sa
import sqlalchemy.dialects.mysql.pymysql
import uvicorn

import api.ingestion
import api.main
import api.serving
import api.withdrawals
from api import catalogue
from weather_platform import intake, pipeline
from weather_platform.domain import ingestions
from weather_platform.domain.climate import document, month
from weather_platform.settings import Settings
from weather_platform.storage import (
    blobs,
    blobs_s3,
    curated_mongodb,
    curated_sqlite,
    monthly_mongodb,
    monthly_sqlite,
    raw,
)
from weather_platform_tests.faults.control import Control

Step = Callable[[], None]
DATING = (api.ingestion, api.withdrawals, intake, pipeline, raw, ingestions)
IMPORTED_ONCE = (
    *(boto3, pymysql, sqlalchemy.dialects.mysql.pymysql, document, month),
    *(curated_mongodb, curated_sqlite, monthly_mongodb, monthly_sqlite),
)


def main() -> None:
    children: list[int] = []
    for line in sys.stdin:
        order = json.loads(line)
        if (child := os.fork()) == 0:
            _serve(order)
            os._exit(0)
        children.append(child)
        print(child, flush=True)  # noqa: T201
    for child in children:
        os.kill(child, signal.SIGKILL)  # those that are dead are not yet waited for, so the ids are theirs


def _serve(order: dict[str, Any]) -> None:
    control = Control(Path(order["control"]))
    counting = threading.Lock()

    def step() -> None:
        with counting:
            taken = control.get("steps")
            if taken == control.get("die_at"):
                os.kill(os.getpid(), signal.SIGKILL)
            control.set("steps", taken + 1)

    _count_sql(step)
    _count_mongodb(step)
    _count_files(step)
    _set_clock(control)
    for method in ("start", "stop"):
        setattr(catalogue.Catalogue, method, lambda _: None)
    settings = Settings.from_environment(order["environment"])
    app = api.main.create_app(settings)
    listening = socket.create_server(("127.0.0.1", order["port"]))
    server = uvicorn.Server(api.serving.server_config(app, settings.api))
    control.set("ready", 1)  # who connects from now on waits for the loop, and is not refused
    server.run([listening])


def _count_sql(step: Step) -> None:
    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def _statement(*_: object) -> None:
        step()

    @sa.event.listens_for(sa.Engine, "commit")
    def _commit(_: object) -> None:
        step()

    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(lambda _: step())
        return connection

    sqlite3.connect = traced  # type: ignore[assignment]  # SQLAlchemy has its own name for it: this is the curated store's


def _count_mongodb(step: Step) -> None:
    class Listener(pymongo.monitoring.CommandListener):
        def started(self, event: pymongo.monitoring.CommandStartedEvent) -> None:  # noqa: ARG002
            step()

        def succeeded(self, event: pymongo.monitoring.CommandSucceededEvent) -> None:
            """A step is counted as it begins."""

        def failed(self, event: pymongo.monitoring.CommandFailedEvent) -> None:
            """The caller gets the error."""

    pymongo.monitoring.register(Listener())


def _count_files(step: Step) -> None:
    for adapter in (blobs.FolderBlobs, blobs_s3.S3Blobs):
        for method in ("put", "put_if_absent", "delete"):
            _announce(adapter, method, step)
    for method in ("write_bytes", "replace"):  # files of cities
        _announce(Path, method, step)


def _announce(owner: type, method: str, step: Step) -> None:
    original = getattr(owner, method)

    def announced(self: Any, *args: Any, **options: Any) -> Any:
        step()
        return original(self, *args, **options)

    setattr(owner, method, announced)


def _set_clock(control: Control) -> None:
    """The clock of the modules that date postings, receipts and documents; the stores keep the machine's."""

    class Wrong(dt.datetime):
        def __new__(cls, *args: Any, **options: Any) -> dt.datetime:  # type: ignore[misc]  # what msgspec can encode
            return dt.datetime(*args, **options)  # noqa: DTZ001  # as the caller says

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
            return dt.datetime.now(tz) + dt.timedelta(seconds=control.get("clock_s"))

    for module in DATING:
        vars(module)["datetime"] = Wrong


if __name__ == "__main__":
    main()
