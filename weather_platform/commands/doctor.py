"""`weather doctor`: is every setting right and every store there?"""

import os
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from weather_platform.commands.console import out, show_json
from weather_platform.domain.errors import StoreUnavailable, WeatherError
from weather_platform.settings import Settings
from weather_platform.sources.catalogue import open_source
from weather_platform.storage.curated import open_curated
from weather_platform.storage.raw import open_raw
from weather_platform.storage.staging import open_staging


def doctor(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Try each store and setting; say the cause and the cure of what does not work, and exit with 1 then."""
    settings = Settings.from_environment()
    probes: dict[str, Callable[[], str]] = {
        "home": lambda: _writable(settings.home, "WEATHER_HOME"),
        "raw store": lambda: _raw(settings),
        "staging store": lambda: _staging(settings),
        "curated store": lambda: _curated(settings),
        "city CSV files": lambda: _writable(settings.csv_folder, "WEATHER_CSV_FOLDER"),
        "source": lambda: _source(settings),
        "months": lambda: f"from {settings.first_month}",
    }
    findings = [_found(name, probe) for name, probe in probes.items()]
    if as_json:
        show_json(findings)
    else:
        for finding in findings:
            sign = "[green]ok  [/]" if finding["ok"] else "[bold red]not [/]"
            says = escape(str(finding["says"]))
            out.print(f"{sign} {finding['what']:<15} {says}", highlight=False, soft_wrap=True)
    if not all(finding["ok"] for finding in findings):
        raise SystemExit(1)


def _found(name: str, probe: Callable[[], str]) -> dict[str, object]:
    try:
        return {"what": name, "ok": True, "says": probe()}
    except WeatherError as error:
        return {"what": name, "ok": False, "says": str(error)}


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
    open_source(settings)
    address = {"opendatasoft": settings.opendatasoft_url, "meteofrance": settings.archive_url}
    return f"{settings.source} {address.get(settings.source, '(synthetic)')}"
