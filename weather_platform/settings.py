"""Every setting of the platform, and the only place that spells environment variables."""

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from weather_platform.domain.errors import BadInput, BadSettings
from weather_platform.domain.months import Month

S3_VARIABLES = {
    "endpoint_url": "WEATHER_S3_ENDPOINT_URL",
    "aws_access_key_id": "WEATHER_S3_ACCESS_KEY",
    "aws_secret_access_key": "WEATHER_S3_SECRET_KEY",
    "region_name": "WEATHER_S3_REGION",
}
"""What dagster-aws's S3Resource calls the S3 settings."""
SOURCES = ("meteofrance", "opendatasoft", "sample")
LAUNCHERS = ("celery", "default")
EXECUTORS = ("in_process", "k8s")
STAGING_SCHEMES = ("mysql+pymysql", "sqlite")
CURATED_SCHEMES = ("mongodb", "mongodb+srv", "sqlite")
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
_MB = 1_000_000
KEY_NAME = re.compile(r"[\w.-]+", re.ASCII)
"""What the owner of an API key may be called."""
_KEY = re.compile(rf"({KEY_NAME.pattern}):([0-9a-f]{{64}})", re.ASCII)
PLACEHOLDERS = frozenset(
    """
    changeme change-me change_me replaceme todo xxx default dummy example sample qwerty secret mysecret topsecret
    password passwd pass mypassword yourpassword letmein key api-key apikey token test testing dev local demo guest user
    admin root mysql mariadb mongo mongodb redis minio minioadmin s3 dagster weather weatherplatform
    0000 1234 12345 123456 1234567 12345678 123456789
    """.split()  # noqa: SIM905  # forty words are read more easily without their quotes
) | {""}
"""What no secret may be, in small letters."""


class ApiKey(msgspec.Struct, frozen=True):
    """A caller that may write: its name, and the SHA-256 of its key in hex; the key itself is kept nowhere."""

    name: str
    sha256: str


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the API is served, to whom, and how much it takes."""

    host: str = "127.0.0.1"
    port: int = 8000
    url: str = "http://127.0.0.1:8000"
    """Where the command line finds the API."""
    key: str | None = None
    """What the command line shows when it writes."""
    keys: tuple[ApiKey, ...] = ()
    reading_needs_key: bool = False
    cors_origins: tuple[str, ...] = ()
    upload_limit_bytes: int = 1_000 * _MB
    unpacked_limit_bytes: int = 2_000 * _MB
    members_limit: int = 1_000
    writes_per_minute: int = 120
    reads_per_minute: int = 1_200
    """By caller; 0 is no limit."""

    @property
    def is_local(self) -> bool:
        """Served to this machine alone and without keys: whoever is on it may write."""
        return not self.keys and self.host in LOOPBACK_HOSTS

    @classmethod
    def from_environment(cls, get: Callable[[str], str | None]) -> "ApiSettings":
        """Read what begins with ``WEATHER_API_``; BadSettings where writing would be open to strangers."""
        host = get("WEATHER_API_HOST") or "127.0.0.1"
        port = _number(get("WEATHER_API_PORT") or "8000", "WEATHER_API_PORT", 1, 65535)
        keys = tuple(_api_key(text) for text in (get("WEATHER_API_KEYS") or "").replace(",", " ").split())
        if not keys and host not in LOOPBACK_HOSTS:
            raise BadSettings(
                f"WEATHER_API_HOST is {host!r} and WEATHER_API_KEYS is empty: anybody could write.",
                "Make a key with `weather api-key NAME` and set WEATHER_API_KEYS, or serve on 127.0.0.1.",
            )
        reading = get("WEATHER_API_READING") or "open"
        if reading not in ("open", "key"):
            raise BadSettings(f"WEATHER_API_READING is {reading!r}.", "Set it to open or key.")
        if reading == "key" and not keys:
            raise BadSettings("WEATHER_API_READING is key, and there is no key.", "Set WEATHER_API_KEYS.")
        return cls(
            host=host,
            port=port,
            url=_url(get("WEATHER_API_URL") or f"http://127.0.0.1:{port}", "WEATHER_API_URL", ("http", "https")),
            key=get("WEATHER_API_KEY") or None,
            keys=keys,
            reading_needs_key=reading == "key",
            cors_origins=tuple((get("WEATHER_API_CORS_ORIGINS") or "").replace(",", " ").split()),
            upload_limit_bytes=_MB
            * _number(get("WEATHER_API_UPLOAD_MB") or "1000", "WEATHER_API_UPLOAD_MB", 1, 100_000),
            unpacked_limit_bytes=_MB
            * _number(get("WEATHER_API_UNPACKED_MB") or "2000", "WEATHER_API_UNPACKED_MB", 1, 100_000),
            members_limit=_number(get("WEATHER_API_MEMBERS") or "1000", "WEATHER_API_MEMBERS", 1, 100_000),
            writes_per_minute=_number(
                get("WEATHER_API_WRITES_PER_MINUTE") or "120", "WEATHER_API_WRITES_PER_MINUTE", 0, 1_000_000
            ),
            reads_per_minute=_number(
                get("WEATHER_API_READS_PER_MINUTE") or "1200", "WEATHER_API_READS_PER_MINUTE", 0, 1_000_000
            ),
        )


class SiteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the site is served."""

    host: str = "127.0.0.1"
    port: int = 8050
    warm_months: int = 24
    """The latest months that are read into memory before somebody asks: 1 MB and 0.05 s each."""

    @classmethod
    def from_environment(cls, get: Callable[[str], str | None]) -> "SiteSettings":
        return cls(
            host=get("WEATHER_SITE_HOST") or "127.0.0.1",
            port=_number(get("WEATHER_SITE_PORT") or "8050", "WEATHER_SITE_PORT", 1, 65535),
            warm_months=_number(get("WEATHER_SITE_WARM_MONTHS") or "24", "WEATHER_SITE_WARM_MONTHS", 0, 240),
        )


