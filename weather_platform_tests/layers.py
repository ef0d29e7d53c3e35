"""The three layers opened for a test, embedded or on real servers, and all that they hold of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from weather_platform.pipeline import Stores, open_stores
from weather_platform.settings import Settings
from weather_platform.storage.staging_tables import city_table
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY

Environment = dict[str, str]
State = dict[str, Any]


def embedded(folder: Path) -> Environment:
    """SQLite and a folder."""
    return {"WEATHER_HOME": str(folder)}


@contextmanager
def on_servers(
    request: pytest.FixtureRequest, folder: Path, sql: str = "mariadb", s3: str = "s3"
) -> Iterator[Environment]:
    """MariaDB or MySQL (`sql`), MongoDB and S3 (moto's, or `rclone`'s, which can be killed), each empty."""
    database, mongodb, bucket_server = map(request.getfixturevalue, (f"{sql}_server", "mongodb_server", f"{s3}_server"))
    with (
        database.fresh_database() as staging_url,
        mongodb.fresh_database() as curated_url,
        bucket_server.fresh_bucket() as bucket,
    ):
        yield {
            "WEATHER_HOME": str(folder),
            "WEATHER_RAW_URL": f"s3://{bucket}/raw",
            "WEATHER_STAGING_URL": staging_url,
            "WEATHER_CURATED_URL": curated_url,
            "WEATHER_S3_ENDPOINT_URL": bucket_server.endpoint_url,
            "WEATHER_S3_ACCESS_KEY": ACCESS_KEY,
            "WEATHER_S3_SECRET_KEY": SECRET_KEY,
            "WEATHER_S3_REGION": REGION,
        }


@contextmanager
def opened(environment: Environment) -> Iterator[Stores]:
    stores = open_stores(Settings.from_environment(environment))
    try:
        yield stores
    finally:
        stores.staging.engine.dispose()
        stores.curated.close()


def state(stores: Stores) -> State:
    """Rows by station, what staging says, documents and monthly sheets, comparable anywhere."""
    staging = stores.staging
    stations = staging.stations()
    with staging.engine.connect() as connection:
        tables = {station_id: city_table(station.slug) for station_id, station in sorted(stations.items())}
        rows = {
            station_id: [tuple(row) for row in connection.execute(sa.select(table).order_by(table.c.date))]
            for station_id, table in tables.items()
        }
    return {
        "rows": rows,
        "stations": stations,
        "coverage": staging.coverage(),
        "objects": [msgspec.to_builtins(obj) | {"received": None} for obj in staging.objects()],
        "quarantine": staging.quarantine(),
        "flags": staging.flagging.find(),
        "documents": documents(stores),
        "sheets": sheets(stores),
    }


def documents(stores: Stores) -> State:
    """Every document by id, but for the time it was written."""
    return {
        document["_id"]: {**document, "provenance": {**document["provenance"], "updated_at": None}}
        for document in map(msgspec.to_builtins, stores.curated.find())
    }


def sheets(stores: Stores) -> State:
    """Every monthly sheet by id, but for the time it was written."""
    found = map(msgspec.to_builtins, stores.monthly.find())
    return {sheet["_id"]: {**sheet, "updated_at": None} for sheet in found}
