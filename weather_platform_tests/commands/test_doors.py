"""The same question gives the same bytes from the command line, the API and the site."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dash_app.app import create_app
from dash_app.reader import open_reader
from weather_platform.settings import Settings
from weather_platform.tables import Format
from weather_platform_tests.api.serving import Api, served
from weather_platform_tests.commands.conftest import Weather
from weather_platform_tests.domain.test_station_list import MONTSOURIS, collection, feature
from weather_platform_tests.sources.test_meteofrance import annual, annual_line

NOTHING = "Nothing is stored for this period and these cities. `weather status` shows what is stored.\n"

ALL_ROWS = 100_000
QUESTIONS = {
    "two months of two cities": {"city": ["nice", "cap_cepet"], "from": "2023-11-01", "to": "2023-12-31"},
    "one day of one city": {"city": ["nice"], "from": "2023-12-05", "to": "2023-12-05"},
    "days without a document": {"city": ["nice"], "from": "2030-01-01", "to": "2030-01-02"},
    "imperial units": {"city": ["nice"], "from": "2023-12-01", "to": "2023-12-03", "units": "imperial"},
    "wind in km/h": {"city": ["nice"], "from": "2023-12-01", "to": "2023-12-03", "units": "metric_km_h"},
}


@pytest.fixture(scope="module")
def api(filled_home: Path) -> Iterator[Api]:
    with served(Settings.from_environment({"WEATHER_HOME": str(filled_home)})) as api:
        yield api


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_documents_are_the_same_bytes_from_every_door(
    weather: Weather, filled: Settings, api: Api, tmp_path: Path, form: Format, question: dict[str, Any]
) -> None:
    by_command = exported(weather, tmp_path, form, question)
    by_api = api.get("/curated", params={**question, "format": form, "limit": ALL_ROWS}).content
    site = create_app(open_reader(filled), filled).server.test_client()
    asked = {"units": "metric", **question, "city": ",".join(question["city"])}  # the site's own are km/h
    by_site = site.get(f"/download/table.{form}", query_string=asked).data
    assert by_api == by_command
    assert by_site == by_command
    assert by_command or (form, question["from"]) == (Format.NDJSON, "2030-01-01")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("question", list(QUESTIONS.values())[:3], ids=list(QUESTIONS)[:3])
@pytest.mark.parametrize(("table", "path"), [("events", "/events"), ("observations", "/staging")])
def test_events_and_observations_are_the_same_bytes_from_both_doors(
    weather: Weather, api: Api, tmp_path: Path, table: str, path: str, form: Format, question: dict[str, Any]
) -> None:
    by_api = api.get(path, params={**question, "format": form, "limit": ALL_ROWS}).content
    assert exported(weather, tmp_path, form, question, "--table", table) == by_api


@pytest.mark.usefixtures("weather_home")
def test_a_listed_station_is_found_by_every_door(
    weather: Weather, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    (archive / "postes_synop.geojson").write_bytes(collection(feature()))
    days = [annual_line("07156", f"2023-12-{day:02}T12:00:00Z") for day in range(1, 32)]
    (archive / "synop_2023.csv.gz").write_bytes(annual(*days))
    monkeypatch.setenv("WEATHER_ARCHIVE_URL", str(archive))
    loaded = weather("load", "2023-12", "--source", "meteofrance", "--city", "montsouris", "--json")
    assert (json.loads(loaded.out)[0]["documents"], loaded.err) == (31, "")
    settings = Settings.from_environment()
    with served(settings) as api:
        read = [api.get(f"/{layer}/cities/montsouris").json()["station_id"] for layer in ("staging", "curated")]
        (searched,) = api.get("/stations", params={"q": "Montsouris", "with_data": True}).json()["data"]
    assert (read, searched["verified"], searched["altitude_m"]) == (["07156", "07156"], True, 75)
    assert len(weather("export", "--city", "Paris Montsouris", "--format", "ndjson").out.splitlines()) == 31
    assert open_reader(settings).find("montsouris") == MONTSOURIS


def exported(weather: Weather, folder: Path, form: Format, question: dict[str, Any], *more: str) -> bytes:
    """What `weather export` writes."""
    output = folder / f"exported.{form}"
    cities = [part for city in question["city"] for part in ("--city", city)]
    period = ["--from", question["from"], "--to", question["to"]]
    units = ["--units", question["units"]] if "units" in question else []
    ran = weather("export", *cities, *period, *units, "--format", form, "--output", output, *more)
    assert (ran.code, ran.err.removeprefix(NOTHING)) == (0, "")
    return output.read_bytes()
