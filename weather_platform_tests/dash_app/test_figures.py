"""Charts are pure: the same frame and look, the same figure; and its SVG stays within its frame."""

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app import scales
from dash_app.figures import compare, daily, heat
from dash_app.figures.chart import Chart, Layer, drawn, nice_ticks
from dash_app.figures.coverage import coverage
from dash_app.figures.look import Look, every_day
from dash_app.figures.rose import SECTORS, rose, wind_rose
from dash_app.figures.stations_map import LABELS, apart, drawn_at, stations_map
from dash_app.figures.usual import Usual, usual_days, usual_totals
from dash_app.insets import LAYOUTS, Layout
from dash_app.language import language
from dash_app.measures import units_of
from dash_app.reader import DAILY_COLUMNS
from dash_app.scales import ANOMALY, TEMPERATURE, Scale, ink_on
from dash_app.theme import DARK, LIGHT
from weather_platform.domain.stations import STATIONS
from weather_platform.domain.units import System

METRIC, IMPERIAL = units_of(System.METRIC), units_of(System.IMPERIAL)
LOOK = Look(LIGHT, METRIC, language("en"))
LOOKS = [LOOK, Look(DARK, IMPERIAL, language("fr"), narrow=True, width_px=390)]
SVG = "{http://www.w3.org/2000/svg}"
START = pd.Timestamp("2023-12-01")
SCALES = [
    *(scale for scale in vars(scales).values() if isinstance(scale, Scale)),
    *(scales.rain(days, home=home) for days in (1, 31, 366, 3_653) for home in (True, False)),
    scales.of_figure("tn.days_le_0", 31, home=True),
]


def usual_of(days: int) -> Usual:
    return Usual(np.full(days, 2.0), np.full(days, 5.0), np.full(days, 9.0), 12, 2010, 2022)


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


def layer(chart: Chart, name: str) -> Layer:
    return next(one for one in chart.layers if one.name == name)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("metric", daily.CHARTS)
@pytest.mark.parametrize("days", [1, 31, 731])
def test_every_daily_chart_is_drawn_within_its_frame(look: Look, metric: str, days: int) -> None:
    chart = daily.CHARTS[metric](frame(days), look, usual_of(days))
    svg = ET.XML(drawn(chart, look, title="A & B"))
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    numbers = [float(n) for path in svg.iter(f"{SVG}path") for n in re.findall(r"[ML]([\d.-]+) ", path.get("d", ""))]
    assert all(0 <= x <= width for x in numbers)
    heights = [float(circle.get("cy", "")) for circle in svg.iter(f"{SVG}circle")]
    assert all(0 < y < height for y in heights)
    points = json.loads(svg.get("data-points", ""))
    assert len(points["labels"]) == len(points["days"]) == days


def test_the_marks_of_the_axis_stay_within_the_plot() -> None:
    """Of 5.2 to 17 °C: marks that were reckoned again of the axis went from 0 to 20."""
    days = frame(2, **{f"temperature_{name}_c": [5.2, 17.0] for name in ("avg", "min", "max", "tn", "tx")})
    svg = ET.XML(drawn(daily.temperature(days, LOOK), LOOK, title=""))
    marks = [text.text for text in svg.iter(f"{SVG}text") if text.get("class") == "tick end"]
    assert marks == ["4", "6", "8", "10", "12", "14", "16", "18"]


@pytest.mark.parametrize("look", LOOKS)
def test_another_theme_draws_nothing_again(look: Look) -> None:
    other = look._replace(theme=DARK if look.theme is LIGHT else LIGHT)
    charts = [[drawn(daily.rain(frame(31), one), one, title="") for one in (look, other)]]
    charts += [
        [
            heat.drawn(
                heat.calendar(frame(31), "rain", one),
                scales.of_metric("rain", home=True),
                one.unit("rain"),
                one,
                title="",
            )
            for one in (look, other)
        ]
    ]
    assert all(one == two for one, two in charts)


