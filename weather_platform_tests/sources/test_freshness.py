"""A source is as alive as its newest observation; what it could have by now follows from when it is written."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from weather_platform.settings import Settings
from weather_platform.sources.due import newest_due
from weather_platform.sources.freshness import Freshness, freshness
from weather_platform_tests.sources.web_server import Answer, serving


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-09-02T09:59", "2026-08-31T21:00"),
        ("2026-09-02T10:00", "2026-09-01T21:00"),
        ("2026-09-02T23:59", "2026-09-01T21:00"),
    ],
)
def test_each_morning_the_day_before_is_due(now: str, due: str) -> None:
    assert newest_due(at(now)) == at(due)


@pytest.mark.parametrize(
    ("newest", "behind", "stale"),
    [
        ("2026-09-01T21:00", timedelta(), False),
        ("2026-09-02T06:00", timedelta(), False),
        ("2026-08-31T21:00", timedelta(days=1), False),
        ("2026-08-31T18:00", timedelta(days=1, hours=3), True),
        ("2026-01-15T09:00", timedelta(days=229, hours=12), True),
    ],
)
def test_a_source_that_missed_more_than_one_writing_is_stale(newest: str, behind: timedelta, stale: bool) -> None:
    found = Freshness(source="meteofrance", newest=at(newest), due=at("2026-09-01T21:00"))
    assert (found.behind, found.stale) == (behind, stale)


def test_what_ended_months_ago_is_stale_though_it_answers(tmp_path: Path) -> None:
    page = {"total_count": 4_000_000, "results": [{"date": "2026-01-15T10:00:00+01:00"}]}
    with serving(lambda _: Answer(body=json.dumps(page).encode())) as portal:
        settings = Settings.from_environment({"WEATHER_HOME": str(tmp_path), "WEATHER_OPENDATASOFT_URL": portal.url})
        found = freshness(settings, "opendatasoft", now=at("2026-09-02T12:00"))
        assert portal.requests[0].query == {"select": "date", "order_by": "date desc", "limit": "1", "timezone": "UTC"}
    assert found == Freshness(source="opendatasoft", newest=at("2026-01-15T09:00"), due=at("2026-09-01T21:00"))
    assert str(found) == ("the newest observation of opendatasoft is of 2026-01-15 09 UTC, 2026-09-01 21 UTC was due")


def test_a_portal_without_a_record_is_stale(tmp_path: Path) -> None:
    with serving(lambda _: Answer(body=b'{"total_count": 0, "results": []}')) as portal:
        settings = Settings.from_environment({"WEATHER_HOME": str(tmp_path), "WEATHER_OPENDATASOFT_URL": portal.url})
        found = freshness(settings, "opendatasoft", now=at("2026-09-02T12:00"))
    assert (found.newest, found.stale, str(found)) == (None, True, "opendatasoft has no observation")


def test_nothing_is_due_of_a_sample(tmp_path: Path) -> None:
    found = freshness(Settings.from_environment({"WEATHER_HOME": str(tmp_path)}), "sample")
    assert (found.due, found.stale, str(found)) == (None, False, "sample is made on request")