def hashed_key(key: str) -> str:
    """What stands in WEATHER_API_KEYS for a key. Keys are 256 random bits, so that a plain hash cannot be guessed."""
    return hashlib.sha256(key.encode()).hexdigest()


def _api_key(text: str) -> ApiKey:
    found = _KEY.fullmatch(text)
    cure = "Make one with `weather api-key NAME`; WEATHER_API_KEYS holds name:sha256, several with a comma between."
    if found is None:
        raise BadSettings("WEATHER_API_KEYS holds something that is no name with a SHA-256.", cure)
    if found[2] in {hashed_key(word) for word in PLACEHOLDERS} or len(set(found[2])) == 1:
        raise BadSettings(f"The key of {found[1]!r} in WEATHER_API_KEYS is a placeholder.", cure)
    return ApiKey(found[1], found[2])


class S3Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach S3; None leaves a value to boto3's own defaults."""

    endpoint_url: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    region: str = "eu-west-3"


class Readers(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses with users that may only read, for what only reads; None: the writer's address serves."""

    staging_url: str | None = None
    curated_url: str | None = None

    @classmethod
    def from_environment(cls, get: Callable[[str], str | None]) -> "Readers":
        return cls(
            staging_url=_optional_url(get, "WEATHER_STAGING_READ_URL", STAGING_SCHEMES),
            curated_url=_optional_url(get, "WEATHER_CURATED_READ_URL", CURATED_SCHEMES),
        )


class Administrators(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses with users that may make users and databases: for `runtime.prepare` alone."""

    mysql_url: str | None = None
    mongodb_url: str | None = None

    @classmethod
    def from_environment(cls, get: Callable[[str], str | None]) -> "Administrators":
        return cls(
            mysql_url=_optional_url(get, "WEATHER_ADMIN_MYSQL_URL", ("mysql+pymysql",)),
            mongodb_url=_optional_url(get, "WEATHER_ADMIN_MONGODB_URL", ("mongodb",)),
        )


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
    """Runs at once in one worker."""
    runs_at_once: int
    """Runs at once in all workers together."""
    dagster_storage_url: str | None = None
    """Where Dagster keeps runs and events; None: SQLite in its home."""
    dagster_logs_url: str | None = None
    """Where Dagster keeps what runs print; None: in its home."""
    readers: Readers = Readers()
    administrators: Administrators = Administrators()
    api: ApiSettings = ApiSettings()
    site: SiteSettings = SiteSettings()

    @property
    def has_readers(self) -> bool:
        """Whether reading has users of its own, of both databases."""
        return self.readers.staging_url is not None and self.readers.curated_url is not None

    @property
    def for_reading(self) -> "Settings":
        """The same with the readers' addresses in the place of the writers'."""
        return msgspec.structs.replace(
            self,
            staging_url=self.readers.staging_url or self.staging_url,
            curated_url=self.readers.curated_url or self.curated_url,
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read ``WEATHER_*``; what is unset gets the embedded default below ``WEATHER_HOME``."""
        get = environment.get
        home = Path(get("WEATHER_HOME") or ".weather").expanduser().resolve()
        source = _one_of(SOURCES, get, "WEATHER_SOURCE")
        dagster_port = _number(get("WEATHER_DAGSTER_PORT") or "3000", "WEATHER_DAGSTER_PORT", 1, 65535)
        return cls(
            home=home,
            raw_url=_url(get("WEATHER_RAW_URL") or f"file://{home}/raw", "WEATHER_RAW_URL", ("s3", "file")),
            staging_url=_url(
                get("WEATHER_STAGING_URL") or f"sqlite:///{home}/staging.sqlite",
                "WEATHER_STAGING_URL",
                STAGING_SCHEMES,
            ),
            curated_url=_url(
                get("WEATHER_CURATED_URL") or f"sqlite:///{home}/curated.sqlite",
                "WEATHER_CURATED_URL",
                CURATED_SCHEMES,
            ),
            csv_folder=Path(get("WEATHER_CSV_FOLDER") or home / "staging_csv").expanduser().resolve(),
            s3=S3Settings(
                endpoint_url=get(S3_VARIABLES["endpoint_url"]) or None,
                access_key=get(S3_VARIABLES["aws_access_key_id"]) or None,
                secret_key=get(S3_VARIABLES["aws_secret_access_key"]) or None,
                region=get(S3_VARIABLES["region_name"]) or "eu-west-3",
            ),
            first_month=_month(get("WEATHER_FIRST_MONTH") or "1996-01", "WEATHER_FIRST_MONTH"),
            source=source,
            opendatasoft_url=get("WEATHER_OPENDATASOFT_URL") or "https://public.opendatasoft.com",
            archive_url=get("WEATHER_ARCHIVE_URL") or "https://meteofrance.s3.sbg.io.cloud.ovh.net/data/OBS/SYNOP",
            dagster_home=Path(own).expanduser().resolve() if (own := get("DAGSTER_HOME")) else None,
            dagster_url=_url(
                get("WEATHER_DAGSTER_URL") or f"http://127.0.0.1:{dagster_port}",
                "WEATHER_DAGSTER_URL",
                ("http", "https"),
            ),
            dagster_port=dagster_port,
            launcher=_one_of(LAUNCHERS, get, "WEATHER_LAUNCHER"),
            broker_url=_optional_url(get, "WEATHER_BROKER_URL", ("redis", "rediss")),
            worker_slots=(slots := _number(get("WEATHER_WORKER_SLOTS") or "2", "WEATHER_WORKER_SLOTS", 1, 256)),
            runs_at_once=_number(get("WEATHER_RUNS_AT_ONCE") or str(slots), "WEATHER_RUNS_AT_ONCE", 1, 1000),
            dagster_storage_url=_optional_url(get, "WEATHER_DAGSTER_STORAGE_URL", ("mysql+pymysql",)),
            dagster_logs_url=_optional_url(get, "WEATHER_DAGSTER_LOGS_URL", ("s3",)),
            readers=Readers.from_environment(get),
            administrators=Administrators.from_environment(get),
            api=ApiSettings.from_environment(get),
            site=SiteSettings.from_environment(get),
        )


def executor(environment: Mapping[str, str] = os.environ) -> str:
    """What executes the steps of a run; apart from `Settings`, as Dagster asks for it when it loads the code."""
    return _one_of(EXECUTORS, environment.get, "WEATHER_EXECUTOR")


def _one_of(choices: tuple[str, ...], get: Callable[[str], str | None], name: str) -> str:
    """The first choice where nothing is set."""
    choice = get(name) or choices[0]
    if choice not in choices:
        raise BadSettings(f"{name} is {choice!r}.", f"Set it to one of {', '.join(choices)}.")
    return choice


def _url(text: str, name: str, schemes: tuple[str, ...]) -> str:
    shown = re.sub(r"(?<=://).*@", "***@", text)  # who logs in, and with what, is for no log
    try:
        scheme = urlsplit(text).scheme
    except ValueError as error:
        raise BadSettings(
            f"{name} is {shown!r}, which is no address ({error}).", "Write [ and ] in a password as %5B and %5D."
        ) from error
    if scheme not in schemes:
        allowed = ", ".join(f"{scheme}://…" for scheme in schemes)
        raise BadSettings(f"{name} is {shown!r}, which no adapter reads.", f"Use one of {allowed}.")
    return text


def _optional_url(get: Callable[[str], str | None], name: str, schemes: tuple[str, ...]) -> str | None:
    text = get(name)
    return _url(text, name, schemes) if text else None


def _month(text: str, name: str) -> Month:
    try:
        return Month.parse(text)
    except BadInput as error:
        raise BadSettings(f"{name} is {text!r}, which is no month.", error.cure) from error


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