CITIES = {"Nice": frame(31), "Orly": frame(31, temperature_avg_c=[5.0] * 31)}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("metric", daily.CHARTS)
def test_cities_are_drawn_together_or_each_on_its_own_axis(look: Look, metric: str) -> None:
    found, base = compare.by_day(CITIES, metric, look)
    charts = compare.side_by_side(found, base, metric, look)
    together, own = (ET.XML(drawn(one, look, title="")) for one in (compare.together(charts), charts))
    for svg, axes in ((together, 1), (own, 2)):
        assert [path.get("class") for path in svg.iter(f"{SVG}path")].count("axis") - len(base.ticks) == axes
        points = json.loads(svg.get("data-points", ""))
        assert [series["name"] for series in points["series"]] == ["Nice", "Orly"]
        bottom = float(svg.get("viewBox", "").split()[3])
        assert all(0 < float(circle.get("cy", "")) < bottom for circle in svg.iter(f"{SVG}circle"))


def test_rain_is_compared_as_running_totals_that_break_and_count_on() -> None:
    cities = {"A": frame(4, rain_rr_mm=[1.0, 2.0, np.nan, 4.0]), "B": frame(4, rain_rr_mm=[0.0, 1.0, 1.0, 1.0])}
    found, base = compare.by_day(cities, "rain", LOOK)
    assert [layer.values for layer in compare.together(compare.side_by_side(found, base, "rain", LOOK)).layers] == [
        [1.0, 3.0, None, 7.0],
        [0.0, 1.0, 2.0, 3.0],
    ]
    assert compare.differences(found, base, "rain", LOOK).layers[1].values == [-1.0, -2.0, None, -4.0]


def test_completeness_is_drawn_with_a_row_per_station() -> None:
    shares = pd.DataFrame({"2023-11": [100.0, np.nan], "2023-12": [99.0, 14.9]}, index=["Nice", "Orly"])
    svg = ET.XML(coverage(shares, LOOK, title="A & B"))
    points = json.loads(svg.get("data-points", ""))
    assert (points["rows"], points["labels"]) == (["Nice", "Orly"], ["November 2023", "December 2023"])
    assert [series["values"] for series in points["series"]] == [[100.0, 99.0], [None, 14.9]]
    # A month without observations has no cell.
    cells = [path.get("d", "").count("M") for path in svg.iter(f"{SVG}path")]
    assert sum(cells) == 3


def test_a_missing_day_breaks_the_line_and_the_band() -> None:
    days = frame(5)
    days.iloc[2] = np.nan
    svg = ET.XML(drawn(daily.temperature(days, LOOK), LOOK, title=""))
    paths = {path.get("class"): path.get("d", "") for path in svg.iter(f"{SVG}path") if "L" in path.get("d", "")}
    assert paths["line-mean line"].count("M") == 2
    assert paths["area-range"].count("M") == 2


def test_an_incomplete_day_is_hollow() -> None:
    chart = daily.temperature(frame(3, temperature_n=[8, 5, 8]), LOOK)
    assert layer(chart, "Mean").hollow == {1}
    svg = ET.XML(drawn(chart, LOOK, title=""))
    kinds = [circle.get("class") for circle in svg.iter(f"{SVG}circle")]
    assert kinds == ["fill-mean", "line-mean hollow", "fill-mean"]


def test_the_running_total_breaks_where_a_day_is_missing_and_counts_on() -> None:
    total = layer(daily.rain(frame(4, rain_rr_mm=[1.0, 2.0, np.nan, 4.0]), LOOK), "Running total")
    assert total.values == [1.0, 3.0, None, 7.0]


