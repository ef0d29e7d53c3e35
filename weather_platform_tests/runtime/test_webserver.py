"""Dagster's web application behind its guard: a page of somebody else reaches nothing, in a real browser either."""

import json
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import httpx2 as httpx
import pytest
from dagster_graphql import DagsterGraphQLClientError
from playwright.sync_api import sync_playwright

from api.orchestrator import Orchestrator, OrchestratorUnavailable
from weather_platform.settings import Settings
from weather_platform_tests.runtime.serving import REPOSITORY, wait_for
from weather_platform_tests.servers.process import free_port

ASSET = dg.AssetKey("weather_stats")
WIPE = 'mutation{wipeAssets(assetPartitionRanges:[{assetKey:{path:["weather_stats"]}}]){__typename}}'
COUNT = '{assetOrError(assetKey:{path:["weather_stats"]}){... on Asset{assetMaterializations{timestamp}}}}'
PLAIN, GUARDED = "dagster_webserver", "weather_platform.runtime.webserver"
LOGIN = ("ops", "a long enough password")


class Webserver:
    """A served webserver on an instance with one materialisation."""

    def __init__(self, port: int, home: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.instance = dg.DagsterInstance.from_config(str(home))

    def is_whole(self) -> bool:
        """Whether the materialisation is there."""
        return bool(self.instance.fetch_materializations(ASSET, limit=1).records)

    def ask(self, query: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return httpx.post(f"{self.url}/graphql", json={"query": query}, headers=named, timeout=30)


@contextmanager
def webserver(home: Path, module: str, **variables: str) -> Iterator[Webserver]:
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    port = free_port()
    environment = {**os.environ, "DAGSTER_HOME": str(home), "WEATHER_ENV_FILE": os.devnull, **variables}
    command = [sys.executable, "-m", module, "-h", "127.0.0.1", "-p", str(port), "--empty-workspace"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            server = Webserver(port, home)
            with server.instance:
                wait_for(lambda: _answers(server.url), "the webserver")
                server.instance.report_runless_asset_event(dg.AssetMaterialization(ASSET))
                yield server
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/server_info", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webserver]:
    home = tmp_path_factory.mktemp("guarded") / "home"
    with webserver(home, GUARDED, WEATHER_DAGSTER_HOSTS="dagster.example.org") as server:
        yield server


@contextmanager
def evil_page(folder: Path, target: str) -> Iterator[str]:
    """A site that tries to wipe the catalogue in five ways as soon as it is looked at; its address."""
    get = str(httpx.URL(f"{target}/graphql", params={"query": WIPE}))
    body = json.dumps(json.dumps({"query": WIPE}))
    (folder / "index.html").write_text(f"""<!doctype html><title>Kittens</title>
<img src="{get}">
<iframe src="{get}"></iframe>
<iframe name="there"></iframe>
<form id="form" method="post" enctype="text/plain" target="there" action="{get}"><input name="a" value="b"></form>
<script>
document.getElementById("form").submit();
const tried = [
  fetch("{get}", {{mode: "no-cors", credentials: "include"}}),
  fetch("{target}/graphql", {{method: "POST", mode: "no-cors", body: {body}}}),
  fetch("{target}/graphql", {{method: "POST", headers: {{"content-type": "application/json"}}, body: {body}}}),
];
Promise.allSettled(tried).then(() => document.title = "Tried");
</script>""")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(("module", "is_whole"), [(PLAIN, False), (GUARDED, True)])
def test_a_page_of_another_site_wipes_nothing(tmp_path: Path, module: str, *, is_whole: bool) -> None:
    """Should the first fail, Dagster guards itself, and the guard can go."""
    (tmp_path / "evil").mkdir()
    with (
        webserver(tmp_path / "home", module) as server,
        evil_page(tmp_path / "evil", server.url) as evil,
        sync_playwright() as playwright,
    ):
        assert server.is_whole()
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            # Chromium's own question about pages that ask this machine is not what is tested.
            args=["--no-sandbox", "--disable-gpu", "--disable-features=LocalNetworkAccessChecks"],
        )
        page = browser.new_page()
        page.goto(evil)
        page.wait_for_function("document.title === 'Tried'")
        page.wait_for_timeout(1_000)
        browser.close()
        assert server.is_whole() == is_whole


@pytest.mark.browser
@pytest.mark.slow
def test_the_interface_itself_works_behind_the_guard(guarded: Webserver) -> None:
    refused: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.on(
            "response", lambda answer: refused.append(answer.url) if answer.status in (401, 403, 405, 415) else None
        )
        page.goto(f"{guarded.url}/assets")
        page.get_by_text("weather_stats").first.wait_for()
        browser.close()
    assert refused == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://127.0.0.1:{port}"}, 200),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "dagster.example.org"}, 200),
        ({"host": "DAGSTER.example.org:443", "origin": "https://dagster.example.org:443"}, 200),
        ({"host": "[::1"}, 403),
    ],
)
def test_who_may_ask(guarded: Webserver, headers: dict[str, str], status: int) -> None:
    port = guarded.url.rpartition(":")[2]
    answer = guarded.ask(COUNT, **{name: text.format(port=port) for name, text in headers.items()})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("method", "more", "status"),
    [
        ("GET", {"params": {"query": WIPE}}, 405),
        ("HEAD", {"params": {"query": WIPE}}, 405),
        ("POST", {"params": {"query": WIPE}, "headers": {"content-type": "text/plain"}}, 415),
        ("POST", {"params": {"query": WIPE}}, 415),
        ("POST", {"data": {"query": WIPE}}, 415),
        ("DELETE", {}, 405),
    ],
)
def test_no_mutation_but_by_a_post_that_says_json(
    guarded: Webserver, method: str, more: dict[str, Any], status: int
) -> None:
    answer = httpx.request(method, f"{guarded.url}/graphql", timeout=30, **more)
    assert answer.status_code == status
    assert httpx.get(f"{guarded.url}/graphql?%71uery={WIPE}", timeout=30).status_code == 405
    assert guarded.is_whole()


