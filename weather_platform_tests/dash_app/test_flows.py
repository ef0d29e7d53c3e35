"""What people do on the site, in a real Chromium."""

import csv
import io
import re
import struct
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from dash_app.reader import Reader
from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS
from weather_platform.storage.monthly import MonthQuery
from weather_platform_tests.dash_app.conftest import NewPage, points

pytestmark = pytest.mark.browser


def _pick(page: Page, label: str, typed: str) -> None:
    box = page.get_by_label(label).first
    box.click()
    box.fill(typed)
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")


def test_the_first_page_shows_december_2023_in_the_browser_language(site: str, new_page: NewPage) -> None:
    page = new_page(site)
    expect(page.locator("h1")).to_have_text("Température, décembre 2023")
    assert page.locator("html").get_attribute("lang") == "fr"
    expect(page).to_have_title("décembre 2023 – La météo des villes de France")


def test_the_figures_on_screen_are_those_of_the_documents(site: str, reader: Reader, new_page: NewPage) -> None:
    day = reader.daily(["07690"], date(2023, 12, 1), date(2023, 12, 1)).iloc[0]
    page = new_page(f"{site}/city?city=nice&from=2023-12-01&to=2023-12-31")
    shown = {
        (metric, series["name"]): series.get("values", series.get("low"))[0]
        for metric in ("temperature", "pressure", "rain", "wind")
        for series in points(page, metric)["series"]
    }
    assert points(page, "temperature")["days"][0] == "2023-12-01"
    assert shown == pytest.approx(
        {
            ("temperature", "Du minimum au maximum"): day["temperature_min_c"],
            ("temperature", "Tx"): day["temperature_tx_c"],
            ("temperature", "Moyenne"): day["temperature_avg_c"],
            ("temperature", "Tn"): day["temperature_tn_c"],
            ("pressure", "Du minimum au maximum"): day["pressure_min_hpa"],
            ("pressure", "Moyenne"): day["pressure_avg_hpa"],
            ("rain", "Pluie"): day["rain_rr_mm"],
            ("rain", "Cumul"): day["rain_rr_mm"],
            ("wind", "Rafale"): 3.6 * day["wind_gust_m_s"],
            ("wind", "Vent le plus fort (10 min)"): 3.6 * day["wind_max_m_s"],
            ("wind", "Moyenne"): 3.6 * day["wind_avg_m_s"],
        }
    )
    page.goto(f"{site}/table?city=nice&lang=en")
    cells = page.locator("#days-table tbody tr").first.locator("td")
    expect(cells.nth(0)).to_have_text(f"{day['temperature_avg_c']:.1f}")
    expect(cells.nth(5)).to_have_text(f"{day['rain_rr_mm']:.1f}")


