"""Every setting of the platform, and the only place that spells environment variables."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from weather_platform.domain.errors import BadSettings
from weather_platform.domain.months import Month

S3_VARIABLES = {
    "endpoint_url": "WEATHER_S3_ENDPOINT_URL",
    "aws_access_key_id": "WEATHER_S3_ACCESS_KEY",
    "aws_secret_access_key": "WEATHER_S3_SECRET_KEY",
    "region_name": "WEATHER_S3_REGION",
}
"""What dagster-aws's S3Resource calls the S3 settings."""
SOURCES = ("opendatasoft", "meteofrance", "sample")
LAUNCHERS = ("celery", "default")


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
    dagster_home: Path | None
    """Dagster's home where a deployment has one of its own; None: written below `home`."""
    dagster_url: str
    dagster_port: int
    launcher: str
    broker_url: str | None
    worker_slots: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read ``WEATHER_*``; what is unset gets the embedded default below ``WEATHER_HOME``."""
        get = environment.get
        home = Path(get("WEATHER_HOME") or ".weather").expanduser().resolve()
        source = get("WEATHER_SOURCE") or "opendatasoft"
        if source not in SOURCES:
            raise BadSettings(f"WEATHER_SOURCE is {source!r}.", f"Set it to one of {', '.join(SOURCES)}.")
        launcher = get("WEATHER_LAUNCHER") or "celery"
        if launcher not in LAUNCHERS:
            raise BadSettings(f"WEATHER_LAUNCHER is {launcher!r}.", f"Set it to one of {', '.join(LAUNCHERS)}.")
        broker_url = get("WEATHER_BROKER_URL") or None
        dagster_port = _number(get("WEATHER_DAGSTER_PORT") or "3000", "WEATHER_DAGSTER_PORT", 1, 65535)
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
                endpoint_url=get(S3_VARIABLES["endpoint_url"]) or None,
                access_key=get(S3_VARIABLES["aws_access_key_id"]) or None,
                secret_key=get(S3_VARIABLES["aws_secret_access_key"]) or None,
                region=get(S3_VARIABLES["region_name"]) or "eu-west-3",
            ),
            first_month=Month.parse(get("WEATHER_FIRST_MONTH") or "2010-01"),
            source=source,
            opendatasoft_url=get("WEATHER_OPENDATASOFT_URL") or "https://public.opendatasoft.com",
            archive_url=get("WEATHER_ARCHIVE_URL")
            or "https://object.files.data.gouv.fr/meteofrance/data/synchro_ftp/OBS/SYNOP",
            dagster_home=Path(own).expanduser().resolve() if (own := get("DAGSTER_HOME")) else None,
            dagster_url=get("WEATHER_DAGSTER_URL") or f"http://127.0.0.1:{dagster_port}",
            dagster_port=dagster_port,
            launcher=launcher,
            broker_url=broker_url and _url(broker_url, "WEATHER_BROKER_URL", ("redis", "rediss")),
            worker_slots=_number(get("WEATHER_WORKER_SLOTS") or "2", "WEATHER_WORKER_SLOTS", 1, 256),
        )


def _url(text: str, name: str, schemes: tuple[str, ...]) -> str:
    if urlsplit(text).scheme not in schemes:
        allowed = ", ".join(f"{scheme}://…" for scheme in schemes)
        raise BadSettings(f"{name} is {text!r}, which no adapter reads.", f"Use one of {allowed}.")
    return text


def _number(text: str, name: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise BadSettings(f"{name} is {text!r}.", f"Set it to a whole number from {least} to {most}.")
    return int(text)


def dagster_environment(dagster_home: Path) -> dict[str, str]:
    """What Dagster's own processes read from their environment.

    Where their home is, and how often the daemon looks for failed runs to retry (1 s; it is 5 s as it comes, the
    larger part of the time to recover a run).
    """
    return {"DAGSTER_HOME": str(dagster_home), "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "1"}
