"""How the site is delivered: by gunicorn, compressed, with safe headers, in the browser's language, to read only."""

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path

import flask.testing
import httpx2 as httpx
import pandas as pd
import pytest

from dash_app.app import create_app
from dash_app.reader import Reader
from weather_platform.settings import Settings
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.process import free_port

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client(december: Settings, reader: Reader) -> flask.testing.FlaskClient:
    client: flask.testing.FlaskClient = create_app(reader, december).server.test_client()
    return client


@pytest.fixture
def gunicorn(december: Settings, tmp_path: Path) -> Iterator[str]:
    """The address of the site as its container serves it; `tmp_path` has what it printed."""
    port = free_port()
    options = ["--config", "deploy/gunicorn.py", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    command = [sys.executable, "-m", "gunicorn", *options, "dash_app.app:server()"]
    environment = {**os.environ, "WEATHER_HOME": str(december.home)}
    with (tmp_path / "printed").open("w") as printed:
        server = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=printed, stderr=subprocess.STDOUT)
        yield f"http://127.0.0.1:{port}"
        server.terminate()
        server.wait()


def test_gunicorn_serves_the_site_and_logs_each_answer(gunicorn: str, tmp_path: Path) -> None:
    transport = httpx.HTTPTransport(retries=8)  # 0.5, 1, 2 … s apart, until it has come up
    with httpx.Client(transport=transport, timeout=120) as client:
        answer = client.get(f"{gunicorn}/health")
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
    wait_for(lambda: "answered" in (tmp_path / "printed").read_text(), "the line about the answer")
    lines = [json.loads(line) for line in (tmp_path / "printed").read_text().splitlines()]
    (line,) = (line for line in lines if line["logger"] == "gunicorn.access")
    del line["seconds"], line["timestamp"]
    assert line == {
        "event": "answered",
        "logger": "gunicorn.access",
        "level": "info",
        "caller": "127.0.0.1",
        "method": "GET",
        "path": "/health",
        "status": 200,
        "bytes": 2,
    }


def test_every_answer_has_headers_that_keep_the_browser_safe(client: flask.testing.FlaskClient) -> None:
    for path in ("/", "/_dash-layout", "/assets/site.css", "/nowhere/at/all", "/download/city.csv"):
        answer = client.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        policy = answer.headers["Content-Security-Policy"]
        for rule in ("default-src 'self'", "connect-src 'self'", "object-src 'none'", "frame-ancestors 'none'"):
            assert rule in policy
        assert "'unsafe-eval'" not in policy
        assert "script-src 'self' 'sha256-" in policy


@pytest.mark.parametrize(
    "path",
    ["/", "/_dash-layout", "/assets/site.js", "/assets/outline/wide.svg"],
)
def test_answers_are_compressed_for_who_can_read_it(client: flask.testing.FlaskClient, path: str) -> None:
    plain, small = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(gzip.decompress(small.data)) == len(plain.data)  # the document has a mark of its own each time
    assert len(small.data) < 0.6 * len(plain.data)
    assert client.get(path, headers={"Accept-Encoding": "br"}).headers["Content-Encoding"] == "br"


def test_a_download_is_compressed_as_it_is_written(client: flask.testing.FlaskClient) -> None:
    plain = client.get("/download/city.csv?city=nice")
    small = client.get("/download/city.csv?city=nice", headers={"Accept-Encoding": "gzip, br"})
    assert (plain.headers.get("Content-Encoding"), small.headers["Content-Encoding"]) == (None, "br")
    assert len(small.data) < 0.6 * len(plain.data)


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/assets/site.js?m=1", 31_536_000),
        ("/assets/outline/tall.svg", 3_600),
    ],
)
def test_a_browser_keeps_what_is_the_same_for_everybody(
    client: flask.testing.FlaskClient, path: str, seconds: int
) -> None:
    assert client.get(path).cache_control.max_age == seconds


@pytest.mark.parametrize("path", ["/", "/assets/nothing.js?m=1", "/download/city.csv"])
def test_a_browser_keeps_no_answer_that_changes(client: flask.testing.FlaskClient, path: str) -> None:
    assert client.get(path).cache_control.max_age in (None, 0)


@pytest.mark.parametrize(
    ("path", "accepted", "expected"),
    [
        ("/", "en-GB", "en"),
        ("/", "fr", "fr"),
        ("/", "de", "fr"),
        ("/city?lang=en", "fr", "en"),
        ("/?lang=xx", "en", "en"),
    ],
)
def test_the_document_says_its_language(
    client: flask.testing.FlaskClient, path: str, accepted: str, expected: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": accepted})
    assert f'<html lang="{expected}">' in answer.text
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_document_asks_no_other_host_for_anything(client: flask.testing.FlaskClient) -> None:
    document = client.get("/").text
    assert 'src="http' not in document
    assert 'href="http' not in document


@pytest.mark.parametrize("units", ["metric", "imperial"])
def test_a_file_is_in_the_units_of_the_page(client: flask.testing.FlaskClient, reader: Reader, units: str) -> None:
    answer = client.get(f"/download/table.parquet?city=nice,orly&from=2023-12-01&to=2023-12-31&units={units}")
    found = pd.read_parquet(io.BytesIO(answer.data))
    expected = reader.daily(["07690", "07149"], date(2023, 12, 1), date(2023, 12, 31))
    expected = expected.sort_values(["date", "station_id"])
    assert (len(found), len(expected)) == (62, 62)
    if units == "metric":
        assert found["temperature_avg_c"].tolist() == expected["temperature_avg_c"].tolist()
    else:
        assert found["temperature_avg_f"].tolist() == (expected["temperature_avg_c"] * 1.8 + 32).round(2).tolist()
        assert not {"temperature_avg_c", "rain_total_mm"} & set(found)
    assert answer.headers["Content-Disposition"].endswith(
        'filename="orly-nice_2023-12-01_2023-12-31_daily.parquet"'
    ) or (answer.headers["Content-Disposition"].endswith('filename="nice-orly_2023-12-01_2023-12-31_daily.parquet"'))


@pytest.mark.parametrize(
    ("path", "columns", "rows"),
    [
        ("/download/overview.csv?metric=pressure", {"pressure_mean_hpa", "pressure_low_hpa", "latitude_deg"}, 62),
        ("/download/compare.csv?metric=wind", {"city", "date", "wind_avg_km_h", "wind_gust_km_h"}, 93),
        ("/download/data.csv", {"city", "month", "share_percent"}, 62),
        ("/download/years.csv?city=nice", {"city", "month", "tn_mean_c", "rr_total_mm", "rr_status"}, 1),
    ],
)
def test_each_page_has_its_data_as_a_file(
    client: flask.testing.FlaskClient, path: str, columns: set[str], rows: int
) -> None:
    found = pd.read_csv(io.StringIO(client.get(path).text))
    assert columns <= set(found)
    assert len(found) == rows


@pytest.mark.parametrize(
    ("path", "status"),
    [("/download/city.exe", 404), ("/download/nowhere.csv", 404), ("/download/city.csv?city=niice", 404)],
)
def test_a_file_that_is_not_there_says_so(client: flask.testing.FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")


def test_nothing_can_be_written_through_the_site(client: flask.testing.FlaskClient) -> None:
    rules = client.application.url_map.iter_rules()
    writing = {rule.rule for rule in rules if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}}
    assert writing <= {"/_dash-update-component"}


def test_dash_is_the_one_whose_layout_site_js_knows() -> None:
    """`ROOT` in site.js is a path in Dash's own layout; pyproject.toml lets a newer Dash in, after a look there."""
    assert version("dash").startswith("4.4.")
