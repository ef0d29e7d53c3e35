"""Codes and signs that are no measurements become what they mean; all else stays as it was published."""

from typing import Any

import pytest

from weather_platform.domain import cleaning
from weather_platform.domain.fields import Observation
from weather_platform.domain.parsing import Parsed, parse
from weather_platform.domain.record_files import cut
from weather_platform_tests.domain.broken import record
from weather_platform_tests.observations import at


def cleaned(**values: Any) -> Observation:
    (item,) = parse(cut(record(**{"t": ..., **values})))
    assert isinstance(item, Parsed)
    return cleaning.observed(item.place, list(cleaning.values_of(item.record)), "00000000000000aa")


@pytest.mark.parametrize(
    ("published", "becomes"),
    [
        ({"rr1": -0.1}, {"rr1": 0, "rr_trace": 1}),
        ({"rr3": -0.1}, {"rr3": 0, "rr_trace": 2}),
        ({"rr6": -0.1}, {"rr6": 0, "rr_trace": 4}),
        ({"rr12": -0.1}, {"rr12": 0, "rr_trace": 8}),
        ({"rr24": -0.1}, {"rr24": 0, "rr_trace": 16}),
        ({"rr1": -0.1, "rr3": 0.2, "rr24": "-0.1"}, {"rr1": 0, "rr3": 0.2, "rr24": 0, "rr_trace": 17}),
        ({"rr3": 0}, {"rr3": 0}),
        ({"rr3": None}, {"rr3": None}),
        ({"n": 101}, {"n": None, "n_hidden": 1}),
        ({"n": "101.0"}, {"n": None, "n_hidden": 1}),
        ({"n": 100}, {"n": 100}),
        ({"n": None}, {"n": None}),
        ({"per": -10}, {"per": 10}),
        ({"per": 60}, {"per": 60}),
        ({"dd": 0, "ff": 0.0}, {"dd": 0, "ff": 0.0}),
        ({"tend": -50, "ht_neige": -0.01}, {"tend": -50, "ht_neige": -0.01}),
    ],
)
def test_a_code_becomes_what_it_means(published: dict[str, Any], becomes: dict[str, Any]) -> None:
    assert cleaned(**published) == at("2023-12-01T00", **becomes)


def test_a_missing_value_stays_missing() -> None:
    assert cleaned() == at("2023-12-01T00")


def test_changes_are_counted_by_observation() -> None:
    observations = [
        at("2023-12-01T00", rr_trace=3, n_hidden=1, per=10),
        at("2023-12-01T03", rr_trace=16),
        at("2023-12-01T06", per=0),
        at("2023-12-01T09"),
    ]
    assert cleaning.changes(observations) == {
        "rain_trace_to_zero": 2,
        "hidden_sky_to_null": 1,
        "gust_period_made_positive": 1,
    }