def test_a_station_without_temperature_says_so(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?city=cap_cepet&lang=en")
    expect(page.locator("#card-temperature")).to_contain_text("Cap Cépet reported no temperature")
    assert page.locator("#card-temperature svg[data-points]").count() == 0
    assert points(page, "wind")["series"]


def test_a_city_is_found_without_accents_or_case_and_put_in_the_url(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?lang=en")
    _pick(page, "City", "orlÿ")
    expect(page.locator("h1")).to_have_text("Orly, December 2023")
    assert "city=orly" in page.url
    page.go_back()
    expect(page.locator("h1")).to_have_text("Nice, December 2023")
    expect(page.get_by_label("City").first).to_have_value("Nice (07690)")
    page.go_forward()
    expect(page.locator("h1")).to_have_text("Orly, December 2023")


def test_a_town_of_the_first_screen_leads_to_its_nearest_station(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/?lang=en")
    _pick(page, "Your town", "saint girons")
    expect(page.locator("h1")).to_have_text("Saint-Girons, December 2023")
    page.go_back()
    box = page.get_by_label("Your town").first
    box.click()
    box.fill("Boucau")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("The station nearest to Boucau (64) is")


def test_a_town_without_a_station_finds_the_nearest(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?lang=en&city=marseille")
    expect(page.locator("h1")).to_have_text("Marignane, December 2023")
    _pick(page, "City", "besancon")
    expect(page.locator("h1")).to_have_text("Dijon-Longvic, December 2023")
    _pick(page, "City", "st girons")
    expect(page.locator("h1")).to_have_text("Saint-Girons, December 2023")


def test_a_period_is_chosen_in_the_calendar_of_days_with_data(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?city=la_desirade_meteo&lang=en")
    page.get_by_role("button", name=re.compile("Period")).click()
    calendar = page.get_by_role("dialog")
    box = calendar.bounding_box()
    assert box is not None
    assert box["width"] < 400, "a rule for our own tables has met the calendar"
    # LA DESIRADE has six days, from the 12th.
    expect(calendar.get_by_role("button", name="10 December 2023")).to_be_disabled()
    calendar.get_by_role("button", name="13 December 2023").click()
    calendar.get_by_role("button", name="15 December 2023").click()
    expect(page.locator("h1")).to_have_text("La Désirade, 13 to 15 December 2023")
    assert "from=2023-12-13&to=2023-12-15" in page.url


def test_a_ready_made_period_is_a_link(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?city=nice&lang=en")
    page.get_by_role("link", name="Last 7 days").click()
    expect(page.locator("h1")).to_have_text("Nice, 25 to 31 December 2023")
    expect(page.locator("#card-temperature svg[data-points]")).to_have_attribute(
        "data-points", re.compile('"labels":\\["25 December 2023"')
    )
    assert len(points(page, "temperature")["labels"]) == 7


def test_a_ready_made_period_without_data_is_grey_and_no_link(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?city=nice&lang=en")
    presets = page.get_by_role("navigation", name="Preset periods")
    expect(presets.get_by_text("A year earlier")).to_have_class("chip absent")
    expect(presets.get_by_role("link", name="A year earlier")).to_have_count(0)
    expect(presets.get_by_role("link", name="Last 30 days")).to_have_count(1)


def test_the_list_is_sorted_by_value(site: str, reader: Reader, new_page: NewPage) -> None:
    sheets = [sheet for sheet in reader.climate.months(MonthQuery()) if sheet.rr.status in ("complete", "nearly")]
    rain_mm = pd.Series({sheet.station_id: sheet.rr.total for sheet in sheets}).sort_values()
    page = new_page(f"{site}/?lang=en&metric=rain")
    names = page.locator("#station-list tbody a")
    expect(names.first).to_have_text("Abbeville")
    page.locator("#station-list").get_by_text("Highest", exact=True).click()
    expect(names.first).to_have_text(STATIONS[rain_mm.index[-1]].display_name)
    page.locator("#station-list").get_by_text("Lowest", exact=True).click()
    assert all(sheet.rr.status == "nearly" for sheet in sheets)  # the last day ends in January: none is the driest
    expect(names.first).to_have_text("Abbeville")
    assert "78890" not in rain_mm  # La Désirade, with six days of rain, would be the driest
    expect(page.locator("#station-list tbody tr").filter(has_text="La Désirade")).to_contain_text("of 31 days")


def test_a_day_of_the_table_leads_to_its_raw_objects(site: str, reader: Reader, new_page: NewPage) -> None:
    rain_mm = reader.daily(["07690"], date(2023, 12, 8), date(2023, 12, 8))["rain_total_mm"].item()
    page = new_page(f"{site}/table?city=nice&lang=en")
    page.locator("#days-table").get_by_role("link", name="8 December 2023", exact=True).click()
    expect(page.locator("h1")).to_have_text("Nice, 8 December 2023")
    expect(page.locator("#civil")).to_contain_text(f"rain {rain_mm:.1f} mm")


def test_cities_are_compared_each_in_its_colour(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/compare?city=nice,orly&lang=en")
    _pick(page, "Cities", "brest")
    expect(page.locator("#card-temperature table tbody tr, table tbody tr")).to_have_count(3)
    assert "city=nice,orly,brest_guipavas" in page.url
    lines = points(page, "temperature")["series"]
    assert [line["name"] for line in lines] == ["Nice", "Orly", "Brest-Guipavas"]
    colors = page.locator("#card-temperature .line").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).stroke)"
    )
    assert len(set(colors)) == 3
    page.get_by_text("Differences", exact=True).click()
    expect(page.locator("#card-temperature figcaption")).to_contain_text("Differences from Nice")
    shown = points(page, "temperature")["series"]
    assert [line["name"] for line in shown] == ["Nice", "Orly minus Nice", "Brest-Guipavas minus Nice"]
    assert shown[1]["values"][0] == pytest.approx(lines[1]["values"][0] - lines[0]["values"][0], abs=0.001)
    assert "view=difference" in page.url


def test_a_deep_link_shows_what_was_shared(site: str, new_page: NewPage) -> None:
    page = new_page(
        f"{site}/city?city=orly&from=2023-12-05&to=2023-12-09&metric=wind&heat=calendar&units=imperial&lang=en&theme=dark"
    )
    expect(page.locator("h1")).to_have_text("Orly, 5 to 9 December 2023")
    expect(page.locator("#card-heat h2")).to_have_text("Wind: calendar")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    assert "°F" in (page.locator(".fact-value").first.text_content() or "")


_IS_AT_REST = """() => new Promise((answer) => {
    const main = document.querySelector('main'), was = main && main.innerHTML;
    setTimeout(() => answer(was !== null && was === main.innerHTML), 500);
})"""
"""A busy machine still draws what the network has brought."""
_NOTE_CHANGES = """() => {
    window.changed = 0;
    window.same = true;
    new MutationObserver((all) => { window.changed += all.length; })
        .observe(document.querySelector('main'), {subtree: true, childList: true, attributes: true});
    window.addEventListener('beforeunload', () => { window.same = false; });
}"""


@pytest.mark.parametrize("path", ["/", "/city?city=nice", "/compare", "/table", "/data"])
def test_another_theme_changes_nothing_of_the_page_and_goes_on(site: str, new_page: NewPage, path: str) -> None:
    page = new_page(site + path, locale="en-GB")
    page.wait_for_load_state("networkidle")
    page.wait_for_function(_IS_AT_REST)
    page.evaluate(_NOTE_CHANGES)
    page.get_by_role("link", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    expect(page.get_by_role("link", name="Light")).to_be_visible()
    assert page.evaluate("window.changed") == 0
    page.get_by_role("link", name="Sheet").click()
    expect(page.locator("h1")).to_contain_text("Climate sheet")
    assert "theme=dark" in page.url
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_another_language_is_no_new_document_and_draws_no_equal_chart(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?city=nice", locale="en-GB")
    points(page, "rain")
    page.evaluate(_NOTE_CHANGES)
    page.get_by_role("link", name="Français").click()
    expect(page.locator("h1")).to_have_text("Nice, décembre 2023")
    assert page.locator("html").get_attribute("lang") == "fr"
    assert points(page, "rain")["labels"][0] == "1er décembre 2023"
    assert page.evaluate("window.same")
    assert page.evaluate("document.querySelector('#no-answer button').textContent") == "Réessayer"


def test_the_table_is_sorted_and_turned_over_by_address(site: str, reader: Reader, new_page: NewPage) -> None:
    days = reader.daily(["07690", "07149", "07110", "07481"], date(2023, 12, 1), date(2023, 12, 31))
    gusts_km_h = (days["wind_gust_m_s"] * 3.6).sort_values(ascending=False).tolist()
    page = new_page(f"{site}/table?city=nice,orly,brest_guipavas,lyon_st_exupery&lang=en")
    heading = page.get_by_role("columnheader", name="Gust (km/h)")
    heading.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert "by=wind_gust_m_s&order=down" in page.url
    assert page.evaluate("document.activeElement.textContent") == "Gust (km/h)"
    gusts = page.locator("#days-table tbody tr td:nth-child(12)")
    expect(gusts.first).to_have_text(f"{gusts_km_h[0]:.1f}")
    page.get_by_role("navigation", name="Pages of the table").first.get_by_role("link", name="Page 2").click()
    expect(page.locator("#days-table tbody tr")).to_have_count(len(days) - 93)
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(gusts.first).to_have_text(f"{min(gusts_km_h):.1f}")
    expect(page.locator("#days-table tbody tr")).to_have_count(93)


def test_the_link_is_copied(site: str, new_page: NewPage) -> None:
    """With the city and month that are shown, though the address names none: tomorrow it would show others."""
    page = new_page(f"{site}/city?lang=en", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{site}/city?city=nice&from=2023-12-01&to=2023-12-31&lang=en"


def test_a_station_on_the_map_leads_to_its_city(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/?lang=en")
    page.locator("#card-map").get_by_role("link", name=re.compile("^Orly")).locator("rect").click()
    expect(page.locator("h1")).to_have_text("Orly, December 2023")
    page.go_back()
    page.locator("#card-map").get_by_role("link", name=re.compile("^Lille")).focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Lille-Lesquin, December 2023")


@pytest.mark.parametrize(
    ("path", "cards"),
    [
        ("/", ["map"]),
        ("/city", ["temperature", "pressure", "wind", "rain", "wind-rose", "heat"]),
        ("/years", ["matrix"]),
        ("/compare", ["temperature"]),
        ("/data", ["coverage"]),
    ],
)
def test_a_finger_scrolls_over_every_chart_and_the_map(
    site: str, new_page: NewPage, path: str, cards: list[str]
) -> None:
    page = new_page(f"{site}{path}?lang=en", width=390, has_touch=True, is_mobile=True)
    page.locator(f"#card-{cards[0]} svg").first.wait_for()
    drawn = page.locator(".drawing svg").evaluate_all("all => all.map((one) => one.closest('.card').id)")
    assert drawn == [f"card-{card}" for card in cards]
    for card in cards:
        box = page.locator(f"#card-{card} figure > div").first
        box.evaluate("box => box.scrollIntoView({block: 'center'})")
        place, at = box.bounding_box(), page.evaluate("window.scrollY")
        assert place is not None
        middle = min(max(place["y"] + place["height"] / 2, 200), 800)
        _swipe(page, place["x"] + place["width"] / 2, middle, 150)
        page.wait_for_function("at => Math.abs(window.scrollY - at) > 100", arg=at)


def test_zoom_is_a_button_and_so_is_the_way_back(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/compare?metric=rain&lang=en", width=390, has_touch=True, is_mobile=True)
    card = page.locator("#card-rain")
    assert len(points(page, "rain")["labels"]) == 31
    card.locator("svg[data-points]").tap()
    expect(card.locator(".readout")).to_contain_text("14 December 2023: Nice")
    card.get_by_role("link", name="Zoom in").tap()
    expect(page.locator("h1")).to_have_text("Rain, 6 to 21 December 2023")
    card.get_by_role("link", name="Zoom in").tap()
    expect(page.locator("h1")).to_have_text("Rain, 10 to 17 December 2023")
    card.get_by_role("link", name="Back to December 2023").tap()
    expect(page.locator("h1")).to_have_text("Rain, December 2023")
    expect(card.get_by_role("link", name="Back to")).to_have_count(0)


def test_two_taps_on_a_chart_lead_back(site: str, new_page: NewPage) -> None:
    days = "from=2023-12-08&to=2023-12-20&whole=2023-12-01,2023-12-31"
    page = new_page(f"{site}/city?city=nice&{days}&lang=en", width=390, has_touch=True, is_mobile=True)
    points(page, "temperature")
    chart = page.locator("#card-temperature svg[data-points]")
    chart.scroll_into_view_if_needed()
    place = chart.bounding_box()
    assert place is not None
    for _ in range(2):  # at once: `chart.tap()` looks first whether the chart stands still
        page.touchscreen.tap(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(page.locator("h1")).to_have_text("Nice, December 2023")


def _swipe(page: Page, x: float, y: float, up_px: int) -> None:
    """As a finger does it: one touch that moves; a synthesised scroll gesture moves nothing in headless Chromium."""
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        moved = [{"x": x, "y": y - up_px * step / 10}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": moved})
        page.wait_for_timeout(16)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_the_focus_is_never_lost(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/day?city=nice&day=2023-12-08&lang=en")
    page.get_by_role("link", name="9 December 2023").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Nice, 9 December 2023")
    page.wait_for_function("() => document.activeElement !== document.body")
    page.get_by_role("link", name="Sheet: December 2023").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Climate sheet: Nice, December 2023")
    page.wait_for_function("() => document.activeElement.id === 'main'")


def test_the_list_is_an_equal_way_in_by_keyboard(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/?lang=en")
    link = page.locator("#station-list").get_by_role("link", name="Brest-Guipavas")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Brest-Guipavas, December 2023")


def test_a_choice_by_keyboard_keeps_the_focus(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/?lang=en")
    page.get_by_role("radio", name="Temperature").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("h1")).to_have_text("Pressure, December 2023")
    page.keyboard.press("ArrowRight")
    expect(page.locator("h1")).to_have_text("Wind, December 2023")


def test_the_files_hold_what_the_store_holds(site: str, reader: Reader, new_page: NewPage, tmp_path: Path) -> None:
    page = new_page(f"{site}/city?city=nice&from=2023-12-01&to=2023-12-10&lang=en")
    expected = reader.daily(["07690"], date(2023, 12, 1), date(2023, 12, 10))
    for name, read in (("CSV data", pd.read_csv), ("Parquet data", pd.read_parquet)):
        page.locator("#card-temperature .menu-of summary").click()
        with page.expect_download() as waiting:
            page.locator("#card-temperature").get_by_role("link", name=name).click()
        file = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(file)
        assert re.fullmatch(r"nice_2023-12-01_2023-12-10_daily\.(csv|parquet)", file.name)
        found = read(file)
        for column in ("temperature_avg_c", "rain_total_mm", "pressure_avg_hpa", "observations"):
            assert found[column].tolist() == expected[column].tolist()
        gusts_km_h = [round(3.6 * value, 2) for value in expected["wind_gust_m_s"]]
        assert found["wind_gust_km_h"].tolist() == gusts_km_h
        assert found["date"].astype("string").tolist() == [f"2023-12-{day:02d}" for day in range(1, 11)]


@pytest.mark.parametrize(
    ("name", "ending", "begins"),
    [("PNG image", "png", b"\x89PNG"), ("PNG image for a phone", "png", b"\x89PNG"), ("SVG image", "svg", b"<svg")],
)
def test_a_chart_is_saved_as_a_picture(
    site: str, new_page: NewPage, tmp_path: Path, name: str, ending: str, begins: bytes
) -> None:
    page = new_page(f"{site}/city?city=nice&lang=en")
    points(page, "rain")
    page.locator("#card-rain .menu-of summary").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    file = tmp_path / "picture"
    waiting.value.save_as(file)
    assert waiting.value.suggested_filename == f"nice_2023-12-01_2023-12-31_rain.{ending}"
    picture = file.read_bytes()
    assert picture.startswith(begins)
    if "phone" in name:
        assert struct.unpack(">I", picture[16:20]) == (1080,)


def test_a_figure_leads_to_its_raw_objects(site: str, reader: Reader, new_page: NewPage) -> None:
    day = reader.daily(["07690"], date(2023, 12, 1), date(2023, 12, 1)).iloc[0]
    at_six_c = reader.observations(STATIONS["07690"], date(2023, 12, 1), date(2023, 12, 1))["t"].iloc[2] - 273.15
    page = new_page(f"{site}/city?city=nice&lang=en")
    page.locator("#card-temperature .menu-of summary").click()
    page.locator("#card-temperature").get_by_role("link", name="Where do these figures come from?").click()
    expect(page.locator("#civil")).to_contain_text(
        f"temperature {day['temperature_avg_c']:.1f} °C, pressure {day['pressure_avg_hpa']:,.1f} hPa, "
        f"wind {3.6 * day['wind_avg_m_s']:.1f} km/h, rain {day['rain_total_mm']:.1f} mm"
    )
    six = page.locator("#readings").get_by_role("row").filter(has_text="06:00")
    expect(six.get_by_role("cell").nth(1)).to_have_text(f"{at_six_c:.1f}")
    (name,) = day["raw_objects"]
    expect(page.locator("#files")).to_contain_text(f"2023-12/{name}")
    expect(page.locator("#files")).to_contain_text("synop.202312.csv")
    command = f"weather withdraw {reader.ingestion_of('2023-12', name)} --reason"
    expect(page.locator("#files")).to_contain_text(command)
    page.goto(f"{site}/data?lang=en")
    expect(page.locator("#postings")).to_contain_text(command)
    expect(page.locator("#newest")).to_contain_text("Newest observation: 31 December 2023, 21:00 UTC.")
    expect(page.locator("#newest")).to_contain_text("Météo-France can have observations up to")


def test_the_pointer_and_the_keys_show_one_day_on_every_chart(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?city=nice&lang=en")
    chart, other = page.locator("#card-temperature svg[data-points]"), page.locator("#card-rain .readout")
    chart.scroll_into_view_if_needed()
    days = points(page, "temperature")
    place = chart.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(other).to_contain_text("15 December 2023: Rain")
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(other).to_contain_text("16 December 2023: Rain")
    mean = next(series for series in days["series"] if series["name"] == "Mean")["values"][15]
    expect(page.locator("#card-temperature .readout")).to_contain_text(f"Mean {mean:.1f}")


def test_the_values_of_a_chart_are_a_table_by_a_key(site: str, reader: Reader, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?city=nice&lang=en")
    points(page, "rain")
    page.locator("#card-rain .values summary").focus()
    page.keyboard.press("Enter")
    rows = page.locator("#card-rain .values tr")
    expect(rows).to_have_count(1 + 31)
    rain_mm = reader.daily(["07690"], date(2023, 12, 8), date(2023, 12, 8))["rain_rr_mm"].item()
    expect(rows.nth(8).locator("th")).to_have_text("8 December 2023")
    expect(rows.nth(8).locator("td").first).to_have_text(f"{rain_mm:.1f}")


def test_a_click_on_a_day_leads_to_its_page(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?city=nice&lang=en")
    points(page, "pressure")
    page.locator("#card-pressure svg[data-points]").click()
    expect(page.locator("h1")).to_have_text("Nice, 15 December 2023")


def test_a_drag_over_days_shows_them_alone_and_back_returns(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?city=nice&lang=en")
    points(page, "wind")
    chart = page.locator("#card-wind svg[data-points]")
    chart.scroll_into_view_if_needed()
    place = chart.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] * 0.5, place["y"] + 150)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + 150, steps=3)
    page.mouse.up()
    expect(page.locator("h1")).to_have_text("Nice, 15 to 18 December 2023")
    page.locator("#card-wind").get_by_role("link", name="Back to December 2023").click()
    expect(page.locator("h1")).to_have_text("Nice, December 2023")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Nice, 15 to 18 December 2023")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Nice, December 2023")


@pytest.mark.parametrize(
    "path", ["/", "/city?city=nice", "/sheet", "/years", "/compare", "/table", "/data", "/day?city=nice&day=2023-12-08"]
)
def test_a_first_visit_weighs_little_and_stands_still(site: str, new_page: NewPage, path: str) -> None:
    """700 kB in all, and a layout shift of 0.05 at most."""
    page = new_page(site + path)
    page.wait_for_load_state("networkidle")
    weight, shift = page.evaluate(
        """() => {
            const sum = (entries, size) => entries.reduce((all, entry) => all + (entry[size] || 0), 0);
            const shifts = new PerformanceObserver(() => {});
            shifts.observe({type: 'layout-shift', buffered: true});
            return [sum(performance.getEntries(), 'encodedBodySize'), sum(shifts.takeRecords(), 'value')];
        }"""
    )
    assert weight <= 700_000
    assert shift < 0.05


def test_unmarked_data_carries_no_synthetic_banner(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/city?lang=en")
    expect(page.locator("h1")).to_be_visible()
    assert page.get_by_text("Synthetic data").count() == 0


def test_the_data_of_the_list_is_what_the_list_shows(site: str, reader: Reader, new_page: NewPage) -> None:
    rain_mm = reader.climate.month("07690", Month(2023, 12)).rr.total
    assert rain_mm is not None
    page = new_page(f"{site}/?lang=en&metric=rain")
    row = page.locator("#station-list").get_by_role("row").filter(has_text="Nice")
    response = page.request.get(f"{site}/download/overview.csv?metric=rain&lang=en")
    table = {line["city"]: line for line in csv.DictReader(io.StringIO(response.text()))}
    assert float(table["Nice"]["rain_sum_mm"]) == rain_mm > 0
    expect(row.locator("td").nth(1)).to_have_text(f"≥ {rain_mm:.1f}")  # the last day ends in January
