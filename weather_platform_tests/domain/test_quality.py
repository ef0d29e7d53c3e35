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
    checks = (quality.structure, quality.completeness, quality.duplicates, quality.plausibility, quality.rows_conserved)
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


def test_missing_stations_and_hours_are_named() -> None:
    observations = {number: 248 for number in STATIONS if number != "07690"} | {"07149": 240}
    verdict = quality.completeness(
        but(observations=observations, silent_hours=[datetime.fromisoformat("2023-12-03T09:00:00")]), LATER
    )
    assert verdict == (
        False,
        "1 stations missing, 1 incomplete, 1 hours silent",
        {
            "observations": 62 * 248 - 248 - 8,
            "expected": 62 * 248,
            "stations_missing": ["NICE"],
            "stations_incomplete": {"ORLY (07149)": "240 of 248"},
            "silent_hours": ["2023-12-03T09:00:00"],
        },
    )


def test_hours_that_have_not_come_are_not_missing() -> None:
    noon = datetime.fromisoformat("2023-12-01T12:00:00+00:00")
    coming = list(synoptic_hours(DECEMBER))[5:]
    so_far = but(observations=dict.fromkeys(STATIONS, 5), silent_hours=coming)
    assert quality.completeness(so_far, noon).passed
    assert not quality.completeness(so_far, noon + timedelta(hours=3)).passed


@pytest.mark.parametrize("kind", ["unchanged", "replaced", "outdated"])
def test_a_report_of_a_time_that_had_one_is_a_duplicate(kind: str) -> None:
    verdict = quality.duplicates(but(objects={"aa": RecordCounts(read=3, kept=1, **{kind: 2})}))  # type: ignore[arg-type]
    assert (verdict.passed, verdict.figures[kind]) == (False, 2)


@pytest.mark.parametrize(
    ("reason", "passed"), [("impossible_value", False), ("not_a_number", False), ("unreadable_date", True)]
)
def test_an_impossible_value_is_implausible(reason: str, passed: bool) -> None:
    assert quality.plausibility(but(objects={"aa": RecordCounts(read=1, refused={reason: 1})})).passed is passed


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
