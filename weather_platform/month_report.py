"""The report of a month after each layer: materialisation metadata and check results.

Made only here, so that all doors report the same: a run that fetches, `/ingest`, `/ingest-fast`, `landing/`, a replay.
Plain values, without Dagster.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self
from urllib.parse import urlencode

from weather_platform import names
from weather_platform.domain import quality
from weather_platform.domain.counts import OUTCOMES
from weather_platform.domain.months import Month
from weather_platform.domain.quality import MonthSummary, Verdict
from weather_platform.intake import Stored
from weather_platform.pipeline import Stores
from weather_platform.settings import Settings
from weather_platform.storage.curated import Coverage, Replaced

if TYPE_CHECKING:
    from weather_platform.domain.climate.document import MonthDocument

Metadata = dict[str, Any]
"""Metadata by label: numbers, texts (of `…_url` addresses), lists and mappings; a list of mappings is a table."""


_TOLD_ELEMENTS = ("tn", "tx", "rr")


class Door(NamedTuple):
    """How observations came in, with a reference to that run, ingestion or file."""

    name: Literal["source", "ingest", "ingest-fast", "landing", "replay", "catalogue"]
    reference: str
    """A run, an ingestion, a file, or the month itself where the catalogue was put right from the stores."""


class Links(NamedTuple):
    """Addresses of the site and the API."""

    site: str
    api: str

    @classmethod
    def of(cls, settings: Settings) -> "Links":
        return cls(settings.site.public_url, settings.api.public_url)

    def to_site(self, first: date, last: date) -> str:
        return f"{self.site}/?{urlencode({'from': first, 'to': last})}"

    def to_api(self, path: str, **query: object) -> str:
        return f"{self.api}{path}?{urlencode({key.rstrip('_'): value for key, value in query.items()})}"


class SheetNotes(NamedTuple):
    """What is told and checked of a monthly sheet; the sheet itself takes 20 kB of memory."""

    station_id: str
    complete: tuple[str, ...]
    """Those of `_TOLD_ELEMENTS` that are complete."""
    rain_days: int
    rain_mm: float

    @classmethod
    def of(cls, sheet: "MonthDocument") -> Self:
        complete = tuple(name for name in _TOLD_ELEMENTS if getattr(sheet, name).status == "complete")
        return cls(sheet.station_id, complete, sheet.rr.n, sheet.rr.total or 0.0)


class StoredMonth:
    """What the stores hold for a month; each store is read once."""

    def __init__(self, stores: Stores, month: Month) -> None:
        self.month = month
        self._stores = stores

    @cached_property
    def staged(self) -> MonthSummary:
        """Counts the month in every city's table, which takes 0.1 s; NotFound if it was never staged."""
        return self._stores.staging.summary(self.month)

    @cached_property
    def observations(self) -> dict[str, int]:
        """By WMO station number; NotFound if the month was never staged."""
        return self._stores.staging.observations(self.month)

    @cached_property
    def is_synthetic(self) -> bool:
        """NotFound if the month was never staged."""
        return self._stores.staging.is_synthetic(self.month)

    @cached_property
    def documents(self) -> list[Coverage]:
        return self._stores.curated.coverage(self.month.first_day, self.month.last_day)

    @cached_property
    def sheets(self) -> list[SheetNotes]:
        from weather_platform.storage.monthly import MonthQuery  # numpy

        return [
            SheetNotes.of(sheet) for sheet in self._stores.monthly.find(MonthQuery(first=self.month, last=self.month))
        ]

    @cached_property
    def flags(self) -> Counter[tuple[str, str]]:
        """Flagged values by rule and verdict."""
        return self._stores.staging.flagging.counts(self.month)

    def daily_rain(self) -> dict[str, list[float]]:
        """Climatological rain of the documents that have it, by station."""
        return self._stores.curated.rain(self.month.first_day, self.month.last_day)

    def note(self, verdicts: Mapping[str, Verdict]) -> None:
        """Keep those verdicts of checks, by name, that differ from the last ones."""
        self._stores.staging.verdicts.note(self.month, verdicts)


def raw_metadata(
    month: Month, stored: Sequence[Stored], door: Door, links: Links, notes: Sequence[str] = ()
) -> Metadata:
    """Metadata of the raw objects of `month` that one load or posting stored; `stored` has all its objects.

    `notes` are remarks of the source.
    """
    here = [item for item in stored if item.object.partition == str(month)]
    origins = [item.object.provenance for item in here]
    records = sum(item.object.records for item in here)
    return {
        "dagster/partition_row_count": records,
        "records_of_no_or_another_month": sum(item.object.records for item in stored) - records,
        "source": ", ".join(sorted({origin.source for origin in origins})),
        "files": sorted({origin.name for origin in origins}),
        "licence": ", ".join(sorted({origin.licence for origin in origins})),
        "synthetic": any(origin.synthetic for origin in origins),
        "raw_objects": [item.object.key for item in here],
        "new_objects": sum(item.new for item in here),
        "bytes": sum(item.object.size_bytes for item in here),
        "notes": list(notes),
        **_by(door),
        "raw_files_url": links.to_api("/raw/files", month=month),
    }


