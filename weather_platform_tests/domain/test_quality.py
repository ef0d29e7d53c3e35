"""Verdicts on a month, each with the figures it rests on."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from weather_platform.domain import quality
from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.fields import FIELDS
from weather_platform.domain.months import Month
from weather_platform.domain.quality import MonthSummary, synoptic_hours
from weather_platform.domain.stations import STATIONS

DECEMBER = Month(2023, 12)
LATER = datetime.fromisoformat("2024-06-01T00:00:00+00:00")
WHOLE = MonthSummary(
    month=DECEMBER,
    observations=dict.fromkeys(STATIONS, 248),
    usual=dict.fromkeys(STATIONS, 1.0),
    off_hours={},
    names={number: station.name for number, station in STATIONS.items()},
    rows_in_tables=62 * 248,
    columns={station.slug: [*FIELDS, "tc"] for station in STATIONS.values()},
    silent_hours=[],
    changes={},
    objects={"aa": RecordCounts(read=62 * 248, kept=62 * 248)},
    synthetic=False,
)


def but(**changes: Any) -> MonthSummary:
    return msgspec.structs.replace(WHOLE, **changes)


def test_a_month_has_a_synoptic_hour_every_three() -> None:
    hours = list(synoptic_hours(Month(2024, 2)))
    assert (hours[0].isoformat(), hours[-1].isoformat(), len(hours)) == (
        "2024-02-01T00:00:00",
        "2024-02-29T21:00:00",
        232,
    )
    assert {after - before for before, after in pairwise(hours)} == {timedelta(hours=3)}


def test_a_whole_month_passes_every_check() -> None:
    checks = (quality.structure, quality.completeness, quality.cadence, quality.plausibility, quality.rows_conserved)
    assert [check(WHOLE).passed for check in checks] == [True] * 5


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"nice": list(FIELDS)[1:]},
        {"nice": [*reversed(FIELDS)]},
        {"nice": ["tc", *FIELDS]},
        {"nice": [*FIELDS], "orly": []},
    ],
)
def test_a_table_of_other_columns_is_wrong(columns: dict[str, list[str]]) -> None:
    assert not quality.structure(but(columns=columns)).passed


def test_without_earlier_months_the_reference_stations_are_expected() -> None:
    observations = {number: 248 for number in STATIONS if number not in ("07690", "07149")}
    verdict = quality.completeness(but(observations=observations, usual={}), LATER)
    assert (verdict.passed, verdict.description) == (
        False,
        "2 stations absent, no earlier month to compare with, 0 days silent",
    )
    assert verdict.figures["stations_absent"] == ["ORLY (07149)", "NICE (07690)"]
    assert quality.completeness(but(usual={}), LATER).passed


def test_a_station_is_judged_by_what_it_is_used_to_report() -> None:
    """For any number of stations: of 190, one never reports at night and one lost ten days."""
    usual = {f"{number:05}": 1.0 for number in range(188)} | {"99001": 0.625, "99002": 1.0}
    observations = dict.fromkeys(usual, 248) | {"99001": 155, "99002": 168}
    verdict = quality.completeness(but(observations=observations, usual=usual, names={"99002": "FAR"}), LATER)
    assert verdict == (
        True,
        "0 stations absent, 0.2 % less than usual, 0 days silent",
        {
            "observations": 188 * 248 + 155 + 168,
            "usual_observations": 189 * 248 + 155,
            "lacking_percent": 0.17,
            "hours": 248,
            "stations": 190,
            "stations_absent": [],
            "stations_short": {"FAR (99002)": "168 of 248"},
            "silent_days": [],
            "silent_hours": [],
        },
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"observations": {number: 248 for number in STATIONS if not number.startswith("077")}},
        {"observations": dict.fromkeys(STATIONS, 237)},
        {"silent_hours": [datetime(2023, 12, 3, hour) for hour in (0, 6, 12, 21)]},  # noqa: DTZ001  # as in a table
    ],
    ids=["a region is absent", "every station lacks more than a day", "a day is silent"],
)
def test_a_month_that_lacks_what_is_usual_is_incomplete(changes: dict[str, Any]) -> None:
    assert not quality.completeness(but(**changes), LATER).passed


def test_hours_that_no_source_has_yet_are_not_missing() -> None:
    """The archive has the day before from the morning on."""
    coming = list(synoptic_hours(DECEMBER))[8:]
    so_far = but(observations=dict.fromkeys(STATIONS, 8), silent_hours=coming)
    assert quality.completeness(so_far, datetime.fromisoformat("2023-12-03T07:00:00+00:00")).passed
    assert not quality.completeness(so_far, datetime.fromisoformat("2023-12-03T08:00:00+00:00")).passed
    nothing = but(observations={}, silent_hours=list(synoptic_hours(DECEMBER)))
    assert quality.completeness(nothing, datetime.fromisoformat("2023-12-02T07:00:00+00:00")).passed


def test_what_is_usual_is_the_median_of_the_latest_months() -> None:
    months = [Month(2023, number) for number in range(1, 9)]
    reported = {month: {"07690": len(month.days) * 8} for month in months}
    reported[months[0]] |= {"closed": 248}
    for month in months[2:]:
        reported[month] |= {"new": 124}
    reported[months[7]]["07690"] = 10
    assert quality.usual_shares(reported) == {"07690": 1.0, "new": pytest.approx(0.5, abs=0.02)}
    assert quality.usual_shares({}) == {}


@pytest.mark.parametrize(
    "changes",
    [{"off_hours": {"07690": 2}}, {"observations": dict.fromkeys(STATIONS, 248) | {"07690": 249}}],
)
def test_reports_between_synoptic_hours_are_found(changes: dict[str, Any]) -> None:
    verdict = quality.cadence(but(**changes))
    assert (verdict.passed, list(verdict.figures["stations"])) == (False, ["NICE (07690)"])


@pytest.mark.parametrize(
    ("reason", "records", "passed"),
    [
        ("impossible_value", 2, False),
        ("not_a_number", 2, False),
        ("impossible_value", 1, True),
        ("unreadable", 2, True),
    ],
)
def test_more_than_one_impossible_value_in_1000_is_implausible(reason: str, records: int, passed: bool) -> None:
    counts = RecordCounts(read=1000, kept=1000 - records, refused={reason: records})
    assert quality.plausibility(but(objects={"aa": counts})).passed is passed


@pytest.mark.parametrize(
    "changes",
    [
        {"rows_in_tables": 62 * 248 - 1},
        {"observations": dict.fromkeys(STATIONS, 247)},
        {"objects": {"aa": RecordCounts(read=62 * 248 + 1, kept=62 * 248)}},
        {"objects": {"aa": RecordCounts(read=62 * 248, kept=62 * 248 - 1, refused={"impossible_value": 1})}},
    ],
)
def test_a_row_that_is_not_accounted_for_is_noticed(changes: dict[str, Any]) -> None:
    assert not quality.rows_conserved(but(**changes)).passed


def test_refused_repeated_and_replaced_records_are_accounted_for() -> None:
    counts = RecordCounts(
        read=62 * 248 + 10, kept=62 * 248, unchanged=1, replaced=2, outdated=2, generated=1, refused={"x": 4}
    )
    assert quality.rows_conserved(but(objects={"aa": counts})).passed


@pytest.mark.parametrize(
    ("staged", "documented", "differing"),
    [
        ({"07690": 8}, {"07690": 8}, {}),
        ({"07690": 8}, {"07690": 7}, {"07690": "8 staged, 7 in documents"}),
        ({"07690": 8}, {}, {"07690": "8 staged, 0 in documents"}),
        ({}, {"07690": 8}, {"07690": "0 staged, 8 in documents"}),
    ],
)
def test_an_observation_without_a_document_is_noticed(
    staged: dict[str, int], documented: dict[str, int], differing: dict[str, str]
) -> None:
    verdict = quality.documents_conserved(staged, documented)
    assert (verdict.passed, verdict.figures["stations_differing"]) == (not differing, differing)
