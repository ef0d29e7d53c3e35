"""Every setting of the platform, and the only place that spells environment variables."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from weather_platform.domain.errors import BadSettings
from weather_platform.domain.months import Month

SOURCES = ("opendatasoft", "meteofrance", "sample")


class S3Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach S3; None leaves a value to boto3's own defaults."""

    endpoint_url: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    region: str = "eu-west-3"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment decides. Built once at each door (`Settings.from_environment`) and passed in."""

    home: Path
    raw_url: str
    staging_url: str
    curated_url: str
    csv_folder: Path
    s3: S3Settings
    first_month: Month
    source: str
    opendatasoft_url: str
    archive_url: str
    dagster_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read ``WEATHER_*``; what is unset gets the embedded default below ``WEATHER_HOME``."""
        get = environment.get
        home = Path(get("WEATHER_HOME") or ".weather").expanduser().resolve()
        source = get("WEATHER_SOURCE") or "opendatasoft"
        if source not in SOURCES:
            raise BadSettings(f"WEATHER_SOURCE is {source!r}.", f"Set it to one of {', '.join(SOURCES)}.")
        return cls(
            home=home,
            raw_url=_url(get("WEATHER_RAW_URL") or f"file://{home}/raw", "WEATHER_RAW_URL", ("s3", "file")),
            staging_url=_url(
                get("WEATHER_STAGING_URL") or f"sqlite:///{home}/staging.sqlite",
                "WEATHER_STAGING_URL",
                ("mysql+pymysql", "sqlite"),
            ),
            curated_url=_url(
                get("WEATHER_CURATED_URL") or f"sqlite:///{home}/curated.sqlite",
                "WEATHER_CURATED_URL",
                ("mongodb", "mongodb+srv", "sqlite"),
            ),
            csv_folder=Path(get("WEATHER_CSV_FOLDER") or home / "staging_csv").expanduser().resolve(),
            s3=S3Settings(
                endpoint_url=get("WEATHER_S3_ENDPOINT_URL") or None,
                access_key=get("WEATHER_S3_ACCESS_KEY") or None,
                secret_key=get("WEATHER_S3_SECRET_KEY") or None,
                region=get("WEATHER_S3_REGION") or "eu-west-3",
            ),
            first_month=Month.parse(get("WEATHER_FIRST_MONTH") or "2010-01"),
            source=source,
            opendatasoft_url=get("WEATHER_OPENDATASOFT_URL") or "https://public.opendatasoft.com",
            archive_url=get("WEATHER_ARCHIVE_URL")
            or "https://object.files.data.gouv.fr/meteofrance/data/synchro_ftp/OBS/SYNOP",
            dagster_url=get("WEATHER_DAGSTER_URL") or "http://127.0.0.1:3000",
        )


def _url(text: str, name: str, schemes: tuple[str, ...]) -> str:
    if urlsplit(text).scheme not in schemes:
        allowed = ", ".join(f"{scheme}://…" for scheme in schemes)
        raise BadSettings(f"{name} is {text!r}, which no adapter reads.", f"Use one of {allowed}.")
    return text