def test_values_are_in_the_units_of_the_look() -> None:
    imperial = Look(LIGHT, IMPERIAL, language("en"))
    assert layer(daily.temperature(frame(1, temperature_avg_c=[14.26]), imperial), "Mean").values == [57.668]
    assert layer(daily.rain(frame(1, rain_rr_mm=[25.4]), imperial), "Rain").values == [1.0]
    cities = {"A": frame(1, temperature_avg_c=[10.0]), "B": frame(1, temperature_avg_c=[15.0])}
    # A difference of 5 °C is one of 9 °F: no 32 in it.
    found, base = compare.by_day(cities, "temperature", imperial)
    assert compare.differences(found, base, "temperature", imperial).layers[1].values == [9.0]


@given(st.floats(-1e4, 1e4), st.floats(0, 1e4))
def test_the_marks_of_an_axis_are_few_and_hold_all_values(low: float, span: float) -> None:
    ticks = nice_ticks(low, low + span)
    assert ticks[0] <= low + 1e-6
    assert ticks[-1] >= low + span - 1e-6
    assert 2 <= len(ticks) <= 9


@pytest.mark.parametrize(("column", "name"), [("wind_gust_m_s", "Gust"), ("temperature_tn_c", "Tn")])
def test_what_a_station_never_reports_is_not_in_the_legend(column: str, name: str) -> None:
    mute = frame(3, **{column: [np.nan] * 3})
    draw = daily.wind if name == "Gust" else daily.temperature
    assert name in [one.name for one in draw(frame(3), LOOK).layers]
    assert name not in [one.name for one in draw(mute, LOOK).layers]


def readings(days: int) -> pd.DataFrame:
    times = pd.date_range("2014-01-01", periods=8 * days, freq="3h")
    return pd.DataFrame({"date": times, "t": 283.15 + (times.month == 7) * 10, "ff": 3.0, "dd": 90.0})


def test_the_heat_map_of_ten_years_has_one_column_per_month() -> None:
    grid = heat.hours(readings(3652), "temperature", LOOK)
    assert (len(grid.columns), list(grid.columns[:2])) == (120, ["January 2014", "February 2014"])
    assert grid.values[0][5:8] == [10.0, 20.0, 10.0]
    ET.XML(heat.drawn(grid, TEMPERATURE, LOOK.unit("temperature"), LOOK, title=""))
    assert len(heat.hours(readings(31), "temperature", LOOK).columns) == 31


def test_a_month_of_few_days_has_no_colour_in_the_heat_map_of_years() -> None:
    whole = readings(500)
    absent = whole["date"].dt.strftime("%m-%d").between("06-20", "06-30") | (
        whole["date"].dt.strftime("%m") == "07"
    ) & (whole["date"].dt.day > 21)
    grid = heat.hours(whole[~absent], "temperature", LOOK)
    june, july = 5, 6
    assert [grid.values[0][month] for month in (june - 1, june, july)] == [10.0, None, 20.0]


def test_charts_of_the_same_days_have_the_same_places() -> None:
    charts = [draw(frame(31), LOOK) for draw in daily.CHARTS.values()]
    assert {tuple(chart.days) for chart in charts} == {tuple(f"2023-12-{day:02d}" for day in range(1, 32))}
    assert {tuple(chart.ticks) for chart in charts} == {
        ((0, "1 Dec"), (4, "5"), (9, "10"), (14, "15"), (19, "20"), (24, "25"))
    }


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


@pytest.mark.parametrize("characters", [4, 6])
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_no_two_values_overlap_on_the_map(layout: Layout, characters: int) -> None:
    spots = [drawn_at(layout, station.longitude_deg or 0, station.latitude_deg or 0) for station in STATIONS.values()]
    size = LABELS[layout].holding(characters)
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


def test_a_station_overseas_has_a_scale_of_its_own_but_for_what_is_usual() -> None:
    warm = stations_map(places(shown=[25.0, 25.0, np.nan]), "temperature", LOOK, title="", days=31)
    fills = re.findall(r'fill="(#[0-9a-f]{6})" class="station"', warm)
    assert fills == [scales.of_metric("temperature", home=home).color(25) for home in (True, False)]
    assert fills[0] != fills[1]
    assert [f">{name}<" in warm for name in ("Metropolitan France", "Overseas")] == [True, True]
    alike = stations_map(places(shown=[2.0, 2.0, np.nan]), "temperature", LOOK, title="", days=31, anomaly=True)
    assert set(re.findall(r'fill="(#[0-9a-f]{6})" class="station"', alike)) == {ANOMALY.color(2)}


