"""References and official normals as they are stored, and what the doors read of them."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from weather_platform.climatology import Climatology
from weather_platform.domain.climate.reference import Reference
from weather_platform.domain.months import Month
from weather_platform.settings import Settings
from weather_platform.sources.climate_sheets import ClimateSheets
from weather_platform.storage.by_station import NORMALS, REFERENCES
from weather_platform.storage.opening import Stores
from weather_platform.usual import StoredReferences, faults_of_references, store_normals, store_references
from weather_platform_tests.domain.climate.test_normals import SHEET
from weather_platform_tests.sources.waiting import NOW, retry_policy
from weather_platform_tests.sources.web_server import Answer, Request, WebServer, serving
from weather_platform_tests.storage.sheets import sheet

NICE, ORLY = "07690", "07149"
NUMBER = "06088001"
OF_NICE = (
    SHEET.replace("99001001", NUMBER)
    .replace("alt : 250m", "alt : 2m")
    .replace("""lat : 45°58'35"N, lon : 01°20'00"W""", """lat : 43°38'56"N, lon : 07°12'32"E""")
)
PLACES = msgspec.json.encode(
    {
        "features": [
            {"properties": {"num": "6088001", "nom": "NICE"}, "geometry": {"coordinates": [7.209, 43.6489, 2]}},
            {"properties": {"num": "99001001", "nom": "AILLEURS"}, "geometry": {"coordinates": [1.3, 45.97, 250]}},
        ]
    }
)


@pytest.fixture(params=["sqlite", "mongodb"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    given = {"WEATHER_HOME": str(tmp_path)}
    if request.param == "mongodb":
        given["WEATHER_CURATED_URL"] = str(request.getfixturevalue("fresh_mongo_database"))
    opened = Stores(Settings.from_environment(given))
    opened.staging.ensure()
    yield opened
    opened.close()


@pytest.fixture
def web() -> Iterator[WebServer]:
    def answer(request: Request) -> Answer:
        bodies = {"liste_fiches_clim.geojson": PLACES, f"FICHECLIM_{NUMBER}.data": OF_NICE.encode()}
        body = bodies.get(request.path.rsplit("/", 1)[-1])
        return Answer(status=404) if body is None else Answer(body=body)

    with serving(answer) as server:
        yield server


def rain(stores: Stores, year: int, mm: float) -> None:
    sheets = [sheet(each, f"{year}-12", rr={"total": mm, "status": "complete"}) for each in (NICE, ORLY)]
    stores.monthly.replace(Month(year, 12), sheets)


def fetched(stores: Stores, url: str) -> tuple[int, int, bool, list[str]]:
    """Stations with normals, sheets fetched, whether there was trouble, and what could not be read."""
    source = ClimateSheets(url, retry_policy([]))
    made = store_normals(stores, source, NOW)
    source.close()
    return made.stations, made.fetched, bool(made.trouble), made.unread


def test_stored_references_are_those_that_are_made_on_read(stores: Stores) -> None:
    for year in range(2014, 2024):
        rain(stores, year, year - 2000)
    on_read = Climatology(stores).references(NICE)
    assert faults_of_references(stores) == [f"{ORLY}: none", f"{NICE}: none"]
    made = store_references(stores)
    assert made == StoredReferences(stations=2, references=0, averages=2 * len(on_read))
    stored = stores.by_station.get(REFERENCES, NICE)
    assert stored is not None
    assert (stored.made_of, list(stored.references)) == (stores.monthly.revision(), on_read)
    assert faults_of_references(stores) == []


def test_a_corrected_month_is_in_the_reference_before_it_is_stored_again(stores: Stores) -> None:
    for year in range(2014, 2024):
        rain(stores, year, 50)
    store_references(stores)
    rain(stores, 2014, 150)
    (usual,) = [
        each for each in Climatology(stores).references(NICE) if (each.period, each.figure) == ("12", "rr.total")
    ]
    assert usual.mean == 60.0
    assert faults_of_references(stores) == [f"{ORLY}: older than the sheets", f"{NICE}: older than the sheets"]


def test_a_reference_that_says_too_many_years_is_found(stores: Stores) -> None:
    for year in range(2014, 2024):
        rain(stores, year, 50)
    store_references(stores)
    kept = [stores.by_station.get(REFERENCES, station) for station in (NICE, ORLY)]

    def more(each: Reference) -> Reference:
        return msgspec.structs.replace(each, n=11) if each.figure == "rr.total" else each

    stores.by_station.replace(
        REFERENCES,
        [msgspec.structs.replace(of, references=tuple(map(more, of.references))) for of in kept if of is not None],
    )
    says = [f"{station} 12 rr.total: 11 years, 10 in the sheets" for station in (ORLY, NICE)]
    assert faults_of_references(stores) == says


def test_the_sheet_of_a_place_nearby_is_kept_and_read(stores: Stores, web: WebServer) -> None:
    assert fetched(stores, web.url) == (1, 1, False, [])
    found = Climatology(stores).normals(NICE)
    assert found is not None
    assert stores.raw.blobs.get(found.raw_object) == OF_NICE.encode()
    assert (found.sheet.number, found.address, found.received) == (NUMBER, f"{web.url}/FICHECLIM_{NUMBER}.data", NOW)
    assert found.distance_km < 0.2
    rows = {row.figure: row for row in found.sheet.rows}
    assert (rows["rr.total"].values[0], rows["rr.total"].first_year, rows["tx.max"].dates[0]) == (70.1, 1996, "01-2023")
    assert Climatology(stores).normals(ORLY) is None


def test_without_a_network_the_sheets_kept_before_still_count(stores: Stores, web: WebServer) -> None:
    assert fetched(stores, "http://127.0.0.1:9") == (0, 0, True, [])
    fetched(stores, web.url)
    before = stores.by_station.get(NORMALS, NICE)
    assert fetched(stores, "http://127.0.0.1:9") == (1, 0, True, [])
    assert stores.by_station.get(NORMALS, NICE) == before


def test_a_sheet_that_cannot_be_read_is_kept_and_named(stores: Stores, web: WebServer) -> None:
    web.faults[f"{NUMBER}.data"].append(Answer(body=b"<html>moved</html>"))
    stations, count, trouble, (unread,) = fetched(stores, web.url)
    assert (stations, count, trouble) == (0, 1, False)
    assert unread.startswith(f"normals/{NUMBER}-")


def test_a_revision_tells_that_normals_were_stored_again(stores: Stores, web: WebServer) -> None:
    first = stores.by_station.revision(NORMALS)
    fetched(stores, web.url)
    assert len({first, stores.by_station.revision(NORMALS), stores.by_station.revision(REFERENCES)}) == 2
