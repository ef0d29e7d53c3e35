"""Every setting of the platform; no other module names environment variables.

A new setting is one field with its type, default and docstring; `weather settings` and docs/configuration.md show it.
"""

import ast
import hashlib
import inspect
import os
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticUndefined
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from weather_platform.domain.errors import BadInput, BadSettings
from weather_platform.domain.months import Month

Source = Literal["meteofrance", "opendatasoft", "sample"]
SOURCES: tuple[Source, ...] = get_args(Source)
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
KEY_NAME = re.compile(r"[\w.-]+", re.ASCII)
"""Allowed names of API key owners."""
PLACEHOLDERS = frozenset(
    """
    changeme change-me change_me replaceme todo xxx default dummy example sample qwerty secret mysecret topsecret
    password passwd pass mypassword yourpassword letmein key api-key apikey token test testing dev local demo guest user
    admin root mysql mariadb mongo mongodb redis minio minioadmin s3 dagster weather weatherplatform
    0000 1234 12345 123456 1234567 12345678 123456789
    """.split()  # noqa: SIM905  # forty words are read more easily without their quotes
) | {""}
"""Placeholders refused as secrets, in lower case."""
_MB = 1_000_000
_SHORTEST_PASSWORD = 12
_PREFIX = "WEATHER_"
_KEY = re.compile(rf"({KEY_NAME.pattern}):([0-9a-f]{{64}})", re.ASCII)
_CREDENTIALS = re.compile(r"(?<=://)[^/]*@")


class ApiKey(NamedTuple):
    """A caller that may write: its name, and the SHA-256 of its key in hex. The key itself is not stored."""

    name: str
    sha256: str


def hashed_key(key: str) -> str:
    """The form of a key in WEATHER_API_KEYS. Keys are 256 random bits, so a plain hash is safe."""
    return hashlib.sha256(key.encode()).hexdigest()


def masked(text: str) -> str:
    """An address without its user and password, for messages and logs."""
    return _CREDENTIALS.sub("***@", text)


def _refused(says: str, cure: str) -> PydanticCustomError:
    """Error of a validator; ``says`` follows the variable's name in the message."""
    return PydanticCustomError("setting", "{says} {cure}", {"says": says, "cure": cure})


class _Schemes(NamedTuple):
    """A validator of addresses: only these schemes have an adapter."""

    allowed: tuple[str, ...]

    def __call__(self, text: str) -> str:
        try:
            scheme = urlsplit(text).scheme
        except ValueError as error:
            raise _refused(
                f"is {masked(text)!r}, which is not an address ({error}).",
                "Write [ and ] in a password as %5B and %5D.",
            ) from error
        if scheme not in self.allowed:
            choices = ", ".join(f"{scheme}://…" for scheme in self.allowed)
            raise _refused(f"is {masked(text)!r}, which no adapter reads.", f"Use one of {choices}.")
        return text


def _month(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return Month.parse(text)
    except BadInput as error:
        raise _refused(f"is {text!r}, which is not a month.", error.cure) from error


def _listed(text: object) -> object:
    """``a, b c`` as a tuple of its words."""
    return tuple(text.replace(",", " ").split()) if isinstance(text, str) else text


def _api_keys(texts: object) -> object:
    return (
        tuple(_api_key(text) if isinstance(text, str) else text for text in texts)
        if isinstance(texts, tuple)
        else texts
    )


def _api_key(text: str) -> ApiKey:
    found = _KEY.fullmatch(text)
    cure = "Make one with `weather api-key NAME`; WEATHER_API_KEYS holds name:sha256, separated by commas."
    if found is None:
        raise _refused("holds an entry that is not a name with a SHA-256.", cure)
    if found[2] in {hashed_key(word) for word in PLACEHOLDERS} or len(set(found[2])) == 1:
        raise _refused(f"has a placeholder as the key of {found[1]!r}.", cure)
    return ApiKey(found[1], found[2])


Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().resolve())]
Port = Annotated[int, Field(ge=1, le=65535)]
WebAddress = Annotated[str, AfterValidator(_Schemes(("http", "https")))]
S3Address = Annotated[str, AfterValidator(_Schemes(("s3",)))]
RawAddress = Annotated[str, AfterValidator(_Schemes(("s3", "file")))]
StagingAddress = Annotated[str, AfterValidator(_Schemes(("mysql+pymysql", "sqlite")))]
CuratedAddress = Annotated[str, AfterValidator(_Schemes(("mongodb", "mongodb+srv", "sqlite")))]
MySqlAddress = Annotated[str, AfterValidator(_Schemes(("mysql+pymysql",)))]
MongoDbAddress = Annotated[str, AfterValidator(_Schemes(("mongodb",)))]
RedisAddress = Annotated[str, AfterValidator(_Schemes(("redis", "rediss")))]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
ApiKeys = Annotated[tuple[InstanceOf[ApiKey], ...], BeforeValidator(_api_keys), BeforeValidator(_listed)]


