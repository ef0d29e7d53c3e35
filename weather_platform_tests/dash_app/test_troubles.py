"""Empty, partial and failed: each says why and what to do, in words and without a trace."""

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dash_app.app import Asked, create_app, render, written
from dash_app.reader import Reader, open_reader
from weather_platform.settings import Settings
from weather_platform_tests.dash_app.conftest import NewPage, Served, load_sample, points, settings_in


def shown(reader: Reader, pathname: str, search: str = "", accepted: str = "en") -> str:
    """All that a page holds, as the browser gets it."""
    asked = Asked(pathname=pathname, search=search)
    return written(render(reader, asked, accepted)).decode()


def test_a_platform_without_data_says_how_to_load_some(tmp_path: Path) -> None:
    page = shown(open_reader(settings_in(tmp_path)), "/")
    assert "Nothing is loaded yet." in page
    assert "weather load 2023-12" in page


def test_a_store_that_is_no_store_is_a_message_in_the_readers_language(tmp_path: Path) -> None:
    broken = settings_in(tmp_path)
    (tmp_path / "curated.sqlite").write_text("not a database, but long enough to be read as one: " + "x" * 200)
    page = shown(open_reader(broken), "/city", accepted="fr")
    assert "La base de données ne répond pas." in page
    assert "WEATHER_CURATED_URL" in page
    assert "Traceback" not in page


@pytest.mark.parametrize("pathname", ["/city", "/sheet", "/years", "/compare", "/table", "/day"])
def test_a_city_that_is_not_there_leads_to_the_nearest(reader: Reader, pathname: str) -> None:
    page = shown(reader, pathname, "?city=niice&metric=wind", accepted="fr")
    assert "Aucune donnée n’est chargée pour «\u00a0niice\u00a0»." in page
    assert f'"href":"{pathname}?city=nice&metric=wind"' in page
    assert "no station" not in page  # the cause is in English, for logs


def test_a_city_like_no_other_leads_to_the_list(reader: Reader) -> None:
    assert "The overview lists the cities." in shown(reader, "/city", "?city=xyzzy")


@pytest.mark.parametrize("pathname", ["/", "/city", "/compare", "/table"])
def test_a_period_without_data_says_which_there_is(reader: Reader, pathname: str) -> None:
    page = shown(reader, pathname, "?from=2020-01-01&to=2020-01-31")
    assert "January 2020" in page
    assert "Loaded: December 2023." in page
    assert "from=2023-12-01&to=2023-12-31" in page


@pytest.mark.parametrize(
    "search",
    [
        "?from=1500-01-01&to=2023-12-31",
        "?from=0002-01-01&to=9998-12-31",
        "?from=0001-01-01&to=9999-12-31",
        "?from=2023-12-10&to=9999-12-31",
    ],
)
@pytest.mark.parametrize("pathname", ["/", "/city", "/sheet", "/years", "/compare", "/table", "/data", "/day"])
def test_a_period_of_centuries_is_the_part_of_it_that_is_loaded(reader: Reader, pathname: str, search: str) -> None:
    page = shown(reader, pathname, search)
    assert "could not be created" not in page
    assert "December 2023" in page
    link = json.loads(page)["link"]
    assert link.startswith(f"{pathname}?")
    assert re.search(r"=(?!2023)\d{4}-", link) is None


@pytest.mark.parametrize("period", [("0001-01-01", "0001-01-02"), ("9999-12-01", "9999-12-31"), ("0002", "1500")])
@pytest.mark.parametrize("pathname", ["/", "/city", "/sheet", "/years", "/compare", "/table", "/data", "/day"])
def test_a_period_in_no_month_that_is_loaded_is_no_fault(
    reader: Reader, pathname: str, period: tuple[str, str]
) -> None:
    page = shown(reader, pathname, f"?from={period[0]}&to={period[1]}")
    assert "could not be created" not in page
    assert "December 2023" in page


