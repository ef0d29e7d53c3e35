"""Stored figures in the units that people read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weather_platform.domain.units import STORED, UNITS, System, Unit, column_name, shown, stored_bounds, symbol

EVERY_UNIT = [unit for units in UNITS.values() for unit in units.values()]


@pytest.mark.parametrize(
    ("value", "unit", "system", "expected"),
    [
        (13.75, "°C", System.METRIC, (13.75, "°C")),
        (13.75, "°C", System.IMPERIAL, (56.75, "°F")),
        (-40.0, "°C", System.IMPERIAL, (-40.0, "°F")),
        (1013.25, "hPa", System.IMPERIAL, (29.921, "inHg")),
        (10.0, "m/s", System.IMPERIAL, (22.37, "mph")),
        (28.0, "m/s", System.METRIC_KM_H, (100.8, "km/h")),
        (13.75, "°C", System.METRIC_KM_H, (13.75, "°C")),
        (25.4, "mm", System.IMPERIAL, (1.0, "in")),
        (63.3, "mm", System.IMPERIAL, (2.492, "in")),
        (30.0, "cm", System.IMPERIAL, (11.811, "in")),
        (90.0, "°", System.IMPERIAL, (90.0, "°")),
        (71.5, "%", System.IMPERIAL, (71.5, "%")),
    ],
)
def test_a_figure_is_shown_in_a_system(value: float, unit: str, system: System, expected: tuple[float, str]) -> None:
    assert (shown(value, unit, system), symbol(unit, system)) == expected


@pytest.mark.parametrize(
    ("column", "unit", "system", "expected"),
    [
        ("temperature_avg_c", "°C", System.METRIC, "temperature_avg_c"),
        ("temperature_avg_c", "°C", System.IMPERIAL, "temperature_avg_f"),
        ("wind_gust_m_s", "m/s", System.METRIC_KM_H, "wind_gust_km_h"),
        ("snow_depth_max_cm", "cm", System.IMPERIAL, "snow_depth_max_in"),
        ("temperature_n", "", System.IMPERIAL, "temperature_n"),
    ],
)
def test_the_name_of_a_column_ends_in_its_unit(column: str, unit: str, system: System, expected: str) -> None:
    assert column_name(column, unit, system) == expected


@pytest.mark.parametrize("system", System)
def test_every_system_knows_every_stored_unit(system: System) -> None:
    assert UNITS[system].keys() == STORED.keys()


@given(st.sampled_from(EVERY_UNIT), st.integers(-10_000, 200_000), st.floats(-150, 1_500))
def test_a_bound_holds_exactly_the_figures_that_are_shown_as_reaching_it(
    unit: Unit, hundredths: int, bound: float
) -> None:
    stored = hundredths / 100
    assert (stored >= unit.least(bound)) == (unit.of(stored) >= bound)


def test_a_bound_is_one_for_each_stored_unit() -> None:
    assert stored_bounds(1.0, System.IMPERIAL)["mm"] == 25.39  # shown as 1.000 in
    assert stored_bounds(100.0, System.METRIC_KM_H) == {
        "°C": 100.0,
        "hPa": 100.0,
        "m/s": 27.78,
        "mm": 100.0,
        "cm": 100.0,
    }


def test_a_difference_has_no_offset() -> None:
    assert UNITS[System.IMPERIAL]["°C"].difference(5.0) == 9.0
