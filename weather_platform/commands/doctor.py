"""`weather doctor`: checks settings, stores, source, broker, services and ports."""

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, TypedDict

import httpx2 as httpx
import typer
from rich.markup import escape

from weather_platform.commands.console import out, show_json
from weather_platform.domain.errors import SourceUnavailable, StoreUnavailable, WeatherError
from weather_platform.runtime.service import port_is_free
from weather_platform.runtime.up import serving_process
from weather_platform.settings import Settings
from weather_platform.sources.freshness import freshness
from weather_platform.sources.registry import open_source
from weather_platform.sources.transport import RetryPolicy
from weather_platform.storage.opening import open_curated, open_raw, open_staging

_GLANCE = RetryPolicy(attempts=1, connect_timeout_s=3, read_timeout_s=5)
LITTLE_SPACE_BYTES = 1_000_000_000
"""A month of 62 stations with all its layers takes 27 MB (measured), its run in Dagster's history included."""


class Finding(TypedDict):
    """Result of one probe; a warning still counts as ok."""

    what: str
    ok: bool
    warning: bool
    says: str


class Advice(WeatherError):
    """A problem for some commands only, or a later one: shown as a warning, exit code 0."""


def doctor(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Check stores, settings, source, broker, services, ports and disk space; suggest fixes.

    Exit code 1 if a store, a setting or the broker fails. An unreachable source, a
    port in use or little disk space is only a warning.
    """
    settings = Settings.from_environment()
    probes: dict[str, Callable[[], str]] = {
        "home": lambda: _home(settings),
        "raw store": lambda: _raw(settings),
        "staging store": lambda: _staging(settings),
        "curated store": lambda: _curated(settings),
        "city CSV files": lambda: _writable(settings.csv_folder, "WEATHER_CSV_FOLDER"),
        "source": lambda: _source(settings),
        "months": lambda: f"from {settings.first_month}",
        "broker": lambda: _broker(settings),
        "Dagster": lambda: _served("WEATHER_DAGSTER_URL", settings.dagster_url, "/server_info", "dagster_webserver"),
        "API": lambda: _served("WEATHER_API_URL", settings.api.url, "/livez", "alive"),
        "ports": lambda: _ports(settings),
    }
    findings = [_found(name, probe) for name, probe in probes.items()]
    if as_json:
        show_json(findings)
    else:
        for finding in findings:
            out.print(
                f"{_sign(finding)} {finding['what']:<15} {escape(finding['says'])}", highlight=False, soft_wrap=True
            )
    if not all(finding["ok"] for finding in findings):
        raise SystemExit(1)


def _sign(finding: Finding) -> str:
    if not finding["ok"]:
        return "[bold red]FAIL[/]"
    return "[yellow]warn[/]" if finding["warning"] else "[green]ok  [/]"


def _found(name: str, probe: Callable[[], str]) -> Finding:
    try:
        return {"what": name, "ok": True, "warning": False, "says": probe()}
    except Advice as advice:
        return {"what": name, "ok": True, "warning": True, "says": str(advice)}
    except WeatherError as error:
        return {"what": name, "ok": False, "warning": False, "says": str(error)}


def _home(settings: Settings) -> str:
    # A deployment that provides Dagster's home may keep the rest of this one read-only, but for the sources' cache.
    folder = settings.home / "cache" if settings.dagster_home else settings.home
    says = _writable(folder, "WEATHER_HOME")
    if shutil.disk_usage(folder).free < LITTLE_SPACE_BYTES:
        raise Advice(f"{says}: little space is left.", "Free space there, or set WEATHER_HOME elsewhere.")
    return says


def _writable(folder: Path, variable: str) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"weather")
        free_gb = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize / 1e9
    except OSError as error:
        raise StoreUnavailable(
            f"{folder} cannot be written: {error.strerror}.", f"Free space there, or set {variable} elsewhere."
        ) from error
    return f"{folder} ({free_gb:.1f} GB free)"


def _raw(settings: Settings) -> str:
    store = open_raw(settings)
    store.blobs.ensure()
    store.blobs.ping()
    return settings.raw_url


def _staging(settings: Settings) -> str:
    store = open_staging(settings)
    store.ping()
    store.engine.dispose()
    return store.engine.url.render_as_string(hide_password=True)


def _curated(settings: Settings) -> str:
    with closing(open_curated(settings)) as store:
        store.ping()
        store.ensure()
    return settings.curated_url.rpartition("@")[2]


def _source(settings: Settings) -> str:
    """Judged by the newest observation, because a discontinued copy keeps answering 200."""
    open_source(settings)
    try:
        found = freshness(settings, retry_policy=_GLANCE)
    except SourceUnavailable as error:
        raise Advice(error.cause, "Check the network and the address. Loaded months do not need the source.") from error
    if found.stale:
        raise Advice(f"{found}.", "Load from another source (WEATHER_SOURCE), or wait for its next update.")
    return str(found)


def _broker(settings: Settings) -> str:
    if settings.launcher != "celery":
        return "not needed: WEATHER_LAUNCHER is `default`"
    if settings.broker_url is None:
        return "files in WEATHER_HOME"
    from redis import Redis, RedisError

    where = settings.broker_url.rpartition("@")[2]
    try:
        with Redis.from_url(settings.broker_url, socket_connect_timeout=3, socket_timeout=3) as broker:
            broker.ping()
    except (RedisError, ValueError) as error:
        raise StoreUnavailable(
            f"The broker {where} does not answer: {error}.", "Start Redis, or correct WEATHER_BROKER_URL."
        ) from error
    return f"{where} answers"


def _served(variable: str, url: str, path: str, proof: str) -> str:
    """Not running is fine; another program at this address is a warning."""
    try:
        answer = httpx.get(f"{url.rstrip('/')}{path}", timeout=2)
    except httpx.TransportError:
        return f"not running at {url}; `weather up` starts it"
    if proof not in answer.text:
        raise Advice(f"Another program answers at {url}.", f"Correct {variable}, or the port of `weather up`.")
    return f"answers at {url}"


def _ports(settings: Settings) -> str:
    """Whether `weather up` finds its ports free."""
    if pid := serving_process(settings.home):
        return f"in use by `weather up`, process {pid}"
    ports = {
        "WEATHER_DAGSTER_PORT": settings.dagster_port,
        "WEATHER_API_PORT": settings.api.port,
        "WEATHER_SITE_PORT": settings.site.port,
    }
    taken = {variable: port for variable, port in ports.items() if not port_is_free(port)}
    if taken:
        raise Advice(
            f"{' and '.join(map(str, taken.values()))} in use by another program, so `weather up` cannot start.",
            f"Stop it (`ss -ltnp` names it), or set {' and '.join(taken)} to other ports.",
        )
    return f"{', '.join(map(str, ports.values()))} are free for `weather up`"