def test_a_page_that_does_not_exist_says_so(reader: Reader) -> None:
    assert "Page not found." in shown(reader, "/nowhere")


def test_a_fault_of_the_site_is_a_message_and_in_the_log(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Reader, "daily", broken)
    page = shown(reader, "/city")
    assert "This page could not be created." in page
    assert "ZeroDivisionError" not in page
    assert "ZeroDivisionError" in caplog.text


def test_without_single_readings_the_days_are_shown_all_the_same(tmp_path: Path, december: Settings) -> None:
    home = tmp_path / "home"
    shutil.copytree(december.home, home)
    (home / "staging.sqlite").unlink()
    page = shown(open_reader(settings_in(home)), "/city", "?city=nice")
    assert "The three-hourly readings are unavailable" in page
    assert '"data-file":"nice_2023-12-01_2023-12-31_temperature"' in page
    assert "wind-rose" not in page


def test_sample_data_says_on_every_page_that_it_is_none_measured(years_reader: Reader) -> None:
    for pathname in ("/", "/city", "/sheet", "/years", "/compare", "/table", "/data", "/day"):
        assert "they are not real measurements" in shown(years_reader, pathname)


@pytest.mark.browser
def test_a_store_that_goes_down_is_a_message_and_comes_back(tmp_path: Path, new_page: NewPage) -> None:
    settings = settings_in(tmp_path / "home")
    load_sample(settings, "2023-12", ("07690", "07149"))
    served = Served(create_app(open_reader(settings), settings).server)
    try:
        page = new_page(f"{served.url}/city?city=nice&lang=en")
        store, away = settings.home / "curated.sqlite", tmp_path / "away.sqlite"
        for suffix in ("", "-wal", "-shm"):
            if Path(f"{store}{suffix}").exists():
                Path(f"{store}{suffix}").rename(f"{away}{suffix}")
        store.mkdir()  # something that no SQLite opens
        page.get_by_role("link", name="Last 7 days").click()
        expect(page.get_by_role("alert")).to_contain_text("The data store does not answer.")
        store.rmdir()
        Path(away).rename(store)
        page.get_by_role("link", name="Try again").click()
        expect(page.locator("h1")).to_have_text("Nice, 25 to 31 December 2023")
        assert points(page, "temperature")["series"]
    finally:
        served.stop()


@pytest.mark.browser
@pytest.mark.parametrize("trouble", ["gone", "broken"])
def test_a_click_that_gets_no_answer_says_so_and_can_be_tried_again(
    december: Settings, chromium: Browser, trouble: str
) -> None:
    """Its own context: a browser complains of requests that fail, as it should."""
    app = create_app(open_reader(december), december).server
    served, context = Served(app), chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{served.url}/city?city=nice")
    expect(page.locator("h1").last).to_have_text("Nice, December 2023")
    if trouble == "gone":
        served.stop()
    else:
        page.route("**/page.json?*", lambda route: route.fulfill(status=500))
    page.get_by_role("link", name="Last 7 days").click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    expect(page.locator("main")).to_be_hidden()  # it shows December, and the address says a week
    assert "from=2023-12-25" in page.url
    expect(page).to_have_title("The server does not answer.")
    if trouble == "gone":
        served = Served(app, served.port)
    else:
        page.unroute("**/page.json?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("main h1")).to_have_text("Nice, 25 to 31 December 2023")
    expect(page.locator("#no-answer")).to_be_hidden()
    context.close()
    served.stop()


@pytest.mark.browser
def test_without_scripts_there_are_words_and_the_data(site: str, chromium: Browser) -> None:
    context = chromium.new_context(locale="fr-FR", java_script_enabled=False)
    page = context.new_page()
    page.goto(site)
    expect(page.get_by_role("heading")).to_have_text("Ce site a besoin de JavaScript.")
    assert page.request.get(site + str(page.get_by_role("link").last.get_attribute("href"))).ok
    context.close()
