"""`weather catalogue`: repairs Dagster's catalogue from the stores."""

from typing import Annotated

import typer

from weather_platform.commands.console import say
from weather_platform.domain.months import parse_months
from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings


def catalogue(
    months: Annotated[str | None, typer.Argument(metavar="[MONTH[..MONTH]]", help="all stored months if none")] = None,
) -> None:
    """Report to Dagster the stored months that its catalogue lacks, for example after a wipe; loads nothing."""
    from weather_platform.runtime.catalogue import repair

    settings = Settings.from_environment()
    wanted = parse_months(months) if months else None
    count = 0
    for month, lacking in repair(settings, open_stores(settings), wanted):
        count += bool(lacking)
        if lacking:
            say(f"{month}: {', '.join(lacking)}")
    say(
        f"Dagster's catalogue lacked {count} months and has them now."
        if count
        else "Dagster's catalogue lacks nothing."
    )
