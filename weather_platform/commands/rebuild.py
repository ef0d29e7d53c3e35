"""`weather rebuild`: make staging and documents again from the stored raw objects."""

from typing import Annotated

import typer

from weather_platform.commands.console import months_progress, say
from weather_platform.domain.months import Month, Partitions, parse_months
from weather_platform.domain.provenance import UNPLACED
from weather_platform.many_months import make_months
from weather_platform.pipeline import Stores, open_stores, quarantine_unplaced
from weather_platform.settings import Settings

_LAYERS = 2


def rebuild(
    months: Annotated[
        str | None,
        typer.Argument(metavar="MONTH[..MONTH]", help="2023-12, 2023 or 2023-01..2023-12; default: outdated months"),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="every month that has raw objects")] = False,
) -> None:
    """Stage and curate months again from the raw objects: after an upgrade, or if a table is damaged.

    Without MONTH: the months staged by an older release. Nothing is fetched. Readers see the old month or the new one.
    A backfill of the job `process_months` in Dagster does the same.
    """
    settings = Settings.from_environment()
    stores = open_stores(settings)
    wanted = _wanted(stores, months, everything=all_)
    if not wanted:
        say("Nothing to rebuild: every month was made by this release.")
        return
    with months_progress(_LAYERS * len(wanted)):
        for _ in make_months(stores, wanted):
            pass
        if UNPLACED in stores.raw.partitions():
            quarantine_unplaced(stores, Partitions(settings.first_month))
    say(f"{len(wanted)} months rebuilt, {wanted[0]} to {wanted[-1]}.")


def _wanted(stores: Stores, months: str | None, *, everything: bool) -> list[Month]:
    stored = [Month.parse(partition) for partition in stores.raw.partitions() if partition != UNPLACED]
    if months is not None:
        asked = set(parse_months(months))
        return [month for month in stored if month in asked]
    if everything:
        return stored
    staged = {coverage.month for coverage in stores.staging.coverage()}
    outdated = set(stores.staging.outdated_months())
    return [month for month in stored if month in outdated or str(month) not in staged]
