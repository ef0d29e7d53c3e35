"""Charts are pure: the same frame and look, the same figure; and plotly accepts every one of them."""

import re
import xml.etree.ElementTree as ET
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.figures import compare, daily, heat
from dash_app.figures.look import Figure, Look, every_day, thinned
from dash_app.figures.rose import SECTORS, rose, wind_rose
from dash_app.figures.stations_map import LABELS, apart, drawn_at, stations_map
from dash_app.insets import LAYOUTS, Layout
from dash_app.language import language
from dash_app.measures import units_of
from dash_app.reader import DAILY_COLUMNS
from dash_app.scales import ANOMALY, PRESSURE, TEMPERATURE, Scale, ink_on, rain
from dash_app.theme import DARK, LIGHT
from weather_platform.domain.stations import STATIONS
from weather_platform.domain.units import System

METRIC, IMPERIAL = units_of(System.METRIC), units_of(System.IMPERIAL)
LOOK = Look(LIGHT, METRIC, language("en"))
LOOKS = [LOOK, Look(DARK, IMPERIAL, language("fr"), narrow=True, width_px=390)]
SVG = "{http://www.w3.org/2000/svg}"
START = pd.Timestamp("2023-12-01")


def frame(days: int, **columns: Any) -> pd.DataFrame:
    """Documents of a city, one row per day, with 8 readings of everything; the columns given replace theirs."""
    rows = {name: [np.nan] * days for name in DAILY_COLUMNS if name != "date"}
    wave = [10 + 5 * np.sin(n) for n in range(days)]
    for name in rows:
        if name.endswith("_n") or name == "observations":
            rows[name] = [8.0] * days
        elif name.rpartition("_")[2] in ("c", "hpa", "s", "mm"):
            rows[name] = wave
    found = pd.DataFrame({**rows, **columns, "date": pd.date_range(START, periods=days)})
    return every_day(found, START, START + pd.Timedelta(days=days - 1))


def named(figure: Figure, name: str) -> dict[str, Any]:
    return next(trace for trace in figure["data"] if trace["name"] == name)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("draw", [daily.temperature, daily.pressure, daily.wind, daily.rain])
@pytest.mark.parametrize("days", [1, 31, 3_000])
def test_plotly_accepts_every_daily_chart(look: Look, draw: Any, days: int) -> None:
    documents = frame(days)
    others = daily.other_years([documents], "temperature", pd.DatetimeIndex(documents.index))
    go.Figure(draw(documents, look, others))
    assert draw(documents, look) == draw(documents, look)


@pytest.mark.parametrize("look", LOOKS)
def test_plotly_accepts_every_other_chart(look: Look) -> None:
    times = pd.date_range(START, periods=40, freq="3h")
    observations = pd.DataFrame({"date": times, "t": 280.0, "pmer": 101_000.0, "dd": 90.0, "ff": 3.0, "rr3": 0.2})
    cities = {"NICE": frame(31), "ORLY": frame(31)}
    shares = pd.DataFrame({"2023-11": [100.0, np.nan], "2023-12": [99.0, 14.9]}, index=["NICE", "ORLY"])
    for figure in (
        *(heat.hours(observations, metric, look) for metric in METRIC),
        *(heat.calendar(frame(31), metric, look) for metric in METRIC),
        heat.coverage(shares, look),
        compare.cities(cities, "rain", look),
        compare.cities(cities, "rain", look, own_axes=True),
        compare.differences(cities, "temperature", look),
    ):
        go.Figure(figure)


def test_a_missing_day_breaks_the_line_and_the_band() -> None:
    days = frame(5)
    days.iloc[2] = np.nan
    figure = daily.temperature(days, LOOK)
    line = named(figure, "Mean")
    assert line["y"][2] is None
    assert line["connectgaps"] is False
    band = named(figure, "Minimum to maximum")
    assert band["x"].count(None) == 2  # two pieces
    assert "2023-12-03" not in band["x"]


def test_an_incomplete_day_is_hollow_and_says_how_many_readings_it_has() -> None:
    figure = daily.temperature(frame(3, temperature_n=[8, 5, 8]), LOOK)
    hollow = named(figure, "Incomplete day")
    assert hollow["x"] == ["2023-12-02"]
    assert hollow["marker"]["color"] == LIGHT.surface
    assert named(figure, "Mean")["customdata"] == [8, 5, 8]
    assert "%{customdata} of 8" in named(figure, "Mean")["hovertemplate"]
    rain = daily.rain(frame(3, rain_n=[8, 5, 8]), LOOK)
    full, hollow = named(rain, "Rain"), named(rain, "Incomplete day")
    assert (full["x"], full["marker"]["color"]) == (["2023-12-01", "2023-12-03"], LIGHT.rain)
    assert (hollow["x"], hollow["marker"]["color"], hollow["customdata"]) == (["2023-12-02"], LIGHT.surface, [5])
    assert full["width"] == hollow["width"]  # one bar alone would else be as wide as the chart


