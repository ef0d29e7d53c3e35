"""What a city's page says first, against figures that are reckoned here from the years put in."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from playwright.sync_api import expect

from dash_app.app import create_app
from dash_app.reader import open_reader
from weather_platform import pipeline
from weather_platform.domain.months import Month
from weather_platform.settings import Settings
from weather_platform_tests.dash_app.conftest import NewPage, Served, load_sample, settings_in
from weather_platform_tests.dash_app.test_summaries import words
from weather_platform_tests.storage.sheets import sheet

NICE = "07690"
YEARS = range(2012, 2024)
RAIN_MM = dict(zip(YEARS, (90.0, 40.5, 120.2, 5.4, 70.0, 61.0, 99.9, 83.0, 150.3, 44.0, 77.7, 63.3), strict=True))
WET_DAYS = dict(zip(YEARS, (7, 4, 9, 1, 6, 5, 8, 7, 11, 3, 6, 4), strict=True))
MEAN_C = dict(zip(YEARS, (9.1, 8.8, 10.2, 9.9, 9.3, 8.6, 9.0, 10.1, 9.4, 9.6, 9.8, 10.4), strict=True))
GUST_M_S = dict(zip(YEARS, (20.0, 25.5, 18.1, 16.0, 30.2, 22.0, 19.7, 24.4, 21.0, 17.3, 26.1, 28.0), strict=True))
PRESSURE_HPA = dict(
    zip(YEARS, (1016, 1018.5, 1012, 1025.2, 1019, 1017, 1015, 1014, 1013.5, 1018, 1016.4, 1011.2), strict=True)
)
GUST_DAY = date(2023, 12, 13)
Site = Callable[..., Settings]


@pytest.fixture
def site_of(tmp_path: Path) -> Site:
    """Stores with December 2023 of the sample, and sheets of the Decembers of some years with the figures above.

    `put` replaces fields in the sheet of 2023.
    """

    def make(years: Iterable[int] = YEARS, **put: Mapping[str, Any]) -> Settings:
        settings = settings_in(tmp_path)
        load_sample(settings, "2023-12", (NICE,))
        stores = pipeline.open_stores(settings)
        for year in years:
            figures = _figures(year)
            for element, fields in put.items() if year == 2023 else ():
                figures[element] |= fields
            stores.monthly.replace(Month(year, 12), [sheet(NICE, f"{year}-12", **figures)])
        return settings

    return make


def _figures(year: int) -> dict[str, dict[str, Any]]:
    whole = {"status": "complete", "n": 31, "missing": 0}
    return {
        "rr": {"total": RAIN_MM[year], "days_ge_1": WET_DAYS[year], **whole},
        "tm": {"mean": MEAN_C[year], **whole},
        "fxi": {"max": GUST_M_S[year], "max_days": (GUST_DAY,), **whole},
        "pmer": {"mean": PRESSURE_HPA[year], **whole},
    }


def said(settings: Settings) -> str:
    return words(open_reader(settings), "/city", "?city=nice&from=2023-12-01&to=2023-12-31")


def _nth(values: Mapping[int, float], *, lowest: bool) -> int:
    return sorted(values.values(), reverse=not lowest).index(values[2023]) + 1


def test_ten_figures_on_screen_are_those_reckoned_here(site_of: Site, new_page: NewPage) -> None:
    settings = site_of()
    served = Served(create_app(open_reader(settings), settings).server)
    page = new_page(f"{served.url}/city?city=nice&from=2023-12-01&to=2023-12-31&lang=en")
    usual_mm = mean(RAIN_MM.values())
    expect(page.locator(".lead")).to_have_text(
        f"December 2023 in Nice: 63.3 mm of rain, {100 * 63.3 / usual_mm:.0f}% of usual "
        f"({usual_mm:.1f} mm, 12 Decembers 2012–2023), 4 days of 1 mm or more ({mean(WET_DAYS.values()):.0f} usually); "
        f"{_nth(RAIN_MM, lowest=True)}th driest of 12 Decembers. "
        f"Mean temperature 10.4 °C, +{10.4 - mean(MEAN_C.values()):.1f} °C compared with usual "
        f"({mean(MEAN_C.values()):.1f} °C, 12 Decembers 2012–2023); warmest of 12 Decembers."
    )
    facts = page.locator(".fact")
    gusts_km_h = {year: 3.6 * gust for year, gust in GUST_M_S.items()}
    assert _nth(GUST_M_S, lowest=False) == 2
    for text in (
        "100.8 km/h",
        f"+{100.8 - mean(gusts_km_h.values()):.1f} km/h compared with usual ({mean(gusts_km_h.values()):.1f} km/h",
        "2nd strongest of 12 Decembers.",
        f"Lowest {min(gusts_km_h.values()):.1f} km/h (2015), highest {max(gusts_km_h.values()):.1f} km/h (2016).",
        "On 13 December 2023.",
    ):
        expect(facts.nth(2)).to_contain_text(text)
    gap_hpa = PRESSURE_HPA[2023] - mean(PRESSURE_HPA.values())
    expect(facts.nth(3)).to_contain_text(f"{gap_hpa:.1f} hPa compared with usual".replace("-", "−"))
    expect(facts.nth(3)).to_contain_text("Lowest of 12 Decembers.")
    served.stop()


def test_nine_decembers_are_too_few_and_give_no_average(site_of: Site) -> None:
    text = said(site_of(range(2015, 2024)))
    assert "December 2023 in Nice: 63.3 mm of rain, 4 days of 1 mm or more. " in text
    assert "Too few complete years to compare with: 9 of 10." in text
    assert not [word for word in ("usual", "driest", "warmest") if word in text]


def test_an_incomplete_month_is_neither_compared_nor_ranked(site_of: Site) -> None:
    text = said(site_of(rr={"status": "incomplete", "n": 25, "missing": 6}))
    assert "63.3 mm of rain. 25 of 31 days: not compared, not ranked." in text
    assert "driest" not in text
    assert "warmest of 12 Decembers" in text


def test_rain_with_a_day_missing_is_a_lower_bound_at_least_so_high(site_of: Site) -> None:
    text = said(site_of(rr={"total": 130.0, "status": "nearly", "n": 30, "missing": 1}))
    assert "≥ 130.0 mm of rain" in text
    assert "at least 2nd wettest of 12 Decembers" in text
    assert "30 of 31 days." in text


def test_a_suspect_day_stands_at_its_figure(site_of: Site) -> None:
    text = said(site_of(rr={"suspect_days": (date(2023, 12, 8),)}))
    assert "To be verified: 8 December 2023." in text


def test_equal_years_are_tied(site_of: Site) -> None:
    text = said(site_of(rr={"total": 61.0}))
    assert "4th driest of 12 Decembers, tied with 2017" in text


def test_years_that_are_not_ranked_are_counted(site_of: Site) -> None:
    text = said(site_of([2012, *range(2014, 2024)]))
    assert "of 11 Decembers (1 incomplete)." in text


def test_other_days_lead_to_the_periods_that_are_compared(site_of: Site) -> None:
    settings = site_of()
    text = words(open_reader(settings), "/city", "?city=nice&from=2023-12-05&to=2023-12-09")
    assert "Months, seasons and years are compared with what is usual: December 2023" in text
