"""The whole platform on real servers: MariaDB, mongod, S3, Dagster's webserver, daemon and worker, and the API."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import sqlalchemy as sa

from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings
from weather_platform.storage.schema import VERSION_TABLE
from weather_platform_tests.api.serving import Api, served
from weather_platform_tests.faults.wire import Wire
from weather_platform_tests.runtime.serving import Script, wait_for
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.process import free_port
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server

_UP = """
from weather_platform.runtime.up import up
from weather_platform.settings import Settings
from weather_platform.storage.schema import VERSION_TABLE

up(
    Settings.from_environment(),
    report=lambda news: print("news:", news),
    when_ready=lambda: print("ready"),
)
"""
_CATALOGUE = """
query Catalogue($asset: AssetKeyInput!, $partition: [String!]) {
  assetOrError(assetKey: $asset) {
    ... on Asset {
      assetMaterializations(partitions: $partition) {
        runId metadataEntries { label ... on IntMetadataEntry { intRepr } }
      }
    }
  }
}
"""
_RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"


class Platform:
    """The servers, and the API between them and the test."""

    def __init__(self, mariadb: MariaDB, mongodb: MongoDB, s3: S3Server, dagster: Wire, api: Api) -> None:
        self.mariadb = mariadb
        self.mongodb = mongodb
        self.s3 = s3
        self.dagster = dagster
        """Between the API and Dagster's webserver; can be cut."""
        self.api = api

    @classmethod
    @contextmanager
    def started(cls, home: Path, mariadb: MariaDB, mongodb: MongoDB, s3: S3Server) -> Iterator["Platform"]:
        dagster_port = free_port()
        with (
            mariadb.fresh_database() as staging,
            mongodb.fresh_database() as curated,
            s3.fresh_bucket() as bucket,
            Wire(dagster_port) as dagster,
        ):
            variables = {
                "WEATHER_HOME": str(home),
                "WEATHER_RAW_URL": f"s3://{bucket}/weather",
                "WEATHER_STAGING_URL": staging,
                "WEATHER_CURATED_URL": curated,
                "WEATHER_S3_ENDPOINT_URL": s3.endpoint_url,
                "WEATHER_S3_ACCESS_KEY": ACCESS_KEY,
                "WEATHER_S3_SECRET_KEY": SECRET_KEY,
                "WEATHER_S3_REGION": REGION,
                "WEATHER_DAGSTER_PORT": str(dagster_port),
                "WEATHER_API_WRITES_PER_MINUTE": "0",
                "WEATHER_API_READS_PER_MINUTE": "0",
                # Fewer partitions are quicker to draw up; the real data are of 2023.
                "WEATHER_FIRST_MONTH": "2022-01",
            }
            settings = Settings.from_environment({**variables, "WEATHER_DAGSTER_URL": dagster.url})
            open_stores(settings)
            script = Script(_UP, home, **{name: os.environ.get(name, value) for name, value in variables.items()})
            try:
                script.wait_until_printed("ready", timeout_s=120)
                with served(settings) as api:
                    yield cls(mariadb, mongodb, s3, dagster, api)
            finally:
                script.interrupt()

    def revive(self) -> None:
        """Start what a test left dead."""
        self.mariadb.start()
        self.mongodb.start()
        self.s3.start()
        self.dagster.open()

    def wipe(self) -> None:
        """Empty every store; tables and their version stay, since the API remembers that it made them."""
        layers = self.api.services.layers
        for blob in list(layers.raw.blobs.list()):
            layers.raw.blobs.delete(blob.key)
        engine = layers.staging.engine
        layers.receipts  # noqa: B018  # makes its tables
        with engine.begin() as connection:
            for table in {*sa.inspect(connection).get_table_names()} - {VERSION_TABLE}:
                connection.exec_driver_sql(f"DELETE FROM `{table}`")
        days = layers.curated.days()
        if days is not None:
            layers.curated.replace(days, [])

    def catalogue(self, asset: str, month: str) -> list[dict[str, Any]]:
        """What Dagster's catalogue shows of an asset's month, the latest first: run and whole numbers."""
        variables = {"asset": {"path": [asset]}, "partition": [month]}
        found = self.ask(_CATALOGUE, variables)["assetOrError"].get("assetMaterializations", [])
        return [
            {
                "run": event["runId"] or None,
                **{e["label"]: int(e["intRepr"]) for e in event["metadataEntries"] if "intRepr" in e},
            }
            for event in found
        ]

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the newest first, with their tags."""
        return [
            {**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}}
            for run in self.ask(_RUNS)["runsOrError"]["results"]
        ]

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """GraphQL, past the wire."""
        body = {"query": query, "variables": variables or {}}
        answer = httpx.post(f"http://127.0.0.1:{self.dagster.target}/graphql", json=body, timeout=30).json()
        return dict(answer["data"])

    def finished(self, ingestion: str) -> dict[str, Any]:
        """The receipt, once it is done or failed."""

        def receipt() -> dict[str, Any] | None:
            found: dict[str, Any] = self.api.get(f"/ingestions/{ingestion}").json()
            return found if found["state"] in ("done", "failed") else None

        return wait_for(receipt, "the ingestion to finish")
