"""`weather ingest`: post files to the API, as curl would, with a progress bar."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
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

from weather_platform.commands.console import err, show_json, show_table
from weather_platform.domain.errors import CannotServe, WeatherError
from weather_platform.settings import Settings

_CHUNK_BYTES = 1 << 20
_POLL_S = 0.3
_TIMEOUT = httpx.Timeout(10, read=600, write=600)
_COLUMNS = ("month", "read", "kept", "unchanged", "replaced", "outdated", "refused", "documents_written")


class Refused(WeatherError):
    """What the API answered instead of a receipt."""


def ingest(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON, CSV, gzip, zip")
    ],
    fast: Annotated[bool, typer.Option("--fast", help="do not go through a Dagster run")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the receipts as JSON")] = False,
) -> None:
    """Post observation files to the API (WEATHER_API_URL) and wait until their documents are readable."""
    settings = Settings.from_environment().api
    headers = {"x-api-key": settings.key} if settings.key else {}
    progress = Progress(
        TextColumn("{task.description:<30.30}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with httpx.Client(base_url=settings.url, headers=headers, timeout=_TIMEOUT) as api, progress:
        receipts = [_posted(api, file, progress, fast=fast) for file in files]
    for receipt in receipts:
        if as_json:
            show_json(receipt)
            continue
        show_table(_COLUMNS, ([_cell(month[name]) for name in _COLUMNS] for month in receipt["outcome"]))
    for receipt in receipts:
        if trouble := receipt["trouble"]:
            raise Refused(trouble["cause"], trouble["cure"])


def _posted(api: httpx.Client, file: Path, progress: Progress, *, fast: bool) -> dict[str, Any]:
    """The receipt of one file, in its last state."""
    size = file.stat().st_size
    bar = progress.add_task(file.name, total=size)
    receipt = _asked(
        api,
        "POST",
        "/ingest-fast" if fast else "/ingest",
        params={"name": file.name},
        headers={"content-type": "application/octet-stream", "content-length": str(size)},
        content=_sent(file, progress, bar),
    )
    while receipt["state"] not in ("done", "failed"):
        progress.update(bar, description=f"{file.name}: {receipt['state']}")
        time.sleep(_POLL_S)
        receipt = _asked(api, "GET", f"/ingestions/{receipt['id']}")
    return receipt


def _sent(file: Path, progress: Progress, bar: TaskID) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk
            progress.advance(bar, len(chunk))


def _asked(api: httpx.Client, method: str, path: str, **request: Any) -> dict[str, Any]:
    try:
        answer = api.request(method, path, **request)
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
