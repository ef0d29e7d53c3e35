"""What pages say in words: against the documents, by another way than theirs."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dash_app import state as states
from dash_app.pages import PAGES
from dash_app.reader import Reader
from dash_app.summaries import extreme
from dash_app.view import look_of, resolve
from weather_platform.domain.stations import STATIONS

FIRST, LAST = date(2023, 12, 1), date(2023, 12, 31)


def words(reader: Reader, pathname: str, search: str) -> str:
    """All the texts of a page, links and all, in English; spaces are plain ones."""
    state = states.parse(pathname, search)
    assert state is not None
    page = PAGES[state.page](resolve(state, reader, look_of(state, accepted="en", system_scheme="light")), reader)
    return " ".join("".join(_texts(page)).split())


def _texts(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node]
    if isinstance(node, list | tuple):
        return [text for part in node for text in _texts(part)]
    return _texts(getattr(node, "children", None)) if node is not None and hasattr(node, "children") else []


def test_extremes_of_metropolitan_france_stand_beside_tropical_ones(reader: Reader) -> None:
    month = reader.daily(None, FIRST, LAST)
    rows = [
        month[column].idxmin() if lowest else month[column].idxmax()
        for column, lowest in (
            ("temperature_tx_c", False),
            ("pressure_min_hpa", True),
            ("wind_gust_m_s", False),
            ("rain_total_mm", False),
        )
    ]
    stations = [STATIONS[month["station_id"][row]] for row in rows]
    abroad = [station.territory != "France métropolitaine" for station in stations]
    said = words(reader, "/", "?from=2023-12-01&to=2023-12-31")
    hottest_c, day = month["temperature_tx_c"][rows[0]], month["date"][rows[0]]
    assert f"The temperature reached {hottest_c:.1f} °C at {stations[0].display_name} on {day:%-d %B %Y}." in said
    assert abroad[0]
    assert said.count("In metropolitan France:") == sum(abroad)


def test_a_difference_is_one_of_the_days_that_both_have(reader: Reader) -> None:
    known = {
        number: reader.daily([number], FIRST, LAST).set_index("date")["temperature_avg_c"].dropna()
        for number in ("07690", "78890")
    }
    nice, desirade = known.values()
    both = nice.index.intersection(desirade.index)
    assert 0 < len(both) < 7
    gap = (desirade[both] - nice[both]).mean()
    said = words(reader, "/compare", "?city=nice,la_desirade_meteo&view=difference&from=2023-12-01&to=2023-12-31")
    assert f"La Désirade {gap:+.1f}".replace("-", "−") in said


def test_what_is_usual_is_the_mean_of_the_other_years(years_reader: Reader) -> None:
    others = [years_reader.daily(["07690"], date(year, 12, 1), date(year, 12, 31)) for year in (2021, 2022)]
    usual = sum(frame["temperature_avg_c"].mean() for frame in others) / 2
    said = words(years_reader, "/city", "?city=nice&from=2023-12-01&to=2023-12-31")
    assert f"{usual:.1f} °C on average in other years" in said


def test_a_few_days_are_not_held_against_other_years(years_reader: Reader) -> None:
    """A year later, both months are loaded; then only the first was: half a winter does not count as a drought."""
    said = words(years_reader, "/city", "?city=nice&from=2021-12-01&to=2022-01-31")
    assert "in other years" not in said


@pytest.mark.parametrize("indexed", [False, True])
def test_of_equal_extremes_the_earliest_counts(indexed: bool) -> None:
    days = pd.DataFrame(
        {"date": pd.date_range(FIRST, periods=4), "city": "NICE", "slug": "nice", "v": [1.0, None, 3.0, 3.0]}
    )
    frame = days.set_index("date") if indexed else days
    assert extreme(frame, "v") == (3.0, date(2023, 12, 3), "NICE", "nice")
    assert extreme(frame, "v", lowest=True) == (1.0, FIRST, "NICE", "nice")
    assert extreme(frame.assign(v=None), "v") is None


def test_a_missing_climatological_extreme_is_not_replaced_by_a_reading(reader: Reader) -> None:
    """Tx of the last day ends at 06 UTC of January, which is not loaded."""
    (row,) = reader.daily(["07690"], LAST, LAST).to_dict("records")
    assert (row["temperature_tx_method"], row["temperature_max_c"] > 0) == ("missing", True)
    assert np.isnan(row["temperature_tx_c"])
    said = words(reader, "/city", "?city=nice&from=2023-12-31&to=2023-12-31")
    assert "on average; too few values for a climatological minimum and maximum." in said
    assert "too few values for Tn and Tx" in said


def test_extremes_that_come_from_readings_say_so(reader: Reader) -> None:
    """GILLOT publishes neither tn12 nor tx12."""
    said = words(reader, "/city", "?city=gillot&from=2023-12-10&to=2023-12-19")
    assert "10 days have a Tn or Tx that comes from readings, at least in part (0.6 °C off on average)." in said
