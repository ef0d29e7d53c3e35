"""Sources upstream of the platform as external assets, which no run materialises."""

import dagster as dg

from weather_platform import names
from weather_platform.defs.attributes import SOURCES
from weather_platform.settings import Settings
from weather_platform.sources.port import ETALAB


def _upstream() -> list[dg.AssetSpec]:
    settings = Settings.from_environment()
    return [
        dg.AssetSpec(
            names.ARCHIVE,
            description="Météo-France's archive of SYNOP reports since 1996, one file per year, written once a day.",
            group_name=SOURCES,
            metadata={"address": settings.archive_url, "licence": ETALAB},
            owners=["team:meteofrance"],
            kinds={"csv"},
        ),
        dg.AssetSpec(
            "opendatasoft_copy",
            description="OpenDataSoft's copy of the same reports; it ends in January 2026.",
            group_name=SOURCES,
            metadata={"address": settings.opendatasoft_url, "licence": ETALAB},
            owners=["team:opendatasoft"],
            kinds={"json"},
        ),
        dg.AssetSpec(
            "posted_files",
            description="Files that people post to /ingest or /ingest-fast, or drop under landing/.",
            group_name=SOURCES,
            metadata={"address": settings.api.url},
            owners=["team:weather"],
            kinds={"json", "csv"},
        ),
    ]


UPSTREAM = _upstream()
