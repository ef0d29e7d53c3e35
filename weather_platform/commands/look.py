"""`weather status` and `quarantine`: what the stores hold."""

from collections import Counter
from typing import Annotated

import typer

from weather_platform.commands.console import show
from weather_platform.domain.months import Month
from weather_platform.domain.parsing import Reason
from weather_platform.pipeline import Stores, open_stores
from weather_platform.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def status(as_json: AsJson = False) -> None:
    """What each layer holds, by month."""
    stores = open_stores(Settings.from_environment())
    show(("month", "raw objects", "observations", "cities", "refused", "documents"), _by_month(stores), as_json=as_json)


def _by_month(stores: Stores) -> list[dict[str, object]]:
    raw = stores.raw.partitions()
    observations: Counter[str] = Counter()
    cities: Counter[str] = Counter()
    for staged in stores.staging.coverage():
        observations[staged.month] += staged.observations
        cities[staged.month] += 1
    documents: Counter[str] = Counter()
    for curated in stores.curated.coverage():
        documents[str(curated.month)] += curated.documents
    refused = Counter(row["month"] for row in stores.staging.quarantine())
    return [
        {
            "month": month,
            "raw objects": len(stores.raw.objects(month)) if month in raw else 0,
            "observations": observations[month],
            "cities": cities[month],
            "refused": refused[month],
            "documents": documents[month],
        }
        for month in sorted({*raw, *observations, *documents, *refused})
    ]


def quarantine(
    month: Annotated[str | None, typer.Option(help="2023-12, or unplaced for records that belong to no month")] = None,
    reason: Annotated[Reason | None, typer.Option(help="only those set aside for it")] = None,
    as_json: AsJson = False,
) -> None:
    """Records that were set aside: why, and where they stand."""
    if month and month != "unplaced":
        month = str(Month.parse(month))
    rows = open_stores(Settings.from_environment()).staging.quarantine(month, reason=reason)
    columns = ("month", "raw_object", "position", "reason", "detail")
    show((*columns, "record") if as_json else columns, rows, as_json=as_json)
