"""Stores and sources as Dagster resources: every address is a field, visible in the UI."""

import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr

from weather_platform.domain.months import Month, Partitions
from weather_platform.month_report import StoredMonth
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
    """Raw, staging and curated store, opened when a run first needs them.

    A run may override some addresses; the others are those of the settings.
    """

    raw_url: str | None = Field(default=None, description="raw store: s3://bucket/prefix or file:///folder")
    staging_url: str | None = Field(default=None, description="staging database: mysql+pymysql://… or sqlite:///file")
    curated_url: str | None = Field(default=None, description="curated store: mongodb://… or sqlite:///file")
    csv_folder: str | None = Field(default=None, description="folder of the CSV file per city and month")
    _stores: Stores | None = PrivateAttr(default=None)
    _held: StoredMonth | None = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        """The platform's settings with the addresses of this resource."""
        addresses = {
            "raw_url": self.raw_url,
            "staging_url": self.staging_url,
            "curated_url": self.curated_url,
            "csv_folder": Path(self.csv_folder) if self.csv_folder else None,
        }
        return _settings(addresses)

    @property
    def partitions(self) -> Partitions:
        return Partitions(self.settings.first_month)

    def open(self) -> Stores:
        """The stores, ready to write."""
        if self._stores is None:
            self._stores = Stores(self.settings, s3=self._s3_client)
        return self._stores

    def held(self, month: Month, *, just_written: bool = False) -> StoredMonth:
        """What the stores hold of the run's month: read after a write, and not again by the checks of it."""
        if just_written or self._held is None or self._held.month != month:
            self._held = StoredMonth(self.open(), month)
        return self._held

    @property
    def _s3_client(self) -> "Callable[[], S3Client] | None":
        """What makes the client of the raw store; None for one by the settings."""
        return None

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002  # Dagster's signature
        if self._stores is not None:
            self._stores.close()
            self._stores = self._held = None


@cache
def s3_stores() -> Callable[..., StoresResource]:
    """Stores with the raw layer in S3, by dagster-aws's own resource.

    Only where it is in S3: dagster-aws imports all its components, 0.9 s of CPU, as much as Dagster itself.
    """
    from dagster_aws.s3 import S3Resource

    class S3StoresResource(StoresResource):
        """Raw, staging and curated store, opened when a run first needs them; the raw one is in S3.

        A run may override some addresses; the others are those of the settings.
        """

        s3: dg.ResourceDependency[S3Resource]

        @property
        def _s3_client(self) -> "Callable[[], S3Client]":
            return lambda: client(self.s3)

    @cache
    def client(s3: S3Resource) -> "S3Client":
        """One for the runs of a process: making it takes 0.07 s."""
        for variable, value in _PLAIN_S3.items():
            os.environ.setdefault(variable, value)
        made: S3Client = s3.get_client()
        return made

    return S3StoresResource


class StoresIOManager(dg.IOManager):
    """An IO manager over the resource `stores`, with what a run overrides of it.

    A `ConfigurableIOManager` with a nested resource would open stores of its own, and not those of the override
    (Dagster 1.13.27).
    """

    def __init__(self, stores: StoresResource) -> None:
        self.stores = stores

    @classmethod
    def resource(cls) -> dg.IOManagerDefinition:
        @dg.io_manager(required_resource_keys={"stores"}, description=cls.__doc__)
        def made(context: dg.InitResourceContext) -> StoresIOManager:
            return cls(context.resources.stores)

        return made


class SourceName(StrEnum):
    """`settings.SOURCES` as choices in the launchpad."""

    meteofrance = "meteofrance"
    opendatasoft = "opendatasoft"
    sample = "sample"


class SourcesResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where months come from. A run may override some fields; the others are those of the settings."""

    default: SourceName | None = Field(default=None, description="source of runs without one in their config")
    archive_url: str | None = Field(
        default=None, description="archive of Météo-France: an address, or a folder with its files"
    )
    opendatasoft_url: str | None = Field(default=None, description="portal of OpenDataSoft")

    def open(self, name: SourceName | None) -> Source:
        settings = _settings({"archive_url": self.archive_url, "opendatasoft_url": self.opendatasoft_url})
        chosen = name or self.default
        return open_source(settings, chosen.value if chosen else None)


def _settings(given: Mapping[str, object]) -> Settings:
    """The platform's settings with what is given."""
    return Settings.from_environment().model_copy(update={name: value for name, value in given.items() if value})