class _Masked(BaseModel):
    """Settings whose repr masks passwords in addresses; `SecretStr` masks itself."""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, masked(value) if isinstance(value, str) else value


class _Part(_Masked):
    """A group of settings whose variables share a prefix."""

    model_config = ConfigDict(frozen=True)


class ApiSettings(_Part):
    """How the API is served, who may use it, and its limits."""

    host: str = "127.0.0.1"
    """Address that the API listens on; any but loopback needs `WEATHER_API_KEYS`."""
    port: Port = 8000
    """Port of the API."""
    url: WebAddress = Field(default_factory=lambda given: f"http://127.0.0.1:{given['port']}")
    """Where the command line finds the API."""
    public_url: WebAddress = Field(default_factory=lambda given: given["url"])
    """Address at which people reach the API: that of the links in Dagster."""
    key: SecretStr | None = None
    """Key that the command line sends when it writes."""
    keys: ApiKeys = ()
    """Who may write: `name:sha256`, separated by commas (`weather api-key NAME` makes one); empty: this machine."""
    reading: Literal["open", "key"] = "open"
    """Whether reading needs a key too."""
    trusted_proxies: Words = ()
    """Addresses or networks of reverse proxies whose `X-Forwarded-For` and `-Proto` count, separated by commas."""
    root_path: Annotated[str, Field(pattern=r"^(/[\w.~-]+)*$")] = ""
    """Path under which a reverse proxy serves the API, if it strips it: `/weather`."""
    cors_origins: Words = ()
    """Origins of other sites whose pages may call the API, separated by commas."""
    upload_mb: int = Field(1_000, ge=1, le=100_000)
    """Largest upload, in MB."""
    unpacked_mb: int = Field(2_000, ge=1, le=100_000)
    """Largest unpacked size of an upload, in MB."""
    members: int = Field(1_000, ge=1, le=100_000)
    """Largest number of files in an archive."""
    streams: int = Field(32, ge=1, le=1_000)
    """Concurrent downloads per process, each over a connection (32 more for all else); then 503 with `Retry-After`."""
    writes_per_minute: int = Field(120, ge=0, le=1_000_000)
    """Writing requests per caller and minute; 0 for no limit."""
    reads_per_minute: int = Field(1_200, ge=0, le=1_000_000)
    """Reading requests per caller and minute; 0 for no limit."""
    limits_url: RedisAddress | None = None
    """Redis in which several API processes count these requests together; unset: each counts alone."""

    @property
    def is_local(self) -> bool:
        """True if served on loopback without keys: everyone on this machine may write."""
        return not self.keys and self.host in LOOPBACK_HOSTS

    @property
    def reading_needs_key(self) -> bool:
        return self.reading == "key"

    @property
    def upload_limit_bytes(self) -> int:
        return self.upload_mb * _MB

    @property
    def unpacked_limit_bytes(self) -> int:
        return self.unpacked_mb * _MB

    @model_validator(mode="after")
    def _is_closed_to_strangers(self) -> Self:
        if not self.keys and self.host not in LOOPBACK_HOSTS:
            raise BadSettings(
                f"WEATHER_API_HOST is {self.host!r} and WEATHER_API_KEYS is empty: everyone could write.",
                "Make a key with `weather api-key NAME` and set WEATHER_API_KEYS, or serve on 127.0.0.1.",
            )
        if not self.keys and self.trusted_proxies:
            raise BadSettings(
                "WEATHER_API_TRUSTED_PROXIES is set and WEATHER_API_KEYS is empty: a proxy's callers could write.",
                "Make a key with `weather api-key NAME` and set WEATHER_API_KEYS.",
            )
        if self.reading_needs_key and not self.keys:
            raise BadSettings("WEATHER_API_READING is `key`, but no key is set.", "Set WEATHER_API_KEYS.")
        return self


