"""Stores and sources as Dagster resources: every address is a field, visible in the UI."""

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from dagster_aws.s3 import S3Resource
from pydantic import Field, PrivateAttr

from weather_platform.domain.months import Partitions
from weather_platform.pipeline import Stores
from weather_platform.settings import Settings
from weather_platform.sources.port import Source
from weather_platform.sources.registry import open_source

_PLAIN_S3 = {
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
    "AWS_DEFAULTS_MODE": "standard",
}
"""Settings of botocore, which dagster-aws's resource leaves to the environment.

Servers other than Amazon's refuse or corrupt the checksums that boto3 adds by default; the retry mode gives up
connections to a dead server after 3 s instead of 60.
"""

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class StoresResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Raw, staging and curated store, opened when a run first needs them."""

    raw_url: str = Field(description="raw store: s3://bucket/prefix or file:///folder")
    staging_url: str = Field(description="staging database: mysql+pymysql://… or sqlite:///file")
    curated_url: str = Field(description="curated store: mongodb://… or sqlite:///file")
    csv_folder: str = Field(description="folder of the CSV file per city and month")
    s3: dg.ResourceDependency[S3Resource]
    _stores: Stores | None = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        """The platform's settings with the addresses of this resource."""
        addresses = {name: getattr(self, name) for name in ("raw_url", "staging_url", "curated_url")}
        return Settings.from_environment().model_copy(update={**addresses, "csv_folder": Path(self.csv_folder)})

    @property
    def partitions(self) -> Partitions:
        return Partitions(self.settings.first_month)

    def open(self) -> Stores:
        """The stores, ready to write."""
        if self._stores is None:
            self._stores = Stores(self.settings, s3=self._client)
        return self._stores

    def _client(self) -> "S3Client":
        for variable, value in _PLAIN_S3.items():
            os.environ.setdefault(variable, value)
        client: S3Client = self.s3.get_client()
        return client

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002  # Dagster's signature
        if self._stores is not None:
            self._stores.close()
            self._stores = None


class SourceName(StrEnum):
    """`settings.SOURCES` as choices in the launchpad."""

    meteofrance = "meteofrance"
    opendatasoft = "opendatasoft"
    sample = "sample"


class SourcesResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where months come from."""

    default: SourceName = Field(description="source of runs without one in their config")
    archive_url: str = Field(description="archive of Météo-France: an address, or a folder with its files")
    opendatasoft_url: str = Field(description="portal of OpenDataSoft")

    def open(self, name: SourceName | None) -> Source:
        addresses = {"archive_url": self.archive_url, "opendatasoft_url": self.opendatasoft_url}
        settings = Settings.from_environment().model_copy(update=addresses)
        return open_source(settings, (name or self.default).value)
