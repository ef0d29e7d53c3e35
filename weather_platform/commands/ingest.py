"""`weather ingest`: post files to the API, as curl would, with a progress bar."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx2 as httpx
import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from weather_platform.commands.console import err, say, say_trouble, show_json, show_table
from weather_platform.domain.counts import COUNTERS
from weather_platform.domain.errors import CannotServe, WeatherError
from weather_platform.settings import Settings

_CHUNK_BYTES = 1 << 20
_POLL_S = 0.3
_WAITS = 100
"""For the limit of the rate, each of a second or some: others may spend what falls free."""
_NAMED = 12
"""Number of unused columns to print; the receipt lists all."""
_TIMEOUT = httpx.Timeout(10, read=600, write=600)
_ALWAYS = ("read", "kept")


class Refused(WeatherError):
    """The API answered with an error instead of a receipt."""


def ingest(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON, CSV, gzip, zip")
    ],
    fast: Annotated[bool, typer.Option("--fast", help="use /ingest-fast, without a Dagster run")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON array of the receipts at the end")] = False,
) -> None:
    """Post observation files to the API (WEATHER_API_URL) and wait until their documents are readable.

    The receipt of each file is printed as it arrives. If a file is refused, the
    others are still posted, and the exit code is 1.

    With --json, all receipts are printed as one array. Files refused without a
    receipt are reported on standard error only.
    """
    receipts = []
    refused = False
    try:
        with opened() as api:
            for file in files:
                try:
                    receipt = _posted(api, file, fast=fast)
                    receipts.append(receipt)
                    if not as_json:
                        _show(file, receipt)
                    _check(receipt)
                except Refused as trouble:
                    refused = True
                    cause = trouble.cause.removeprefix(f"{file.name}: ")
                    say_trouble(f"{file}: {cause}", trouble.cure)
    except KeyboardInterrupt:
        going_on = "The API may finish the next one; posting it again changes nothing."
        raise KeyboardInterrupt(f"{len(receipts)} of {len(files)} files are posted. {going_on}") from None
    finally:
        if as_json:
            show_json(receipts)
    if refused:
        raise typer.Exit(1)


def opened() -> httpx.Client:
    """A client of the API of the settings."""
    settings = Settings.from_environment().api
    headers = {"x-api-key": settings.key.get_secret_value()} if settings.key else {}
    return httpx.Client(base_url=settings.url, headers=headers, timeout=_TIMEOUT)


def _show(file: Path, receipt: dict[str, Any]) -> None:
    """Print the counts of every month, without columns that are 0 in all months."""
    months = receipt["outcome"]
    counters = [name for name in COUNTERS if name in _ALWAYS or any(month[name] for month in months)]
    columns = ("month", *counters, "documents_written")
    rows = [[file.name, *(_cell(month[name]) for name in columns), receipt["id"]] for month in months]
    if rows:
        show_table(("file", *columns, "ingestion"), rows)
    look = receipt["first_look"]
    for passed_over in look["passed_over"]:
        say(f"Skipped {passed_over['name']}: {passed_over['cause']}")
    if unused := look["unused_columns"]:
        more = f" and {len(unused) - _NAMED} more" if len(unused) > _NAMED else ""
        say(f"{file.name}: columns not used: {', '.join(unused[:_NAMED])}{more}.")


def _check(receipt: dict[str, Any]) -> None:
    if trouble := receipt["trouble"]:
        for run in receipt["runs"] if len(receipt["runs"]) > 1 else ():
            if run["trouble"]:
                say_trouble(f"{run['month']}: {run['trouble']['cause']}", run["trouble"]["cure"])
        raise Refused(trouble["cause"], trouble["cure"])


def _stands(receipt: dict[str, Any]) -> str:
    """The state, or how many months are done."""
    progress, months = receipt["progress"], len(receipt["months"])
    return f"{progress['done']}/{months} months" if months > 1 else str(receipt["state"])


def _posted(api: httpx.Client, file: Path, *, fast: bool) -> dict[str, Any]:
    """The receipt of one file, in its final state."""
    size = file.stat().st_size
    with _progress() as progress:
        bar = progress.add_task(file.name, total=size)
        receipt = asked(
            api,
            "POST",
            "/ingest-fast" if fast else "/ingest",
            params={"name": file.name},
            headers={"content-type": "application/octet-stream", "content-length": str(size)},
            content=lambda: _sent(file, progress, bar),
        )
        while receipt["state"] not in ("done", "failed"):
            progress.update(bar, description=f"{_stands(receipt)} {file.name}")
            time.sleep(_POLL_S)
            receipt = asked(api, "GET", f"/ingestions/{receipt['id']}")
    return receipt


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<30.30}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def _sent(file: Path, progress: Progress, bar: TaskID) -> Iterator[bytes]:
    with file.open("rb") as source:
        progress.reset(bar)
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk
            progress.advance(bar, len(chunk))


def asked(
    api: httpx.Client, method: str, path: str, *, content: Callable[[], Iterator[bytes]] | None = None, **request: Any
) -> dict[str, Any]:
    """The body of an answer; Refused for a problem, CannotServe without an answer.

    Above the rate limit, waits as `Retry-After` says and tries again.
    """
    try:
        answer = api.request(method, path, content=content and content(), **request)
        for _ in range(_WAITS):
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            time.sleep(float(answer.headers.get("retry-after", _POLL_S)))
            answer = api.request(method, path, content=content and content(), **request)
        body = answer.json()
    except httpx.TransportError as error:
        raise CannotServe(
            f"The API at {api.base_url} does not answer ({type(error).__name__}).",
            "Start it with `weather up`, or correct WEATHER_API_URL.",
        ) from error
    except ValueError as error:
        raise CannotServe(f"{api.base_url} is not this platform's API.", "Correct WEATHER_API_URL.") from error
    if answer.is_error:
        raise Refused(str(body.get("detail", answer.reason_phrase)), str(body.get("cure", "")))
    return dict(body)


def _cell(value: Any) -> Any:
    return sum(value.values()) if isinstance(value, dict) else value
