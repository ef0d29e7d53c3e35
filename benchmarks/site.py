"""How fast the site is in a real Chromium: first views and interactions, over a synthetic year of 62 cities.

    python benchmarks/site.py [--home FOLDER] [--rounds 7]

Serves the site with gunicorn over the embedded default. A first view is timed from the request for the document to the
page's own text on the screen (what a visitor waits for), and to the last chart drawn. The browser is one that was here
before: it has the bundles in its cache, and compiled; a browser that never was is timed apart. An interaction is timed
from the click to the last chart redrawn. Each as the median and, in brackets, the best of the rounds: what a machine
does that others leave alone. Beside the times on the clock stand those of the processor, of the page's thread and of
the server together: these work one after the other, and other jobs on the machine hardly touch them. Last comes what a
first visit transfers, how long its scripts run on the processor, and how far its parts move (the sum of layout shifts).
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from weather_platform import pipeline
from weather_platform.domain.months import Partitions, parse_months
from weather_platform.intake import receive
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource

YEAR = "2023-01..2023-12"
PERIOD = "from=2023-01-01&to=2023-12-31&lang=en"
VIEWS = {
    "overview, December": "/?lang=en",
    "overview, the year": f"/?{PERIOD}",
    "city, December": "/city?city=nice&lang=en",
    "city, the year": f"/city?city=nice&{PERIOD}",
    "compare six cities, the year": f"/compare?city=nice,orly,brest_guipavas,ajaccio,embrun,lille_lesquin&{PERIOD}",
    "table, the year": f"/table?city=nice&{PERIOD}",
    "data": "/data?lang=en",
    "sheet, December": "/sheet?city=nice&lang=en",
    "years": "/years?city=nice&lang=en",
    "day": "/day?city=nice&lang=en",
}
_METRICS = ("Pressure", "Wind", "Rain", "Temperature")
INTERACTIONS: dict[str, tuple[str, Callable[[Page, int], None]]] = {
    "overview, the year: another metric": (
        f"/?{PERIOD}",
        lambda page, n: page.get_by_text(_METRICS[n % 4], exact=True).click(),
    ),
    "city, the year: another metric in the heat map": (
        f"/city?city=nice&{PERIOD}",
        lambda page, n: page.locator("#card-heat").get_by_text(_METRICS[n % 4], exact=True).click(),
    ),
    "city: another period": (
        "/city?city=nice&lang=en",
        lambda page, n: page.get_by_role("link", name=("Year", "Month")[n % 2], exact=True).click(),
    ),
    "compare six cities, the year: another metric": (
        VIEWS["compare six cities, the year"],
        lambda page, n: page.get_by_text(_METRICS[n % 4], exact=True).click(),
    ),
    "table, the year: another month": (
        "/table?city=nice&from=2023-06-01&to=2023-06-30&lang=en",
        lambda page, n: page.get_by_role("link", name=("Next month", "Previous month")[n % 2]).click(),
    ),
}
# Drawn: nothing of the page has changed since. It holds for any way to draw: another commit can be measured too.
WATCH = """
    window.drawnAt = 0;
    new MutationObserver((changes) => {
        if (changes.some((change) => change.target.closest?.('main'))) window.drawnAt = performance.now();
    }).observe(document, {subtree: true, childList: true, attributes: true});
"""

SHIFTS = """
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
        if (!entry.hadRecentInput) window.shift += entry.value;
    })).observe({type: 'layout-shift', buffered: true});
"""

NOTE_THE_CLICK = """
    document.addEventListener('click', () => { window.actedAt = performance.now(); }, {capture: true, once: true})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="where the year is, or is loaded to")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="weather-site-"))
    _load(home)
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "8", "dash_app.app:server()"],
        env={**os.environ, "WEATHER_HOME": str(home)},
        stderr=subprocess.DEVNULL,
    )
    try:
        _measure(f"http://127.0.0.1:{port}", options.rounds, server.pid)
        print(f"\nload average {os.getloadavg()[0]:.1f}")
    finally:
        server.terminate()
        server.wait()
        if options.home is None:
            shutil.rmtree(home)


def _load(home: Path) -> None:
    settings = Settings.from_environment({"WEATHER_HOME": str(home)})
    stores = pipeline.open_stores(settings)
    if stores.curated.days() is not None:
        return
    for month in parse_months(YEAR):
        payload = SampleSource().fetch(month)
        receive(stores.raw, payload.body, payload.provenance, Partitions(settings.first_month))
        pipeline.stage_month(stores, month)
        pipeline.curate_month(stores, month)


