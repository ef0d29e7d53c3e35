"""Checks of a month: a result for what a store holds, each with the figures behind it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from statistics import median
from typing import Any, NamedTuple

import msgspec

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.fields import FIELDS
from weather_platform.domain.months import Month
from weather_platform.domain.parsing import Reason
from weather_platform.domain.stations import STATIONS, station_for

_STEP = timedelta(hours=3)
_IMPLAUSIBLE = (Reason.NOT_A_NUMBER, Reason.IMPOSSIBLE)
_LISTED = 20
_PUBLISHED_AT = timedelta(hours=8)
"""The archive is updated daily about 07 UTC, with observations up to 21 UTC of the day before."""
HISTORY_MONTHS = 6
"""Number of earlier stored months that determine a station's usual reports."""
LACKING_SHARE = 0.04
"""Real months of 2023 lack 0.4 to 3.2 % of their stations' usual reports; one missing day adds 3.2 %."""
ABSENT_SHARE = 0.02
IMPLAUSIBLE_SHARE = 0.001
_SILENT_DAY_HOURS = 4


def synoptic_hours(month: Month) -> Iterator[datetime]:
    """00, 03 … 21 UTC of every day of the month, without offset."""
    hour = datetime.combine(month.first_day, time())
    while hour.month == month.number:
        yield hour
        hour += _STEP


def reported_until(now: datetime | None = None) -> datetime:
    """The last synoptic hour due in every source at `now` (aware); UTC, without offset."""
    day = ((now or datetime.now(UTC)).astimezone(UTC) - _PUBLISHED_AT).date()
    return datetime.combine(day, time()) - _STEP


def usual_shares(earlier: Mapping[Month, Mapping[str, int]]) -> dict[str, float]:
    """Usual reports of each station as a share of synoptic hours: the median of its latest months.

    `earlier` has observations by month and station; only the latest `HISTORY_MONTHS` of them count. A month without a
    station counts as 0 for it, so a closed station is soon no longer expected.
    """
    months = sorted(earlier)[-HISTORY_MONTHS:]
    return {
        station: share
        for station in sorted({station for month in months for station in earlier[month]})
        if (share := median(min(1.0, earlier[month].get(station, 0) / _hours(month)) for month in months))
    }