def staged_metadata(held: StoredMonth, door: Door, links: Links) -> Metadata:
    """Metadata of all that staging holds of the month."""
    summary, month = held.staged, held.month
    total = summary.total
    hours = len(month.days) * 8
    return {
        "dagster/partition_row_count": summary.rows_in_tables,
        "tables": len(summary.columns),
        "raw_objects": sorted(summary.objects),
        "read": total.read,
        **{outcome: getattr(total, outcome) for outcome in OUTCOMES},
        "refused": total.refusals,
        "refused_by_reason": total.refused,
        "changes": summary.changes,
        "synthetic": summary.synthetic,
        "coverage": [
            {"station": number, "city": summary.names[number], "observations": count, "of": hours}
            for number, count in sorted(summary.observations.items(), key=lambda item: item[1])
        ],
        **_by(door),
        "quarantine_url": links.to_api("/quarantine", month=month),
        "coverage_url": links.to_api("/coverage", from_=month.first_day, to=month.last_day),
    }


def document_metadata(held: StoredMonth, replaced: Replaced, door: Door, links: Links) -> Metadata:
    """Metadata of the month's documents and of what curating it changed."""
    first, last = held.month.first_day, held.month.last_day
    return {
        "dagster/partition_row_count": sum(city.documents for city in held.documents),
        "cities": len(held.documents),
        "observations": sum(city.observations for city in held.documents),
        **replaced._asdict(),
        "synthetic": held.is_synthetic,
        **_by(door),
        "site_url": links.to_site(first, last),
        "documents_url": links.to_api("/curated", from_=first, to=last),
    }


def sheet_metadata(held: StoredMonth, door: Door, links: Links) -> Metadata:
    """Metadata of the monthly sheets: complete ones by element, and flagged values by rule."""
    complete = Counter(element for sheet in held.sheets for element in sheet.complete)
    return {
        "dagster/partition_row_count": len(held.sheets),
        **{f"complete_{element}": complete[element] for element in _TOLD_ELEMENTS},
        **{
            f"flagged_{verdict}": sum(count for (_, of), count in held.flags.items() if of == verdict)
            for verdict in ("erroneous", "suspect", "good")
        },
        "flags": [
            {"rule": rule, "verdict": verdict, "values": count} for (rule, verdict), count in sorted(held.flags.items())
        ],
        "synthetic": held.is_synthetic,
        **_by(door),
        "months_url": links.to_api("/climate/months", from_=held.month, to=held.month),
    }


def _by(door: Door) -> Metadata:
    return {"received_by": door.name, "reference": door.reference}


class Check(NamedTuple):
    """One check of a month, evaluated after its asset was written."""

    asset: str
    name: str
    description: str
    judge: Callable[[StoredMonth], Verdict]
    blocking: bool = False
    """Whether a failure blocks downstream assets; other checks warn."""


def _staging_check(judge: Callable[[MonthSummary], Verdict], *, blocking: bool = False) -> Check:
    asset, description = names.STAGED_OBSERVATIONS, judge.__doc__ or ""
    return Check(asset, judge.__name__, description, lambda held: judge(held.staged), blocking)


def _documents_conserved(held: StoredMonth) -> Verdict:
    documented = {city.station_id: city.observations for city in held.documents}
    return quality.documents_conserved(held.observations, documented)


def _totals_conserved(held: StoredMonth) -> Verdict:
    totals = {sheet.station_id: (sheet.rain_days, sheet.rain_mm) for sheet in held.sheets}
    return quality.totals_conserved(totals, held.daily_rain())


CHECKS = (
    _staging_check(quality.structure, blocking=True),
    _staging_check(quality.completeness),
    _staging_check(quality.cadence),
    _staging_check(quality.plausibility),
    _staging_check(quality.rows_conserved),
    Check(names.WEATHER_STATS, "documents_conserved", quality.documents_conserved.__doc__ or "", _documents_conserved),
    Check(names.MONTHLY_CLIMATE, "totals_conserved", quality.totals_conserved.__doc__ or "", _totals_conserved),
)


def judge_month(held: StoredMonth, checks: Iterable[Check] = CHECKS) -> list[tuple[Check, Verdict]]:
    """Checks with their results, which enter the history of the month (`storage.verdicts`)."""
    found = [(check, check.judge(held)) for check in checks]
    held.note({check.name: verdict for check, verdict in found})
    return found


def month_checks(stores: Stores, month: Month) -> list[tuple[Check, Verdict]]:
    """As `judge_month` for what the stores hold of a month, without writing; NotFound if it was never staged."""
    held = StoredMonth(stores, month)
    return [(check, check.judge(held)) for check in CHECKS]
