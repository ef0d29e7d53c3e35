"""The site over a December of the sample that carries no mark, as a measured month does, in a real Chromium.

The browser is Debian's (`chromium`); the site runs in a thread of the test process, as its users meet it but for
gunicorn (`test_serving.py` starts that).
"""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime
from werkzeug.serving import make_server

from dash_app.app import create_app
from dash_app.reader import Reader, open_reader
from weather_platform import pipeline
from weather_platform.domain.months import Month, Partitions, parse_months
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.receipts import store_fetched
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource
from weather_platform_tests import conftest as tests
from weather_platform_tests import sample_months
from weather_platform_tests.domain.forms import monthly_csv

_ARGUMENTS = (
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
NewPage = Callable[..., Page]
_PATIENCE_MS = 30_000
"""For a busy machine; on a calm one nothing takes a second."""
expect.set_options(timeout=_PATIENCE_MS)


def settings_in(home: Path) -> Settings:
    return Settings.from_environment({"WEATHER_HOME": str(home)})


def load(settings: Settings, month: Month, body: bytes, provenance: Provenance) -> None:
    """Receive, stage and curate a month, as every door does."""
    stores = pipeline.open_stores(settings)
    store_fetched(stores, Partitions(settings.first_month), body, provenance)
    pipeline.stage_month(stores, month)
    pipeline.curate_month(stores, month)


def load_sample(settings: Settings, months: str, stations: tuple[str, ...] | None = None) -> None:
    for month in parse_months(months):
        payload = SampleSource().fetch(month, stations)
        load(settings, month, payload.body, payload.provenance)


@pytest.fixture(scope="session")
def december(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Stores that hold December 2023 as the monthly archive publishes it; of LA DESIRADE only six days."""
    settings = settings_in(tmp_path_factory.mktemp("december"))
    provenance = Provenance(source="meteofrance", name="synop.202312.csv.gz", licence=ETALAB)
    records = [
        record
        for record in sample_months.records("2023-12")
        if record["numer_sta"] != "78890" or "2023-12-12" <= record["date"] < "2023-12-18"
    ]
    load(settings, Month(2023, 12), monthly_csv(records), provenance)
    return settings


@pytest.fixture(scope="session")
def years(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Stores that hold three synthetic Decembers of two stations, and one January."""
    settings = settings_in(tmp_path_factory.mktemp("years"))
    for months in ("2021-12", "2022-12..2023-01", "2023-12"):
        load_sample(settings, months, ("07690", "07149"))
    return settings


@pytest.fixture(scope="session")
def reader(december: Settings) -> Reader:
    return open_reader(december)


@pytest.fixture(scope="session")
def years_reader(years: Settings) -> Reader:
    return open_reader(years)


class Served:
    """A WSGI application on a port of this machine (0: a free one), in a thread."""

    def __init__(self, app: flask.Flask, port: int = 0) -> None:
        self._server = make_server("127.0.0.1", port, app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="session")
def site(december: Settings) -> Iterator[str]:
    """The address of the site over December 2023."""
    served = Served(create_app(open_reader(december), december).server)
    yield served.url
    served.stop()


@pytest.fixture(scope="session")
def years_site(years: Settings) -> Iterator[str]:
    """The address of the site over the synthetic months."""
    served = Served(create_app(open_reader(years), years).server)
    yield served.url
    served.stop()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Stopped with this package's last test: playwright's loop counts as running in this thread until then.

    Dagster, whose tests come later, cannot run a loop of its own beside it.
    """
    path = shutil.which("chromium")
    if path is None:
        tests._not_tested("there is no chromium; apt-get install chromium fonts-dejavu-core.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(_ARGUMENTS))
        yield browser
        browser.close()


class Trouble:
    """What a browser complained of, and what it asked other hosts for."""

    def __init__(self, page: Page, url: str) -> None:
        self.found: list[str] = []
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on("request", lambda request: self._asked(request.url, url))

    def _said(self, kind: str, text: str) -> None:
        # Software rendering says so when a picture of the map is taken.
        if kind in ("error", "warning") and "GPU stall" not in text:
            self.found.append(f"{kind}: {text}")

    def _asked(self, address: str, url: str) -> None:
        if not address.startswith((url, "data:", "blob:")):
            self.found.append(f"asked for {address}")


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[NewPage]:
    """Opens pages: ``new_page(url + path, locale=…, scheme=…, width=…)``; at the end, no page may have complained."""
    contexts, troubles = [], []

    def opened(address: str, *, locale: str = "fr-FR", scheme: str = "light", width: int = 1280, **more: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            locale=locale,
            color_scheme=scheme,  # type: ignore[arg-type]
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        troubles.append(Trouble(page, "/".join(address.split("/")[:3])))
        _go(page, address, troubles[-1])
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [complaint for trouble in troubles for complaint in trouble.found] == []


def _go(page: Page, address: str, trouble: Trouble) -> None:
    """Open a page; once more where a network of this machine (a container's) came or went meanwhile.

    Chromium gives up then what it was asking for.
    """
    page.goto(address)
    try:
        page.wait_for_selector("main")
    except NotInTime:
        if not any("ERR_NETWORK_CHANGED" in complaint for complaint in trouble.found):
            raise
        trouble.found.clear()
        page.goto(address)
        page.wait_for_selector("main")


def points(page: Page, name: str) -> dict[str, Any]:
    """What the server drew in a chart: labels, days, unit and series (`dash_app.figures.chart`)."""
    drawn = page.locator(f"#card-{name} svg[data-points]")
    drawn.wait_for()
    found: dict[str, Any] = json.loads(drawn.get_attribute("data-points") or "")
    return found