def _hours(month: Month) -> int:
    return len(month.days) * (timedelta(days=1) // _STEP)


class MonthSummary(msgspec.Struct, kw_only=True):
    """Summary of a month in staging, counted by the database."""

    month: Month
    observations: dict[str, int]
    """By WMO station number."""
    usual: dict[str, float]
    """`usual_shares` of earlier months; empty if none is stored."""
    off_hours: dict[str, int]
    """Observations not at a synoptic hour, by WMO station number; stations without any are left out."""
    names: dict[str, str]
    """Of the stations that reported, by WMO station number."""
    rows_in_tables: int
    columns: dict[str, list[str]]
    """Column names by city table."""
    silent_hours: list[datetime]
    """Synoptic hours at which fewer than half of the month's stations reported."""
    changes: dict[str, int]
    objects: dict[str, RecordCounts]
    synthetic: bool

    @property
    def total(self) -> RecordCounts:
        """Counts of the records of all raw objects."""
        return RecordCounts.total(self.objects.values())


class Verdict(NamedTuple):
    """The result of one check: a sentence and its figures."""

    passed: bool
    description: str
    figures: Mapping[str, Any] = {}


def structure(summary: MonthSummary) -> Verdict:
    """Every city table has the columns of `fields.FIELDS`, in order."""
    expected = list(FIELDS)
    wrong = {name: found for name, found in summary.columns.items() if found[: len(expected)] != expected}
    if wrong:
        return Verdict(
            False,
            f"{len(wrong)} tables have other columns: drop them, then load their months again",
            {"tables": wrong, "expected": expected},
        )
    return Verdict(bool(summary.columns), f"{len(summary.columns)} tables of {len(expected)} columns")


def completeness(summary: MonthSummary, now: datetime | None = None) -> Verdict:
    """The stations report as usual, at every synoptic hour due in every source by now.

    Fails if at half of a day's hours fewer than half of the stations reported, if more than 4 % of the usual
    observations are missing, or if more than one station in fifty (and more than one) is absent.
    Without an earlier month in the store, the reference stations are expected, and no count of observations.
    """
    hours = sum(hour <= reported_until(now) for hour in synoptic_hours(summary.month))
    silent = [hour for hour in summary.silent_hours if hour <= reported_until(now)]
    days = sorted(day for day, count in Counter(hour.date() for hour in silent).items() if count >= _SILENT_DAY_HOURS)
    usual = {number: share * hours for number, share in summary.usual.items()}
    lacking = {number: count - summary.observations.get(number, 0) for number, count in usual.items()}
    lacking = {number: count for number, count in lacking.items() if count >= 1}
    expected = list(usual or STATIONS) if hours else []
    absent = sorted(number for number in expected if number not in summary.observations)
    share = sum(lacking.values()) / sum(usual.values()) if hours and usual else 0.0
    passed = not days and share <= LACKING_SHARE and len(absent) <= max(1, ABSENT_SHARE * len(expected))

    def shown(number: str) -> str:
        return f"{summary.names.get(number) or station_for(number).name} ({number})"

    short = sorted(lacking, key=lambda number: -lacking[number])
    figures = {
        "observations": sum(summary.observations.values()),
        "usual_observations": round(sum(usual.values())) if usual else None,
        "lacking_percent": round(100 * share, 2),
        "hours": hours,
        "stations": len(summary.observations),
        "stations_absent": [shown(number) for number in absent],
        "stations_short": {
            shown(number): f"{summary.observations.get(number, 0)} of {usual[number]:.0f}" for number in short[:_LISTED]
        },
        "silent_days": [day.isoformat() for day in days],
        "silent_hours": [hour.isoformat() for hour in silent],
    }
    lack = f"{100 * share:.1f} % less than usual" if usual else "no earlier month to compare with"
    silence = f"{len(days)} {'day' if len(days) == 1 else 'days'} silent"
    return Verdict(passed, f"{len(absent)} stations absent, {lack}, {silence}", figures)


def cadence(summary: MonthSummary) -> Verdict:
    """Stations report only at synoptic hours: every 3 hours, not hourly and not twice within an hour."""
    hours = _hours(summary.month)
    more = {number: count for number, count in summary.observations.items() if count > hours}
    found = {f"{summary.names[n]} ({n})": summary.off_hours.get(n, 0) for n in {*summary.off_hours, *more}}
    figures = {
        "observations_at_other_times": sum(summary.off_hours.values()),
        "stations": dict(sorted(found.items(), key=lambda item: -item[1])[:_LISTED]),
    }
    return Verdict(not found, f"{sum(summary.off_hours.values())} observations between the synoptic hours", figures)


def plausibility(summary: MonthSummary) -> Verdict:
    """At most one record in 1,000 was refused for a value that is not a number or outside its field's range.

    A wrong unit or a broken sensor affects more; a single bad record stays in quarantine.
    """
    counts = {str(reason): summary.total.refused.get(reason, 0) for reason in _IMPLAUSIBLE}
    spoilt, read = sum(counts.values()), summary.total.read
    return Verdict(
        spoilt <= IMPLAUSIBLE_SHARE * read,
        f"{spoilt} of {read} records hold an impossible value",
        {**counts, "records_read": read},
    )


def rows_conserved(summary: MonthSummary) -> Verdict:
    """Every record read is a row, or counted as refused or as another report of a row's time."""
    total = summary.total
    observations = sum(summary.observations.values())
    figures = {
        "records_read": total.read,
        "observations": observations,
        "rows_in_tables": summary.rows_in_tables,
        "refused": total.refusals,
    }
    # The first report of a row is counted as `kept` until another object overrules it.
    first = total.kept <= observations <= total.kept + total.superseded + total.outdated
    accounted = first and not any(obj.unaccounted for obj in summary.objects.values())
    sentence = f"{observations} observations in {summary.rows_in_tables} rows"
    return Verdict(accounted and observations == summary.rows_in_tables, sentence, figures)


def documents_conserved(staged: Mapping[str, int], documented: Mapping[str, int]) -> Verdict:
    """Every observation of a month is part of a document; both by WMO station number."""
    differing = {
        number: f"{staged.get(number, 0)} staged, {documented.get(number, 0)} in documents"
        for number in sorted(staged.keys() | documented.keys())
        if staged.get(number, 0) != documented.get(number, 0)
    }
    sentence = f"{sum(documented.values())} of {sum(staged.values())} observations are part of a document"
    return Verdict(not differing, sentence, {"stations_differing": dict(list(differing.items())[:_LISTED])})


def totals_conserved(totals: Mapping[str, tuple[int, float]], daily: Mapping[str, Sequence[float]]) -> Verdict:
    """A month's rain is that of its documents: the same total for as many days, no less for more.

    A day without an observation has no document; the next day's total may still include its rain.
    `totals` are days and mm by WMO station number, `daily` the mm of each document that has rain.
    """
    differing = {
        number: f"{total} mm of {days} days, {round(sum(found), 2)} mm of {len(found)} documents"
        for number in sorted(totals.keys() | daily.keys())
        for days, total in (totals.get(number, (0, 0.0)),)
        for found in (daily.get(number, ()),)
        if days < len(found)
        or round(total - sum(found), 2) < 0
        or (days == len(found) and round(total - sum(found), 2) != 0)
    }
    sentence = f"{len(totals) - len(differing)} of {len(totals)} monthly totals of rain are those of the documents"
    return Verdict(not differing, sentence, {"stations_differing": dict(list(differing.items())[:_LISTED])})
