"""`weather status` and `quarantine`: what the stores hold."""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from weather_platform.commands.console import say, show
from weather_platform.domain.errors import NothingStored
from weather_platform.domain.months import Month
from weather_platform.domain.parsing import Reason
from weather_platform.settings import Settings
from weather_platform.storage.opening import Stores

Row = TypeVar("Row")
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def status(as_json: AsJson = False) -> None:
    """Show what each layer holds, by month."""
    settings = Settings.from_environment()
    rows = _by_month(Stores(settings, read_only=True))
    show(("month", "raw_objects", "observations", "cities", "refused", "documents"), rows, as_json=as_json)
    if not rows:
        say(f"Nothing is stored in {settings.home}. Load a month (weather load 2023-12), or set WEATHER_HOME.")


def _by_month(stores: Stores) -> list[dict[str, object]]:
    raw = stores.raw.partitions()
    observations: Counter[str] = Counter()
    cities: Counter[str] = Counter()
    for staged in _stored(stores.staging.coverage):
        observations[staged.month] += staged.observations
        cities[staged.month] += 1
    documents: Counter[str] = Counter()
    for curated in _stored(stores.curated.coverage):
        documents[str(curated.month)] += curated.documents
    refused = Counter(row["month"] for row in _stored(stores.staging.quarantine))
    return [
        {
            "month": month,
            "raw_objects": len(stores.raw.objects(month)) if month in raw else 0,
            "observations": observations[month],
            "cities": cities[month],
            "refused": refused[month],
            "documents": documents[month],
        }
        for month in sorted({*raw, *observations, *documents, *refused})
    ]


def _stored(read: Callable[[], list[Row]]) -> list[Row]:
    """Rows of a layer; an empty list if the layer was never written."""
    try:
        return read()
    except NothingStored:
        return []


def quarantine(
    month: Annotated[str | None, typer.Option(help="2023-12, or `unplaced` for records without a month")] = None,
    reason: Annotated[Reason | None, typer.Option(help="only records refused for this reason")] = None,
    as_json: AsJson = False,
) -> None:
    """List refused records: reason, raw object and position."""
    if month and month != "unplaced":
        month = str(Month.parse(month))
    staging = Stores(Settings.from_environment(), read_only=True).staging
    rows = _stored(lambda: staging.quarantine(month, reason=reason))
    columns = ("month", "raw_object", "position", "reason", "detail")
    show((*columns, "record") if as_json else columns, rows, as_json=as_json)