def test_the_running_total_breaks_where_a_day_is_missing_and_counts_on() -> None:
    total = named(daily.rain(frame(4, rain_total_mm=[1.0, 2.0, np.nan, 4.0]), LOOK), "Running total")
    assert total["y"] == [1.0, 3.0, None, 7.0]


def test_values_are_in_the_units_of_the_look() -> None:
    imperial = Look(LIGHT, IMPERIAL, language("en"))
    assert named(daily.temperature(frame(1, temperature_avg_c=[14.26]), imperial), "Mean")["y"] == [57.668]
    assert named(daily.rain(frame(1, rain_total_mm=[25.4]), imperial), "Rain")["y"] == [1.0]
    cities = {"A": frame(1, temperature_avg_c=[10.0]), "B": frame(1, temperature_avg_c=[15.0])}
    # A difference of 5 °C is one of 9 °F: no 32 in it.
    assert compare.differences(cities, "temperature", imperial)["data"][0]["y"] == [9.0]


@given(st.lists(st.none() | st.floats(-50, 50), min_size=41, max_size=150))
def test_a_thinned_line_keeps_its_extremes_and_its_gaps(values: list[float | None]) -> None:
    days = pd.DataFrame({"v": pd.Series(values, dtype="float64")})
    days.index = pd.date_range("2010-01-01", periods=len(values))
    thin = thinned(days, ["v"], most=40)
    assert len(thin) <= 40
    assert thin.index.is_monotonic_increasing
    assert thin.index.is_unique
    known = days["v"].dropna()
    if len(known):
        assert (thin["v"].min(), thin["v"].max()) == (known.min(), known.max())
    assert thin["v"].isna().any() == days["v"].isna().any()


@pytest.mark.parametrize(("column", "name"), [("wind_gust_m_s", "Gust"), ("temperature_tn_c", "Tn")])
def test_what_a_station_never_reports_is_not_in_the_legend(column: str, name: str) -> None:
    mute = frame(3, **{column: [np.nan] * 3})
    draw = daily.wind if name == "Gust" else daily.temperature
    assert name in [trace["name"] for trace in draw(frame(3), LOOK)["data"]]
    assert name not in [trace["name"] for trace in draw(mute, LOOK)["data"]]


def readings(days: int) -> pd.DataFrame:
    times = pd.date_range("2014-01-01", periods=8 * days, freq="3h")
    return pd.DataFrame({"date": times, "t": 283.15 + (times.month == 7) * 10, "ff": 3.0, "dd": 90.0})


def test_the_heat_map_of_ten_years_has_one_column_per_month() -> None:
    figure = heat.hours(readings(3652), "temperature", LOOK)
    (cells,) = figure["data"]
    assert (len(cells["x"]), cells["x"][:2]) == (120, ["2014-01-01", "2014-02-01"])
    assert cells["z"][0][5:8] == [10.0, 20.0, 10.0]
    assert cells["xgap"] == 0
    (few,) = heat.hours(readings(31), "temperature", LOOK)["data"]
    assert (len(few["x"]), few["xgap"]) == (31, 1)


def test_charts_of_the_same_days_have_the_same_axis() -> None:
    days = frame(31)
    ranges = [draw(days, LOOK)["layout"]["xaxis"]["range"] for draw in (daily.temperature, daily.wind, daily.rain)]
    assert ranges[0] == ranges[1] == ranges[2]
    assert ranges[0][0] < "2023-12-01"
    assert ranges[0][1] > "2023-12-31"


def places(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "longitude_deg": [7.2, -52.37, 100.0],
            "latitude_deg": [43.6, 4.82, 0.0],
            "shown": [14.26, 27.0, np.nan],
            "text": ["Nice\n14,26 °C", "Cayenne & <more>", "far away"],
            "href": ["/city?city=nice", "/city?city=cayenne&theme=dark", "/city?city=far"],
            **columns,
        }
    )