def _site_url(given: dict[str, Any]) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(given["host"], given["host"])  # noqa: S104
    return f"http://{host}:{given['port']}"


class SiteSettings(_Part):
    """Where the site is served."""

    host: str = "127.0.0.1"
    """Address that the site listens on."""
    port: Port = 8050
    """Port of the site."""
    public_url: WebAddress = Field(default_factory=_site_url)
    """Address at which people reach the site: that of the links in Dagster."""
    warm_months: int = Field(24, ge=0, le=240)
    """Number of latest months the site reads into memory at start: 1 MB and 0.05 s each."""


class S3Settings(_Part):
    """Access to S3; None leaves a value to boto3's defaults."""

    endpoint_url: str | None = None
    """Address of the S3 server; unset: Amazon's."""
    access_key: str | None = None
    """Access key; unset: found by boto3 (AWS_ACCESS_KEY_ID, a role, …)."""
    secret_key: SecretStr | None = None
    """Secret of the access key."""
    region: str = "eu-west-3"
    """Region of the bucket."""


class AdminSettings(_Part):
    """Addresses with users that may create users and databases; used only by `runtime.prepare`."""

    mysql_url: MySqlAddress | None = None
    """Administrator of MySQL; used only by `python -m weather_platform.runtime.prepare`."""
    mongodb_url: MongoDbAddress | None = None
    """Administrator of MongoDB; used only by `python -m weather_platform.runtime.prepare`."""


