"""What pages say in words: against the documents, by another way than theirs."""

import xml.etree.ElementTree as ET
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
from weather_platform.storage.monthly import MonthQuery

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
    if (text := getattr(node, "data-markup", "")).startswith("<table"):
        return list(ET.XML(text).itertext())
    return _texts(getattr(node, "children", None)) if node is not None and hasattr(node, "children") else []


def test_france_stands_first_and_overseas_beside_it(reader: Reader) -> None:
    """Each with its own extremes, of the stations whose month is complete."""
    sheets = list(reader.climate.months(MonthQuery()))
    assert {sheet.month for sheet in sheets} == {"2023-12"}
    whole = {sheet.station_id: sheet.tm.mean for sheet in sheets if sheet.tm.status == "complete"}
    said = words(reader, "/", "?from=2023-12-01&to=2023-12-31")
    for area, home in (("Metropolitan France", True), ("Overseas", False)):
        own = {
            number: mean_c
            for number, mean_c in whole.items()
            if mean_c is not None and (STATIONS[number].territory == "France métropolitaine") is home
        }
        low, high = min(own, key=lambda number: own[number]), max(own, key=lambda number: own[number])
        assert (
            f"{area}: from {own[low]:.1f} °C in {STATIONS[low].display_name} "
            f"to {own[high]:.1f} °C in {STATIONS[high].display_name}."
        ).replace("-", "−", 1 if own[low] < 0 else 0) in said.replace("\u00a0", " ")
    assert said.index("Metropolitan France:") < said.index("Overseas:")
    assert "Too few years are loaded to compare" in said


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
