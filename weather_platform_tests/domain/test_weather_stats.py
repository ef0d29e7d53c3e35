"""The document of a day, in the shape that readers of the replaced system know."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from weather_platform.domain import weather_stats
from weather_platform.domain.statistics import VECTOR_PER_MS
from weather_platform.domain.weather_stats import CODE_VERSION, WeatherStats
from weather_platform_tests.domain.days import document, one_day

NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
SUMS = {
    "t_n": 8,
    "t_sum": 8 * 287_410_000,
    "t_min": 284.95,
    "t_max": 289.65,
    "pmer_n": 8,
    "pmer_sum": 8 * 99_737_500_000,
    "pmer_min": 99_360,
    "pmer_max": 100_080,
    "ff_n": 8,
    "ff_sum": 29_500_000,
    "ff_max": 7.7,
    "raf10_max": 9.0,
    "rafper_max": 11.2,
    "ff_east": 8 * VECTOR_PER_MS,
    "ff_north": 0,
    "rr3_max": 1.0,
    "rr3_traces": 1,
    "u_n": 8,
    "u_sum": 572_000_000,
    "u_min": 54,
    "u_max": 88,
    "ht_neige_n": 2,
    "ht_neige_max": 0.03,
}
CLIMATE = {
    "tn": 11.1,
    "tn_method": "mixed",
    "tx": 16.8,
    "tx_method": "extremes",
    "rr": 20.1,
    "rr_method": "rr24",
    "rr_known": 20.1,
    "civil_rr": 20.4,
    "civil_rr_slots": 8,
    "tn_window": "18-18",
    "tx_window": "06-06",
    "rr_window": "06-06",
    "windows_supposed": False,
    "erroneous": 1,
    "suspect": 2,
}
DAY = one_day({**SUMS, **CLIMATE}, raw_objects=("aa", "bb"))


def test_a_document_has_the_shape_that_was_promised() -> None:
    made = document(DAY, frozenset({"cc"}), NOW)
    assert json.loads(msgspec.json.encode(made)) == {
        "_id": "07690:2023-12-01",
        "city": "NICE",
        "slug": "nice",
        "station_id": "07690",
        "period": "2023-12-01",
        "date": "2023-12-01T00:00:00Z",
        "metrics": {
            "temperature": {
                "avg": 14.26,
                "min": 11.8,
                "max": 16.5,
                "tn": 11.1,
                "tn_method": "mixed",
                "tx": 16.8,
                "tx_method": "extremes",
                "n": 8,
            },
            "pressure": {"avg": 997.38, "min": 993.6, "max": 1000.8, "n": 8},
            "wind_speed": {"avg": 3.69, "max": 7.7, "gust": 11.2, "direction": 90.0, "n": 8},
            "rainfall": {
                "total": 20.4,
                "max_3h": 1.0,
                "trace": True,
                "n": 8,
                "rr": 20.1,
                "rr_method": "rr24",
                "rr_known": 20.1,
            },
            "humidity": {"avg": 71.5, "min": 54.0, "max": 88.0, "n": 8},
            "snow_depth": {"max": 3.0, "n": 2},
        },
        "extreme_events": [{"type": "heavy_rain", "value": 20.1, "unit": "mm", "threshold": 20.0}],
        "observations": 8,
        "expected": 8,
        "day_rule": "utc",
        "windows": {"tn": "18-18", "tx": "06-06", "rr": "06-06", "supposed": False},
        "flagged": {"erroneous": 1, "suspect": 2},
        "provenance": {
            "raw_objects": ["aa", "bb"],
            "synthetic": False,
            "code_version": CODE_VERSION,
            "revision": made.provenance.revision,
            "updated_at": "2024-01-02T03:04:05Z",
        },
    }


def test_every_sum_that_a_figure_needs_is_asked_for() -> None:
    assert {one.name for one in weather_stats.SUMS} == set(SUMS)


def test_a_document_keeps_whole_milliseconds_as_mongodb_does() -> None:
    exact = NOW.replace(microsecond=678_999)
    assert document(DAY, now=exact).provenance.updated_at == NOW.replace(microsecond=678_000)


def test_a_day_of_nothing_but_an_observation_is_null_throughout() -> None:
    metrics = msgspec.to_builtins(document(one_day()).metrics)
    values = {value for metric in metrics.values() for name, value in metric.items() if name not in ("n", "trace")}
    values -= {"missing"}  # the way in which a figure was found
    assert values == {None}
    assert [metric["n"] for metric in metrics.values()] == [0] * 6


@pytest.mark.parametrize(("synthetic", "marked"), [({"bb"}, True), ({"aa", "bb"}, True), ({"cc"}, False), ((), False)])
def test_one_synthetic_object_marks_the_day(synthetic: Collection[str], marked: bool) -> None:
    assert document(DAY, frozenset(synthetic)).provenance.synthetic is marked


def test_a_revision_stays_while_only_the_time_changes() -> None:
    later = datetime(2025, 1, 1, tzinfo=UTC)
    assert _revision(document(DAY)) == _revision(document(DAY, now=later))


@pytest.mark.parametrize(
    "change",
    [
        {"figures": {**SUMS, **CLIMATE, "t_max": 290.0}},
        {"figures": {**SUMS, **CLIMATE, "rr3_traces": 0}},
        {"figures": {**SUMS, **CLIMATE, "tn_method": "extremes"}},
        {"observations": 7},
        {"raw_objects": ("aa",)},
    ],
)
def test_a_revision_changes_with_the_content(change: dict[str, Any]) -> None:
    changed = {"figures": {**SUMS, **CLIMATE}, "raw_objects": ("aa", "bb"), **change}
    assert _revision(document(one_day(**changed))) != _revision(document(DAY))


def test_a_revision_changes_with_the_mark_of_synthetic_data() -> None:
    assert _revision(document(DAY, frozenset({"aa"}))) != _revision(document(DAY))


def _revision(made: WeatherStats) -> str:
    return made.provenance.revision