def _measure(url: str, rounds: int, server_pid: int) -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        context = _browser(playwright, profile)
        _wait_for(context, url)
        print(f"load average {os.getloadavg()[0]:.1f}\n")
        print("| first view | text, ms | processor | all charts, ms | processor |\n|---|---|---|---|---|")
        for name, path in VIEWS.items():
            _print(name, *zip(*(_first_view(context, url + path, server_pid) for _ in range(rounds)), strict=True))
        print("\n| interaction | ms | browser's processor | server's |\n|---|---|---|---|")
        for name, (path, act) in INTERACTIONS.items():
            _print(name, *zip(*_interactions(context, url + path, act, rounds, server_pid), strict=True))
        context.close()
        print("\n| first visit of all | text, ms | processor | all charts, ms | processor |\n|---|---|---|---|---|")
        for name in ("overview, December", "city, December"):
            found = [_first_visit(playwright, url + VIEWS[name], server_pid) for _ in range(rounds)]
            _print(name, *zip(*found, strict=True))
        weigh(playwright, url)


def weigh(playwright: Playwright, url: str) -> None:
    """Print what a first visit transfers, how long its scripts run, and how far its parts move."""
    print("\n| first visit | transferred, kB | requests | scripts, ms | layout shift |\n|---|---|---|---|---|")
    for name, path in VIEWS.items():
        with tempfile.TemporaryDirectory() as profile:
            context = _browser(playwright, profile)
            context.add_init_script(SHIFTS)
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            sizes: list[float] = []
            session.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
            page.goto(url + path)
            page.wait_for_selector("h1")
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(1_500)
            metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
            cells = (
                f"{sum(sizes) / 1000:.0f}",
                f"{len(sizes)}",
                f"{1000 * metrics['ScriptDuration']:.0f}",
                f"{page.evaluate('window.shift'):.3f}",
            )
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
            context.close()


def _print(name: str, *columns: Sequence[float]) -> None:
    cells = (f"{statistics.median(times):.0f} ({min(times):.0f})" for times in columns)
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _browser(playwright: Playwright, profile: str) -> BrowserContext:
    """A browser with a profile of its own, as people have: only then does Chromium keep compiled scripts."""
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox"],
        viewport={"width": 1280, "height": 900},
        locale="en-GB",
    )
    context.add_init_script(WATCH)
    return context


def _first_visit(playwright: Playwright, address: str, server_pid: int) -> tuple[float, ...]:
    with tempfile.TemporaryDirectory() as profile:
        context = _browser(playwright, profile)
        found = _first_view(context, address, server_pid)
        context.close()
    return found


def _wait_for(context: BrowserContext, url: str) -> None:
    """Until the server answers, has read its months, and the browser has the bundles."""
    page = context.new_page()
    for _ in range(60):
        try:
            if page.request.get(f"{url}/health").ok:
                break
        except Exception:  # noqa: BLE001  (it is not there yet)
            time.sleep(0.5)
    # Chromium keeps a script compiled at its second use, and takes a moment to write it down.
    for path in ("/", "/city", "/table", "/data") * 3:
        page.goto(url + path)
        page.wait_for_selector("h1")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1_000)
    time.sleep(3)
    page.close()


class Processor:
    """Milliseconds that a page's thread and the server's processes have worked, since this was made."""

    def __init__(self, page: Page, server_pid: int) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        workers = Path(f"/proc/{server_pid}/task/{server_pid}/children").read_text().split()
        self._processes = [str(server_pid), *workers]
        self._before = self._worked_ms()

    @property
    def ms(self) -> float:
        return sum(self.parts_ms)

    @property
    def parts_ms(self) -> tuple[float, float]:
        """Of the page's thread, and of the server."""
        page, server = self._worked_ms()
        return page - self._before[0], server - self._before[1]

    def _worked_ms(self) -> tuple[float, float]:
        metrics = {
            metric["name"]: metric["value"] for metric in self._session.send("Performance.getMetrics")["metrics"]
        }
        return 1_000 * metrics["TaskDuration"], 1_000 * sum(map(_worked_s, self._processes))


def _worked_s(pid: str) -> float:
    """What a process has worked, to 0.01 s, as Linux counts it."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _first_view(context: BrowserContext, address: str, server_pid: int) -> tuple[float, ...]:
    page = context.new_page()
    processor = Processor(page, server_pid)
    page.goto(address, wait_until="commit")
    page.wait_for_selector("h1")
    text, text_worked = page.evaluate("performance.now()"), processor.ms
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(700)
    charts, charts_worked = page.evaluate("window.drawnAt") or text, processor.ms
    page.close()
    return text, text_worked, charts, charts_worked


def _interactions(
    context: BrowserContext, address: str, act: Callable[[Page, int], None], rounds: int, server_pid: int
) -> list[tuple[float, ...]]:
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("h1")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1_500)
    times: list[tuple[float, ...]] = []
    for n in range(rounds + 1):
        page.evaluate(NOTE_THE_CLICK)
        processor = Processor(page, server_pid)
        act(page, n)
        page.wait_for_function("() => window.drawnAt > window.actedAt")
        page.wait_for_timeout(900)
        times.append((page.evaluate("window.drawnAt - window.actedAt"), *processor.parts_ms))
    page.close()
    return times[1:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