@pytest.mark.parametrize("look", LOOKS)
def test_the_map_has_a_named_link_for_each_station_that_is_on_it(look: Look) -> None:
    drawn = ET.XML(stations_map(places(), "temperature", look, title="Températures", days=31))
    links = [(link.get("href"), link.get("aria-label")) for link in drawn.iter(f"{SVG}a")]
    assert links == [
        ("/city?city=nice", "Nice, 14,26 °C"),
        ("/city?city=cayenne&theme=dark", "Cayenne & <more>"),
    ]
    values = [rect for rect in drawn.iter(f"{SVG}rect") if rect.get("class") == "station"]
    spots = [(float(rect.get("x", "")), float(rect.get("y", ""))) for rect in values]
    left, top, width, height = map(float, drawn.get("viewBox", "").split())
    assert all(left < x < left + width and top < y < top + height for x, y in spots)
    # The overseas territories are below France on a phone, and west of it elsewhere.
    assert (spots[1][1] > spots[0][1]) if look.narrow else (spots[1][0] < spots[0][0])


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_no_two_values_overlap_on_the_map(layout: Layout) -> None:
    spots = [drawn_at(layout, station.longitude_deg or 0, station.latitude_deg or 0) for station in STATIONS.values()]
    size = LABELS[layout]
    found = apart([spot for spot in spots if spot], size)
    assert len(found) == len(STATIONS)
    for (x, y), (other_x, other_y) in combinations(found, 2):
        assert abs(x - other_x) >= size.width or abs(y - other_y) >= size.height


def test_an_anomaly_is_written_with_its_sign_and_rain_in_percent() -> None:
    warm = stations_map(places(shown=[1.26, -0.04, np.nan]), "temperature", LOOK, title="", days=31, anomaly=True)
    assert [label in warm for label in (">+1.3<", ">0.0<", ">+6<", ">−6<")] == [True] * 4
    assert f'fill="{ANOMALY.color(1.26)}"' in warm
    wet = stations_map(places(shown=[82.4, 140.0, np.nan]), "rain", LOOK, title="", days=31, anomaly=True)
    assert [label in wet for label in (">82<", ">140<", "% of usual")] == [True] * 3


def test_a_value_has_one_colour_on_every_map_whatever_else_is_shown() -> None:
    one = stations_map(places(), "temperature", LOOK, title="", days=31)
    other = stations_map(places(shown=[14.26, -40.0, 39.0]), "temperature", LOOK, title="", days=365)
    color = TEMPERATURE.color(14.26)
    assert f'fill="{color}"' in one
    assert f'fill="{color}"' in other
    warm, cold = (heat.calendar(frame(7, temperature_avg_c=[t] * 7), "temperature", LOOK)["data"][0] for t in (30, -3))
    assert [warm[key] for key in ("zmin", "zmax", "colorscale")] == [
        cold[key] for key in ("zmin", "zmax", "colorscale")
    ]


@given(
    st.floats(-200, 2_000), st.sampled_from([TEMPERATURE, ANOMALY, PRESSURE, rain(1), rain(31), rain(366), rain(3_653)])
)
def test_every_value_has_a_colour_and_ink_that_is_read_on_it(value: float, scale: Scale) -> None:
    color = scale.color(value)
    assert re.fullmatch("#[0-9a-f]{6}", color)
    lights = sorted(_light(c) for c in (color, ink_on(color)))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) > 3.0


def _light(color: str) -> float:
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("look", LOOKS)
def test_the_rose_has_a_wedge_for_every_share(look: Look) -> None:
    found = rose(pd.DataFrame({"dd": [90.0, 90.0, 180.0, 0.0], "ff": [1.0, 12.0, 3.0, 0.0]}))
    assert found is not None
    drawn = ET.XML(wind_rose(found, look, title="Rose"))
    wedges = [path.findtext(f"{SVG}title") or "" for path in drawn.iter(f"{SVG}path")]
    assert [text.split(" · ")[0] for text in wedges] == ["90°", "90°", "180°"]
    assert all("25" in text for text in wedges)


def test_a_short_line_is_not_thinned() -> None:
    days = frame(366)
    assert thinned(days, ["temperature_avg_c"]) is days


def test_the_rose_counts_every_ten_degrees_alike_and_the_calm_apart() -> None:
    observations = pd.DataFrame({"dd": [*range(10, 370, 10), 0, 0, 0, 0], "ff": [3.0] * 36 + [0.0] * 4})
    found = rose(observations)
    assert found is not None
    assert (found.readings, found.calm) == (40, 10.0)
    assert found.shares.sum(axis=0).tolist() == pytest.approx([7.5] * SECTORS)
    assert found.shares.sum() + found.calm == pytest.approx(100)
    assert found.few


def test_there_is_no_rose_of_nothing() -> None:
    assert rose(pd.DataFrame({"dd": [None, 90.0], "ff": [3.0, None]})) is None


def test_other_years_are_the_middle_of_what_they_had() -> None:
    index = pd.date_range("2023-12-01", periods=2)
    years = [frame(2, temperature_avg_c=[float(n), float(10 * n)]) for n in range(11)]
    found = daily.other_years(years, "temperature", index)
    assert found is not None
    assert found.to_numpy().tolist() == [[1.0, 9.0], [10.0, 90.0]]
    assert daily.other_years([frame(2, temperature_avg_c=[np.nan, np.nan])], "temperature", index) is None
