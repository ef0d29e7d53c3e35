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
    return cleaning.clean(item.place, item.record, "00000000000000aa")


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
        at("2023-12-01T00", rr_trace=3, n_hidden=1),
        at("2023-12-01T03", rr_trace=16),
        at("2023-12-01T06", per=10),
    ]
    assert cleaning.changes(observations) == {"rain_trace_to_zero": 2, "hidden_sky_to_null": 1}


@pytest.mark.parametrize(
    ("exported", "becomes"),
    [
        ({"rr3": 0, "rr6": 0, "rr12": 0.2, "rr_trace": 2}, {"rr3": 0, "rr6": 0, "rr12": 0.2, "rr_trace": 2}),
        ({"rr3": None, "rr6": 0.4, "rr_trace": 31}, {"rr6": 0.4}),
        ({"rr3": 0, "rr_trace": 0}, {"rr3": 0}),
        ({"rr3": 0, "rr_trace": "many"}, {"rr3": 0}),
        ({"n": None, "n_hidden": 1}, {"n": None, "n_hidden": 1}),
        ({"n": 50, "n_hidden": 1}, {"n": 50}),
        ({"n": None, "n_hidden": 0}, {"n": None}),
    ],
)
def test_the_flags_of_our_own_export_are_taken_over(exported: dict[str, Any], becomes: dict[str, Any]) -> None:
    assert cleaned(**exported) == at("2023-12-01T00", **becomes)


def test_missing_values_are_counted_in_the_columns_of_the_file() -> None:
    observations = [at("2023-12-01T00", t=280, n_hidden=1), at("2023-12-01T03", rr3=0), at("2023-12-01T06", rr3=1)]
    assert cleaning.missing(observations, {"numer_sta", "date", "t", "rr3", "n", "u"}) == {
        "t": 2,
        "u": 3,
        "n": 2,
        "rr3": 1,
    }
    assert cleaning.missing([], {"t"}) == {}
