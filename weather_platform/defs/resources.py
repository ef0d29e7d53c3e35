"""What the assets work with: the stores and the sources, by the IO managers' keys."""

import os
from typing import Any

import dagster as dg

from weather_platform.io_managers.curated import CuratedIOManager
from weather_platform.io_managers.raw import RawIOManager
from weather_platform.io_managers.staging import StagingIOManager
from weather_platform.io_managers.stores import PlainS3Resource, StoresResource
from weather_platform.settings import S3_VARIABLES


@dg.definitions
def resources() -> dg.Definitions:
    """Settings are read when a run starts; secrets stay names until then."""
    given: dict[str, Any] = {
        name: dg.EnvVar(variable) for name, variable in S3_VARIABLES.items() if os.getenv(variable)
    }
    stores = StoresResource(s3=PlainS3Resource(**given))
    return dg.Definitions(
        resources={
            "stores": stores,
            "raw_io": RawIOManager(stores=stores),
            "staging_io": StagingIOManager(stores=stores),
            "curated_io": CuratedIOManager(stores=stores),
        }
    )
