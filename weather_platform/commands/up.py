"""`weather up`: the platform on this machine until Ctrl-C."""

import os
import sys
from typing import Annotated

import typer

from weather_platform.commands.console import say
from weather_platform.domain.months import parse_months
from weather_platform.runtime.interrupts import hold_interrupts
from weather_platform.settings import Settings


def up(
    load: Annotated[str | None, typer.Option(metavar="MONTH[..MONTH]", help="load these months first")] = None,
    source: Annotated[str | None, typer.Option(help="source of --load; default: WEATHER_SOURCE")] = None,
    once: Annotated[bool, typer.Option("--once", help="only load, do not serve")] = False,
) -> None:
    """Serve Dagster's UI, its daemon, a worker, the API and the site until Ctrl-C, which stops them all."""
    from weather_platform.runtime.up import check_can_serve, doors
    from weather_platform.runtime.up import up as serve

    settings = Settings.from_environment()
    if not once:
        check_can_serve(settings)
    if load:
        from weather_platform.commands.load import load_first

        load_first(settings, parse_months(load), source=source, serves_then=not once)
        if not once:
            _start_again()
    if once:
        return
    serve(settings, report=say, when_ready=lambda: say(_where(settings)), doors=doors(settings))


def _start_again() -> None:
    """Replace this process by one that only serves: what the load has imported is 200 MB, and stays for good."""
    sys.stdout.flush()
    sys.stderr.flush()
    hold_interrupts()
    os.execv(sys.executable, [sys.executable, "-m", "weather_platform", "up"])  # noqa: S606  # itself


def _where(settings: Settings) -> str:
    return f"""
  Dagster  {settings.dagster_url}
  API      {settings.api.url}/docs
  Site     http://{settings.site.host}:{settings.site.port}

Post a file:
  curl -F file=@data/ingestion/2024.json {settings.api.url}/ingest-fast

Ctrl-C stops everything."""