def test_a_link_from_another_page_opens(guarded: Webserver) -> None:
    opened = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert httpx.get(f"{guarded.url}/runs", headers=opened, timeout=30).status_code == 200
    framed = {**opened, "sec-fetch-dest": "iframe"}
    assert httpx.get(f"{guarded.url}/runs", headers=framed, timeout=30).status_code == 403


@pytest.mark.slow
def test_a_sign_in_is_asked_for_where_it_is_set(tmp_path: Path) -> None:
    with webserver(tmp_path / "home", GUARDED, WEATHER_DAGSTER_LOGIN=":".join(LOGIN)) as server:
        asked = server.ask(COUNT)
        assert (asked.status_code, asked.headers["www-authenticate"]) == (401, 'Basic realm="Dagster"')
        wrong = httpx.get(f"{server.url}/runs", auth=(LOGIN[0], "guess"), timeout=30)
        right = httpx.get(f"{server.url}/runs", auth=LOGIN, timeout=30)
        assert (wrong.status_code, right.status_code) == (401, 200)
        # Signed in, the API is told that its code is not loaded; before, that Dagster does not let it in.
        with (
            closing(Orchestrator(server.url, LOGIN)) as dagster,
            pytest.raises(OrchestratorUnavailable, match="has not loaded"),
        ):
            dagster.ping()
        # So is the first load of a stack in containers.
        settings = Settings.from_environment(
            {"WEATHER_DAGSTER_URL": server.url, "WEATHER_DAGSTER_LOGIN": ":".join(LOGIN)}
        )
        client = runpy.run_path(str(REPOSITORY / "deploy/first_load.py"))["dagster"](settings)
        with pytest.raises(DagsterGraphQLClientError, match="PipelineNotFoundError"):
            client.submit_job_execution("load_months", "__repository__", "weather_platform")