_SEEN_BY = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
}
"""Linear RGB as seen with a colour blindness (Machado, Oliveira and Fernandes 2009, severity 1)."""


@pytest.mark.parametrize("blindness", _SEEN_BY)
@pytest.mark.parametrize("scale", SCALES)
def test_any_two_classes_stay_apart_for_the_colour_blind(scale: Scale, blindness: str) -> None:
    seen = [_lab(_SEEN_BY[blindness], color) for _, color in scale.stops]
    assert min(math.dist(one, other) for one, other in combinations(seen, 2)) > 7


def _lab(matrix: Sequence[Sequence[float]], color: str) -> tuple[float, float, float]:
    """CIE L*a*b* of a colour that is seen through a matrix; 2.3 is a just noticeable difference."""
    linear = [_linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5)]
    rgb = [min(max(sum(m * v for m, v in zip(row, linear, strict=True)), 0.0), 1.0) for row in matrix]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(m * v for m, v in zip(row, rgb, strict=True)) for row in to_xyz]
    x, y, z = (
        share ** (1 / 3) if share > 0.008856 else 7.787 * share + 16 / 116
        for share in (value / white for value, white in zip(xyz, (0.9505, 1.0, 1.089), strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@given(st.floats(-200, 2_000), st.sampled_from(SCALES))
def test_every_value_has_a_colour_and_ink_that_is_read_on_it(value: float, scale: Scale) -> None:
    color = scale.color(value)
    assert re.fullmatch("#[0-9a-f]{6}", color)
    lights = sorted(_light(c) for c in (color, ink_on(color)))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) > 3.0


def _light(color: str) -> float:
    red, green, blue = (_linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("look", LOOKS)
def test_the_rose_has_a_wedge_for_every_share(look: Look) -> None:
    found = rose(pd.DataFrame({"dd": [90.0, 90.0, 180.0, 0.0], "ff": [1.0, 12.0, 3.0, 0.0]}))
    assert found is not None
    drawn = ET.XML(wind_rose(found, look, title="Rose"))
    wedges = [path.findtext(f"{SVG}title") or "" for path in drawn.iter(f"{SVG}path")]
    assert [text.split(" · ")[0] for text in wedges] == ["90°", "90°", "180°"]
    assert all("25" in text for text in wedges)


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


def history(years: range, mm: float = 1.0) -> pd.DataFrame:
    """Days of whole years; a value is the number of the year since the first."""
    days = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-31")
    return pd.DataFrame({"date": days, "t": (days.year - years[0]).astype(float), "rr": mm * (days.year - years[0])})


def test_what_is_usual_is_the_middle_of_ten_other_years_at_least() -> None:
    period = (date(2023, 12, 1), date(2023, 12, 31))
    found = usual_days(history(range(2013, 2024)), "t", period)
    assert found is not None
    assert (found.years, found.first_year, found.last_year) == (10, 2013, 2022)
    assert found.middle[:20].tolist() == [4.5] * 20
    assert usual_days(history(range(2014, 2024)), "t", period) is None


def test_usual_totals_are_of_years_that_lack_nothing() -> None:
    period, whole = (date(2023, 12, 1), date(2023, 12, 31)), history(range(2012, 2024))
    found = usual_totals(whole, "rr", period)
    assert found is not None
    assert (found.years, found.middle[-1]) == (11, 31 * 5.0)
    gaps = whole.assign(rr=whole["rr"].where((whole["date"].dt.year > 2013) | (whole["date"].dt.day > 2)))
    assert usual_totals(gaps, "rr", period) is None
