"""Empty, partial and failed: each says why and what to do, in words and without a trace."""

import json
import shutil
from pathlib import Path

import plotly.utils
import pytest
from playwright.sync_api import expect

from dash_app.app import create_app, render
from dash_app.reader import Reader, open_reader
from weather_platform.settings import Settings
from weather_platform_tests.dash_app.conftest import NewPage, Served, figure, load_sample, settings_in


def shown(reader: Reader, pathname: str, search: str = "", accepted: str = "en") -> str:
    """All that a page holds, as the browser gets it."""
    asked = {"pathname": pathname, "search": search, "scheme": "light", "width": 1280}
    return json.dumps(render(reader, asked, accepted), cls=plotly.utils.PlotlyJSONEncoder, ensure_ascii=False)


def test_a_platform_without_data_says_how_to_load_some(tmp_path: Path) -> None:
    page = shown(open_reader(settings_in(tmp_path)), "/")
    assert "Nothing is loaded yet." in page
    assert "weather load 2023-12" in page


def test_a_store_that_is_no_store_is_a_message_in_the_readers_language(tmp_path: Path) -> None:
    broken = settings_in(tmp_path)
    (tmp_path / "curated.sqlite").write_text("not a database, but long enough to be read as one: " + "x" * 200)
    page = shown(open_reader(broken), "/city", accepted="fr")
    assert "Les données ne répondent pas." in page
    assert "WEATHER_CURATED_URL" in page
    assert "Traceback" not in page


@pytest.mark.parametrize("pathname", ["/city", "/compare", "/table", "/data"])
def test_a_city_that_is_not_there_leads_to_the_nearest(reader: Reader, pathname: str) -> None:
    page = shown(reader, pathname, "?city=niice&metric=wind", accepted="fr")
    assert "« niice » n’est pas parmi les villes chargées." in page
    assert f'"href": "{pathname}?city=nice&metric=wind"' in page
    assert "no station" not in page  # the cause is in English, for logs


def test_a_city_like_no_other_leads_to_the_list(reader: Reader) -> None:
    assert "The overview lists the cities." in shown(reader, "/city", "?city=xyzzy")


@pytest.mark.parametrize("pathname", ["/", "/city", "/compare", "/table"])
def test_a_period_without_data_says_which_there_is(reader: Reader, pathname: str) -> None:
    page = shown(reader, pathname, "?from=2020-01-01&to=2020-01-31")
    assert "January 2020" in page
    assert "Loaded: December 2023." in page
    assert "from=2023-12-01&to=2023-12-31" in page


def test_a_page_that_does_not_exist_says_so(reader: Reader) -> None:
    assert "There is no such page." in shown(reader, "/nowhere")


def test_a_fault_of_the_site_is_a_message_and_in_the_log(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Reader, "daily", broken)
    page = shown(reader, "/city")
    assert "This page could not be made." in page
    assert "ZeroDivisionError" not in page
    assert "ZeroDivisionError" in caplog.text


def test_without_single_readings_the_days_are_shown_all_the_same(tmp_path: Path, december: Settings) -> None:
    home = tmp_path / "home"
    shutil.copytree(december.home, home)
    (home / "staging.sqlite").unlink()
    page = shown(open_reader(settings_in(home)), "/city", "?city=nice")
    assert "The three-hourly readings do not answer" in page
    assert '"filename": "nice_2023-12-01_2023-12-31_temperature"' in page
    assert "wind-rose" not in page


def test_sample_data_says_on_every_page_that_it_is_none_measured(years_reader: Reader) -> None:
    for pathname in ("/", "/city", "/compare", "/table", "/data"):
        assert "These are no measurements" in shown(years_reader, pathname)


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
        expect(page.get_by_role("alert")).to_contain_text("The data do not answer.")
        store.rmdir()
        Path(away).rename(store)
        page.get_by_role("link", name="Try again").click()
        expect(page.locator("h1")).to_have_text("Nice, 25 to 31 December 2023")
        assert figure(page, "temperature")["data"]
    finally:
        served.stop()
