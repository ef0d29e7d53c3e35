"""Extreme events, at the edges of their thresholds."""

import msgspec
import pytest

from weather_platform.domain.events import THRESHOLDS, Event, EventType, events
from weather_platform.domain.metrics import Metrics
from weather_platform_tests.domain.days import document, one_day


def metrics(**figures: float | None) -> Metrics:
    """Metrics of a mild day but for the figures, named ``metric_figure``."""
    mild: dict[str, float | None] = {"temperature_tn": 10.0, "temperature_tx": 15.0, "wind_speed_max": 3.0}
    found = document(one_day()).metrics
    for name, value in (mild | figures).items():
        metric, _, figure = name.rpartition("_")
        changed = msgspec.structs.replace(getattr(found, metric), **{figure: value})
        found = msgspec.structs.replace(found, **{metric: changed})
    return found


@pytest.mark.parametrize(
    ("figures", "types"),
    [
        ({}, []),
        ({"rainfall_rr": 19.99}, []),
        ({"rainfall_rr": 20.0}, ["heavy_rain"]),
        ({"wind_speed_gust": 27.99}, []),
        ({"wind_speed_gust": 28.0}, ["violent_gust"]),
        ({"wind_speed_max": 17.19}, []),
        ({"wind_speed_max": 17.2}, ["gale"]),
        ({"temperature_tx": 34.99}, []),
        ({"temperature_tx": 35.0}, ["heat"]),
        ({"temperature_tn": 19.99}, []),
        ({"temperature_tn": 20.0}, ["tropical_night"]),
        ({"temperature_tn": 0.01}, []),
        ({"temperature_tn": 0.0}, ["frost"]),
        ({"temperature_tn": -3.0, "temperature_tx": 0.01}, ["frost"]),
        ({"temperature_tn": -3.0, "temperature_tx": 0.0}, ["frost", "ice_day"]),
        ({"temperature_tn": -9.99, "temperature_tx": -1.0}, ["frost", "ice_day"]),
        ({"temperature_tn": -10.0, "temperature_tx": -1.0}, ["frost", "ice_day", "great_cold"]),
        ({"temperature_tn": None, "temperature_tx": None, "temperature_min": -20.0, "temperature_max": 40.0}, []),
        ({"rainfall_rr": None, "rainfall_total": 40.0}, []),
        ({"wind_speed_max": None}, []),
    ],
)
def test_an_event_happens_where_its_threshold_is_reached(figures: dict[str, float | None], types: list[str]) -> None:
    assert [event.type for event in events(metrics(**figures))] == types


def test_an_event_tells_its_value_unit_and_threshold() -> None:
    assert events(metrics(temperature_tn=-2.5, rainfall_rr=34.6)) == [
        Event(EventType.HEAVY_RAIN, 34.6, "mm", 20.0),
        Event(EventType.FROST, -2.5, "°C", 0.0),
    ]


def test_every_threshold_has_a_name_of_its_own_and_a_source() -> None:
    assert [threshold.type for threshold in THRESHOLDS] == list(EventType)
    assert all(threshold.source and threshold.label for threshold in THRESHOLDS)
