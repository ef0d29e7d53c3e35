"""Resources of the assets by key: stores, sources and IO managers."""

import os
from typing import Any

import dagster as dg
from dotenv import load_dotenv

from weather_platform.defs.climate import ClimateIOManager
from weather_platform.defs.curated import CuratedIOManager
from weather_platform.defs.raw import RawIOManager
from weather_platform.defs.staging import StagingIOManager
from weather_platform.defs.stores import SourceName, SourcesResource, StoresResource, s3_stores
from weather_platform.settings import Settings


@dg.definitions
def resources() -> dg.Definitions:
    """Each field as an environment variable read when a run starts, so that secrets are not shown; else its default."""
    settings = Settings.from_environment()
    load_dotenv(settings.env_file)  # Dagster reads a variable where its name stands, from the process alone
    addresses = {
        "raw_url": _given("WEATHER_RAW_URL", settings.raw_url),
        "staging_url": _given("WEATHER_STAGING_URL", settings.staging_url),
        "curated_url": _given("WEATHER_CURATED_URL", settings.curated_url),
        "csv_folder": _given("WEATHER_CSV_FOLDER", str(settings.csv_folder)),
    }
    in_s3 = settings.raw_url.startswith("s3://")
    stores = s3_stores()(**addresses, s3=_s3(settings)) if in_s3 else StoresResource(**addresses)
    return dg.Definitions(
        resources={
            "stores": stores,
            "sources": SourcesResource(
                default=SourceName(settings.source),
                archive_url=_given("WEATHER_ARCHIVE_URL", settings.archive_url),
                opendatasoft_url=_given("WEATHER_OPENDATASOFT_URL", settings.opendatasoft_url),
            ),
            "raw_io": RawIOManager.resource(),
            "staging_io": StagingIOManager.resource(),
            "curated_io": CuratedIOManager.resource(),
            "climate_io": ClimateIOManager.resource(),
        }
    )


def _s3(settings: Settings) -> dg.ConfigurableResource[Any]:
    from dagster_aws.s3 import S3Resource

    return S3Resource(
        region_name=_given("WEATHER_S3_REGION", settings.s3.region),
        max_attempts=3,
        endpoint_url=_given("WEATHER_S3_ENDPOINT_URL"),
        aws_access_key_id=_given("WEATHER_S3_ACCESS_KEY"),
        aws_secret_access_key=_given("WEATHER_S3_SECRET_KEY"),
    )


def _given(variable: str, default: str | None = None) -> Any:
    return dg.EnvVar(variable) if os.getenv(variable) else default
