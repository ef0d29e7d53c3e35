"""What makes a month trustworthy: verdicts on what a store holds of it, each with the figures behind it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

import msgspec

from weather_platform.domain.counts import OUTCOMES, RecordCounts
from weather_platform.domain.fields import FIELDS
from weather_platform.domain.months import Month
from weather_platform.domain.parsing import Reason
from weather_platform.domain.stations import STATIONS

_STEP = timedelta(hours=3)
_IMPLAUSIBLE = (Reason.NOT_A_NUMBER, Reason.IMPOSSIBLE)
_LISTED = 20


def synoptic_hours(month: Month) -> Iterator[datetime]:
    """00, 03 … 21 UTC of every day of the month, without offset."""
    hour = datetime.combine(month.first_day, time())
    while hour.month == month.number:
        yield hour
        hour += _STEP


class MonthSummary(msgspec.Struct, kw_only=True):
    """What staging holds of a month, as counted there."""

    month: Month
    observations: dict[str, int]
    """By WMO station number."""
    names: dict[str, str]
    rows_in_tables: int
    columns: dict[str, list[str]]
    """Column names by city table."""
    silent_hours: list[datetime]
    changes: dict[str, int]
    objects: dict[str, RecordCounts]
    synthetic: bool


class Verdict(NamedTuple):
    """The outcome of one check: a sentence and the figures it rests on."""

    passed: bool
    description: str
    figures: Mapping[str, Any] = {}


def structure(summary: MonthSummary) -> Verdict:
    """Every city table has the columns of `fields.FIELDS`, in order, and may be read by name."""
    expected = list(FIELDS)
    wrong = {name: found for name, found in summary.columns.items() if found[: len(expected)] != expected}
    if wrong:
        return Verdict(False, f"{len(wrong)} tables have other columns", {"tables": wrong, "expected": expected})
    return Verdict(bool(summary.columns), f"{len(summary.columns)} tables of {len(expected)} columns")


def completeness(summary: MonthSummary, now: datetime | None = None) -> Verdict:
    """Every reference station reported at every synoptic hour that has passed."""
    now = (now or datetime.now(UTC)).replace(tzinfo=None)
    hours = sum(hour <= now for hour in synoptic_hours(summary.month))
    silent = [hour.isoformat() for hour in summary.silent_hours if hour <= now]
    missing = [station.name for number, station in STATIONS.items() if number not in summary.observations]
    partial = {
        f"{summary.names[number]} ({number})": f"{count} of {hours}"
        for number, count in summary.observations.items()
        if count < hours
    }
    found = sum(summary.observations.values())
    figures = {
        "observations": found,
        "expected": hours * len(STATIONS),
        "stations_missing": missing,
        "stations_incomplete": partial,
        "silent_hours": silent,
    }
    sentence = f"{len(missing)} stations missing, {len(partial)} incomplete, {len(silent)} hours silent"
    return Verdict(not (missing or partial or silent), sentence, figures)


def duplicates(summary: MonthSummary) -> Verdict:
    """No station and time was reported twice in what was received; where one was, `merging` tells what counts."""
    total = RecordCounts.total(summary.objects.values())
    counts = {kind: getattr(total, kind) for kind in OUTCOMES if kind not in ("kept", "generated")}
    several = total.accepted - sum(summary.observations.values())
    return Verdict(not several, f"{several} reports of a time that had one", counts)


def plausibility(summary: MonthSummary) -> Verdict:
    """No record was refused for a value that is no number or outside its field's range."""
    counts = {str(reason): _refused(summary, reason) for reason in _IMPLAUSIBLE}
    return Verdict(not any(counts.values()), f"{sum(counts.values())} records hold an impossible value", counts)


def rows_conserved(summary: MonthSummary) -> Verdict:
    """Every record read is a row, or is counted as refused or as another report of a row's time."""
    total = RecordCounts.total(summary.objects.values())
    observations = sum(summary.observations.values())
    figures = {
        "records_read": total.read,
        "observations": observations,
        "rows_in_tables": summary.rows_in_tables,
        "refused": total.refusals,
    }
    # The first report of a row is counted as kept until another object overrules it.
    first = total.kept <= observations <= total.kept + total.superseded + total.outdated
    accounted = first and not any(obj.unaccounted for obj in summary.objects.values())
    sentence = f"{observations} observations in {summary.rows_in_tables} rows"
    return Verdict(accounted and observations == summary.rows_in_tables, sentence, figures)


def documents_conserved(staged: Mapping[str, int], documented: Mapping[str, int]) -> Verdict:
    """Every observation of a month stands behind a document; both by WMO station number."""
    differing = {
        number: f"{staged.get(number, 0)} staged, {documented.get(number, 0)} in documents"
        for number in sorted(staged.keys() | documented.keys())
        if staged.get(number, 0) != documented.get(number, 0)
    }
    sentence = f"{sum(documented.values())} of {sum(staged.values())} observations are behind a document"
    return Verdict(not differing, sentence, {"stations_differing": dict(list(differing.items())[:_LISTED])})


def _refused(summary: MonthSummary, reason: Reason) -> int:
    return sum(obj.refused.get(reason, 0) for obj in summary.objects.values())