class Settings(_Masked, BaseSettings):
    """The settings of a deployment. Built once per process (`Settings.from_environment`) and passed in."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        hide_input_in_errors=True,
        enable_decoding=False,
        extra="ignore",
        frozen=True,
    )

    env_file: Path = Path(".env")
    """File with further settings, one `NAME=value` per line; environment variables win over it."""
    home: Folder = Path(".weather")
    """Folder of the embedded stores, caches and logs."""
    raw_url: RawAddress = Field(default_factory=lambda given: f"file://{given['home']}/raw")
    """Raw store: `s3://bucket/prefix` or `file:///folder`."""
    staging_url: StagingAddress = Field(default_factory=lambda given: f"sqlite:///{given['home']}/staging.sqlite")
    """Staging database: `mysql+pymysql://user:password@host/database` or `sqlite:///file`."""
    staging_read_url: StagingAddress | None = None
    """The same with a read-only user, for the site and the API's reading routes; unset: the writer's."""
    curated_url: CuratedAddress = Field(default_factory=lambda given: f"sqlite:///{given['home']}/curated.sqlite")
    """Curated store: `mongodb://user:password@host/database` or `sqlite:///file`."""
    curated_read_url: CuratedAddress | None = None
    """The same with a read-only user, for the site and the API's reading routes; unset: the writer's."""
    csv_folder: Folder = Field(default_factory=lambda given: given["home"] / "staging_csv")
    """Folder of the CSV files that staging writes, one per city and month."""
    qc_overrides: Folder = Field(default_factory=lambda given: given["home"] / "qc_overrides.csv")
    """CSV file of quality flags that a person set or lifted, with the reason; may be missing."""
    s3: S3Settings = S3Settings()
    first_month: Annotated[InstanceOf[Month], BeforeValidator(_month)] = Month(1996, 1)
    """First monthly partition."""
    source: Source = "meteofrance"
    """Default source of months; a run may choose another."""
    opendatasoft_url: str = "https://public.opendatasoft.com"
    """OpenDataSoft portal."""
    archive_url: str = "https://meteofrance.s3.sbg.io.cloud.ovh.net/data/OBS/SYNOP"
    """Météo-France's archive: an address, or a folder with its files."""
    normals_url: WebAddress = "https://meteofrance.s3.sbg.io.cloud.ovh.net/data/synchro_ftp/REF_STATION"
    """Météo-France's official climate sheets and their list."""
    dagster_port: Port = 3000
    """Port of Dagster's UI."""
    dagster_url: WebAddress = Field(default_factory=lambda given: f"http://127.0.0.1:{given['dagster_port']}")
    """Address at which the API reaches Dagster."""
    dagster_public_url: WebAddress = Field(default_factory=lambda given: given["dagster_url"])
    """Address at which people reach Dagster's UI: that of the links in receipts and alerts."""
    dagster_hosts: Words = ()
    """Host names that Dagster's UI is reached by, beside this machine's own; requests under any other are refused."""
    dagster_login: SecretStr | None = None
    """`name:password` that Dagster's UI asks for; the API signs in with it. Unset: it asks for nothing."""
    dagster_home: Folder | None = Field(None, validation_alias="DAGSTER_HOME")
    """Dagster's home, if the deployment provides one; unset: written below `WEATHER_HOME`."""
    dagster_storage_url: MySqlAddress | None = None
    """Database for Dagster's runs and events; unset: SQLite in its home."""
    dagster_logs_url: S3Address | None = None
    """Bucket for the output of Dagster's runs; unset: its home."""
    alert_url: WebAddress | None = None
    """Webhook for failed runs and overdue observations: a POST of JSON with `text`."""
    changes_url: WebAddress | None = None
    """Webhook for changed documents: the API posts each page of `GET /changes` to it, at least once and in order."""
    launcher: Literal["celery", "default"] = "celery"
    """Launcher of runs: on running workers, or Dagster's standard launcher (a new process per run)."""
    executor: Literal["in_process", "k8s"] = "in_process"
    """Executor of the steps of a run."""
    broker_url: RedisAddress | None = None
    """Redis as broker between Dagster and workers; unset: files in `WEATHER_HOME` and one worker."""
    worker_slots: int = Field(2, ge=1, le=256)
    """Concurrent runs per worker."""
    runs_at_once: int = Field(default_factory=lambda given: given["worker_slots"], ge=1, le=1000)
    """Concurrent runs of all workers together."""
    admin: AdminSettings = AdminSettings()
    api: ApiSettings = ApiSettings()
    site: SiteSettings = SiteSettings()

    @property
    def has_readers(self) -> bool:
        """Whether both databases have a read-only address."""
        return self.staging_read_url is not None and self.curated_read_url is not None

    @property
    def dagster_credentials(self) -> tuple[str, str] | None:
        """Name and password of Dagster's UI, where it asks for them."""
        if self.dagster_login is None:
            return None
        name, _, password = self.dagster_login.get_secret_value().partition(":")
        return name, password

    @property
    def for_reading(self) -> "Settings":
        """The same settings with the read-only addresses in place of the writers'."""
        return self.model_copy(
            update={
                "staging_url": self.staging_read_url or self.staging_url,
                "curated_url": self.curated_read_url or self.curated_url,
            }
        )

    @model_validator(mode="after")
    def _sign_in_is_secret(self) -> Self:
        if (login := self.dagster_credentials) and (not login[0] or len(login[1]) < _SHORTEST_PASSWORD):
            raise BadSettings(
                f"WEATHER_DAGSTER_LOGIN is not a name, a colon and a password of {_SHORTEST_PASSWORD} characters.",
                "Make a password with `openssl rand -hex 16`.",
            )
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the given variables; default: the environment, and below it the ``.env`` file.

        An unset or empty variable keeps its default. BadSettings names every invalid variable.
        """
        token = _variables.set(environment)
        try:
            return cls()
        except ValidationError as error:
            raise _explained(error) from error
        finally:
            _variables.reset(token)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        source = EnvSettingsSource(settings_cls)
        given = _variables.get()
        source.env_vars = {
            name.lower(): text for name, text in (_process() if given is None else given).items() if text
        }
        return (source,)


_variables: ContextVar[Mapping[str, str] | None] = ContextVar("variables", default=None)
"""What `Settings.from_environment` was given: pydantic-settings builds its sources by itself."""


def _process() -> dict[str, str | None]:
    return {**dotenv_values(os.environ.get("WEATHER_ENV_FILE") or ".env"), **os.environ}


class Setting(NamedTuple):
    """A variable of the environment, as `weather settings` and docs/configuration.md show it."""

    variable: str
    path: tuple[str, ...]
    """Where `Settings` has it: ``("api", "port")``."""
    default: str
    """Empty where nothing is set by default."""
    meaning: str


def all_settings() -> list[Setting]:
    """Every setting, in the order of the classes."""
    return list(chain.from_iterable(_described(name, field) for name, field in Settings.model_fields.items()))


def shown(settings: Settings, setting: Setting) -> str:
    """The value in effect, with its secrets masked."""
    value: object = settings
    for name in setting.path:
        value = getattr(value, name)
    return _written(value)


def _described(name: str, field: FieldInfo) -> Iterator[Setting]:
    if isinstance(field.default, _Part):
        part = type(field.default)
        yield from (_setting((name, inner), described) for inner, described in part.model_fields.items())
    else:
        yield _setting((name,), field)


def _setting(path: tuple[str, ...], field: FieldInfo) -> Setting:
    if field.default is PydanticUndefined:
        names = ("host", "port", "url", "dagster_port", "dagster_url", "worker_slots")
        others = {name: f"${'_'.join(('WEATHER', *path[:-1], name)).upper()}" for name in names}
        default: object = field.get_default(
            call_default_factory=True, validated_data={**others, "home": Path("$WEATHER_HOME")}
        )
    else:
        default = field.default
    choices = get_args(field.annotation) if _is_choice(field) else ()
    owner = type(Settings.model_fields[path[0]].default) if len(path) > 1 else Settings
    meaning = _meanings()[owner.__name__, path[-1]].replace("\n", " ")
    if choices:
        meaning = f"{meaning.removesuffix('.')}: {', '.join(f'`{choice}`' for choice in choices)}."
    return Setting(_variable(path), path, _written(default), meaning)


@cache
def _meanings() -> dict[tuple[str, str], str]:
    """The docstring of each field, by class and name.

    pydantic's `use_attribute_docstrings` reads them whenever this module is imported: 0.1 s beside Dagster's modules.
    """
    return {
        (part.name, field.target.id): inspect.cleandoc(told.value.value)
        for part in ast.parse(Path(__file__).read_text(encoding="utf-8")).body
        if isinstance(part, ast.ClassDef)
        for field, told in pairwise(part.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(told, ast.Expr) and isinstance(told.value, ast.Constant) and isinstance(told.value.value, str)
    }


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple) and not isinstance(value, Month):
        return ", ".join(each.name if isinstance(each, ApiKey) else str(each) for each in value)
    return masked(str(value))


def _is_choice(field: FieldInfo) -> bool:
    return all(isinstance(choice, str) for choice in get_args(field.annotation)) and bool(get_args(field.annotation))


def _variable(path: tuple[str, ...]) -> str:
    """The variable of a field, by its place: ``("api", "port")`` is WEATHER_API_PORT."""
    alias = _field(path).validation_alias
    return alias if isinstance(alias, str) else _PREFIX + "_".join(path).upper()


def _field(path: tuple[str, ...]) -> FieldInfo:
    field = Settings.model_fields[path[0]]
    for name in path[1:]:
        field = type(field.default).model_fields[name]
    return field


def _explained(error: ValidationError) -> BadSettings:
    """Each variable that cannot be read with its cause, and the cures in the same order."""
    told = [each for each in error.errors() if each["type"] != "default_factory_not_called"]  # it follows another
    said = dict.fromkeys(_cause_and_cure(each) for each in told)
    return BadSettings(" ".join(cause for cause, _ in said), " ".join(dict.fromkeys(cure for _, cure in said)))


def _cause_and_cure(error: ErrorDetails) -> tuple[str, str]:
    fields = Settings.model_fields
    by_alias = {field.validation_alias: name for name, field in fields.items() if field.validation_alias}
    path = tuple(by_alias.get(str(part), str(part)) for part in error["loc"])[: 2 if error["loc"][0] in _PARTS else 1]
    name, field = _variable(path), _field(path)
    if error["type"] == "setting":
        return f"{name} {error['ctx']['says']}", error["ctx"]["cure"]
    given = f"{name} is {error['input']!r}."
    if error["type"] == "literal_error":
        return given, f"Set it to one of {', '.join(get_args(field.annotation))}."
    limits = {key: getattr(rule, key) for rule in field.metadata for key in ("ge", "le") if hasattr(rule, key)}
    if limits:
        return given, f"Set it to a whole number from {limits['ge']} to {limits['le']}."
    return given, f"{error['msg']}."


_PARTS = {name for name, field in Settings.model_fields.items() if isinstance(field.default, _Part)}


def dagster_environment(dagster_home: Path) -> dict[str, str]:
    """What Dagster's own processes read from their environment.

    Where their home is, and how often the daemon looks for failed runs to retry (1 s; it is 5 s as it comes, the
    larger part of the time to recover a run).
    """
    return {"DAGSTER_HOME": str(dagster_home), "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "1"}
