"""Remembered answers: as true as answers read from the stores, and bounded."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import remembered
from api.remembered import Remembered, StoreToken
from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.stations import Station
from weather_platform.settings import hashed_key
from weather_platform.storage.by_station import NORMALS
from weather_platform.storage.curated import Query
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at
from weather_platform_tests.api.test_climate import NORMALS_OF_NICE

DAYS = "/curated/cities/nice?from=2023-11-01&to=2023-11-30"
READ_KEY = "k" * 40


@pytest.fixture(params=["files", "servers"])
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Api]:
    stores = {}
    if request.param == "servers":
        stores = {
            "WEATHER_STAGING_URL": request.getfixturevalue("fresh_mariadb_database"),
            "WEATHER_CURATED_URL": request.getfixturevalue("fresh_mongo_database"),
        }
    with served(settings_at(tmp_path, **stores)) as api:
        yield api


def asked_of_stores(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Queries of the curated store from now on."""
    asked: list[object] = []
    curated = api.services.layers.curated
    find = curated.find

    def noted(query: Query) -> object:
        asked.append(query)
        return find(query)

    monkeypatch.setattr(curated, "find", noted)
    return asked


def test_the_same_answer_comes_from_memory_and_a_correction_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.ingest("/ingest-fast", as_json(observations(days=2, t_k=280.15)))
    asked = asked_of_stores(api, monkeypatch)
    first, second, third = (api.get(DAYS) for _ in range(3))
    assert (first.content, third.content, len(asked)) == (second.content, second.content, 2)
    names = ("etag", "cache-control", "content-type", "vary")
    assert [third.headers[name] for name in names] == [first.headers[name] for name in names]
    for t_k in (281.15, 282.15, 283.15):
        api.ingest("/ingest-fast", as_json(observations(days=2, t_k=t_k)))
        told = {day["metrics"]["temperature"]["min"] for day in api.get(DAYS).json()["data"]}
        assert told == {round(t_k - 273.15, 2)}


def test_an_unchanged_answer_is_304_from_memory(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.ingest("/ingest-fast", as_json(observations()))
    etag = [api.get(DAYS).headers["etag"] for _ in range(2)][-1]
    asked = asked_of_stores(api, monkeypatch)
    answer = api.get(DAYS, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer.headers["etag"], asked) == (304, b"", etag, [])
    assert "content-length" not in answer.headers


def test_normals_stored_meanwhile_are_in_the_next_answer(api: Api) -> None:
    stores, path = api.services.layers, "/climate/normals?city=nice"
    stores.curated.ensure()
    assert [api.data(path) for _ in range(3)] == [[]] * 3
    stores.by_station.replace(NORMALS, [NORMALS_OF_NICE])
    assert len(api.data(path)) == len(NORMALS_OF_NICE.sheet.rows)


def test_another_form_of_the_same_address_is_another_answer(tmp_path: Path) -> None:
    with served(settings_at(tmp_path)) as api:
        api.ingest("/ingest-fast", as_json(observations(days=30)))
        for headers in ({"Accept": "text/csv"}, {"Accept": "application/json"}, {"Accept-Encoding": "identity"}):
            found = [api.get(DAYS, headers=headers) for _ in range(3)]
            assert len({answer.content for answer in found}) == 1
            assert found[-1].headers["content-type"].startswith(headers.get("Accept", "application/json"))
            assert ("content-encoding" in found[-1].headers) == ("Accept-Encoding" not in headers)


def test_stations_come_from_memory_until_staging_or_their_list_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(settings_at(tmp_path)) as api:

        def with_data() -> list[str]:
            return [station["station_id"] for station in api.get("/stations").json()["data"] if station["has_data"]]

        api.ingest("/ingest-fast", as_json(observations(stations=["07690"])))
        assert [with_data() for _ in range(2)] == [["07690"]] * 2
        etag = api.get("/stations").headers["etag"]
        asked: list[object] = []
        layers = api.services.layers
        known = layers.stations

        def noted() -> dict[str, Station]:
            asked.append(None)
            return known()

        monkeypatch.setattr(layers, "stations", noted)
        assert (api.get("/stations", headers={"If-None-Match": etag}).status_code, asked) == (304, [])
        api.ingest("/ingest-fast", as_json(observations(stations=["07149"])))
        asked.clear()
        assert (sorted(with_data()), len(asked)) == (["07149", "07690"], 1)
        with monkeypatch.context() as later:
            now = time.monotonic()
            later.setattr("api.remembered.time.monotonic", lambda: now + 61)
            assert (len(with_data()), len(asked)) == (2, 2)


def test_memory_opens_no_door(tmp_path: Path) -> None:
    options = {"WEATHER_API_KEYS": f"reader:{hashed_key(READ_KEY)}", "WEATHER_API_READING": "key"}
    with served(settings_at(tmp_path, **options)) as api:
        key = {"X-API-Key": READ_KEY}
        api.ingest("/ingest-fast", as_json(observations()), headers=key)
        assert [api.get(DAYS, headers=key).status_code for _ in range(3)] == [200] * 3
        assert [api.get(DAYS, headers=bad).status_code for bad in ({}, {"X-API-Key": "x" * 40})] == [401, 401]


def test_answers_from_memory_count_against_the_rate(tmp_path: Path) -> None:
    options = {"WEATHER_API_KEYS": f"reader:{hashed_key(READ_KEY)}", "WEATHER_API_READS_PER_MINUTE": "5"}
    with served(settings_at(tmp_path, **options)) as api:
        api.ingest("/ingest-fast", as_json(observations()), headers={"X-API-Key": READ_KEY})
        assert [api.get(DAYS).status_code for _ in range(6)] == [200] * 5 + [429]


def test_a_store_that_went_away_is_told_by_the_route(tmp_path: Path) -> None:
    with served(settings_at(tmp_path)) as api:
        api.ingest("/ingest-fast", as_json(observations()))
        assert [api.get(DAYS).status_code for _ in range(3)] == [200] * 3
        for file in tmp_path.glob("**/curated.sqlite*"):
            file.rename(file.with_name(f"away-{file.name}"))
        assert api.get(DAYS).status_code == 503


def test_one_token_serves_all_that_wait_and_none_that_came_before() -> None:
    looks: list[int] = []
    begun, going_on = threading.Event(), threading.Event()

    def token() -> str:
        looks.append(len(looks))
        begun.set()
        going_on.wait(5)
        return str(looks[-1])

    async def ask() -> tuple[str | None, list[str | None]]:
        tokens = StoreToken(token)
        early = asyncio.create_task(tokens.after_now())
        assert await asyncio.to_thread(begun.wait, 5)
        late = [asyncio.create_task(tokens.after_now()) for _ in range(50)]
        await asyncio.sleep(0.05)
        going_on.set()
        return await early, await asyncio.gather(*late)

    assert asyncio.run(ask()) == ("0", ["1"] * 50)


def test_a_failure_to_read_the_token_reaches_all_that_wait() -> None:
    def token() -> str:
        raise KeyError("a fault of ours")

    async def ask() -> list[BaseException | str | None]:
        tokens = StoreToken(token)
        waiting = asyncio.gather(*(tokens.after_now() for _ in range(3)), return_exceptions=True)
        return await asyncio.wait_for(waiting, 5)

    assert [type(each) for each in asyncio.run(ask())] == [KeyError] * 3


def test_a_silent_store_is_left_alone_for_a_while() -> None:
    calls = []

    def token() -> str:
        calls.append(time.monotonic())
        raise StoreUnavailable("It does not answer.", "Wait.")

    async def ask() -> list[str | None]:
        tokens = StoreToken(token)
        return [await tokens.after_now() for _ in range(20)]

    assert (asyncio.run(ask()), len(calls)) == ([None] * 20, 1)


def test_memory_is_bounded_and_the_least_used_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "ALL_BYTES", 10 * 12_000)
    made: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        made.append(scope["path"])
        await Response(b"x" * 10_000, headers={"etag": 'W/"1"'})(scope, receive, send)

    def admit(_: Request) -> None:
        """Everybody."""

    async def ask(remembering: Remembered, path: str) -> None:
        scope = {"type": "http", "method": "GET", "scheme": "http", "path": path, "query_string": b"", "headers": []}

        async def receive() -> dict[str, object]:
            return {"type": "http.request"}

        async def send(_: object) -> None:
            """To nowhere."""

        await remembering(scope, receive, send)

    async def story() -> list[str]:
        remembering = Remembered(app, lambda: "same", admit)
        paths = [f"/{number}" for number in range(12)]
        for path in paths:
            await ask(remembering, path)
            await ask(remembering, path)
        made.clear()
        for path in (paths[-1], paths[2], paths[0], paths[3]):
            await ask(remembering, path)
        return made

    assert asyncio.run(story()) == ["/0", "/3"]
