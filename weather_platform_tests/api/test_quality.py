"""Flags over HTTP, decisions about them, and observations with their flags."""

from typing import Any

import pytest

from weather_platform.settings import hashed_key
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at

ZERO = "2023-11-01T12:00:00Z"
"""When a thermometer says 0 °C between readings of 14 °C."""
DECISION = {"city": "nice", "first": ZERO, "last": ZERO, "field": "t", "verdict": "good", "reason": "hail", "by": "Ada"}


@pytest.fixture
def doubted(api: Api) -> Api:
    """Two cities, one with a spike."""
    records = observations()
    for each in records:
        if each["numer_sta"] == "07690" and each["date"].startswith("2023-11-01T12"):
            each["t"] = 273.15
    api.ingest("/ingest-fast", as_json(records))
    return api


def lowest(api: Api) -> float:
    (document,) = api.data("/curated/cities/nice?from=2023-11-01&to=2023-11-01")
    return float(document["metrics"]["temperature"]["min"])


def test_a_decision_lifts_a_flag_until_it_is_forgotten(doubted: Api) -> None:
    (flag,) = doubted.data("/quality/flags?city=nice")
    assert (flag["date"], flag["field"], flag["rule"], flag["verdict"]) == (ZERO, "t", "E2", "erroneous")
    assert lowest(doubted) == 12.0
    made = doubted.client.post("/quality/overrides", json=DECISION)
    assert made.status_code == 201, made.text
    assert doubted.get(f"/ingestions/{made.json()['made_again']}").json()["state"] == "done"
    assert lowest(doubted) == 0.0
    (lifted,) = doubted.data("/quality/flags")
    assert lifted == {**flag, "verdict": "good", "reason": "hail", "who": "Ada"}
    assert doubted.data("/quality/overrides") == [{**made.json(), "made_again": None}]
    assert doubted.client.delete(f"/quality/overrides/{made.json()['id']}").status_code == 200
    assert (lowest(doubted), doubted.data("/quality/flags")) == (12.0, [flag])
    assert doubted.client.delete(f"/quality/overrides/{made.json()['id']}").status_code == 404


def test_a_decision_needs_a_key_where_writing_does(tmp_path: Any) -> None:
    with served(settings_at(tmp_path, WEATHER_API_KEYS=f"ada:{hashed_key('key-of-ada-000000')}")) as api:
        assert api.client.post("/quality/overrides", json=DECISION).status_code == 401
        assert api.client.delete("/quality/overrides/0").status_code == 401
        kept = api.client.post(
            "/quality/overrides",
            json={name: value for name, value in DECISION.items() if name != "by"},
            headers={"x-api-key": "key-of-ada-000000"},
        )
    assert (kept.status_code, kept.json()["who"], kept.json()["made_again"]) == (201, "ada", None)


@pytest.mark.parametrize(
    "wrong", [{"reason": " "}, {"field": "city"}, {"rule": "E99"}, {"last": "2022-01-01"}, {"first": "0001-01-01"}]
)
def test_a_decision_that_says_too_little_is_refused(api: Api, wrong: dict[str, str]) -> None:
    answer = api.client.post("/quality/overrides", json={**DECISION, **wrong})
    assert (answer.status_code, "cure" in answer.json()) == (422, True)
    assert api.data("/quality/overrides") == []


def test_observations_of_all_cities_carry_their_flags(doubted: Api) -> None:
    found = doubted.data("/observations?from=2023-11-01&to=2023-11-01&hour=0,12&columns=t&columns=flags")
    assert found == [
        {"city": "ORLY", "t": 285.15, "flags": ""},
        {"city": "ORLY", "t": 287.15, "flags": ""},
        {"city": "NICE", "t": 285.15, "flags": ""},
        {"city": "NICE", "t": 273.15, "flags": "t:E2:erroneous"},
    ]
    lines = doubted.get("/observations?format=csv&bbox=7,43,8,44").text.splitlines()
    assert (len(lines), {line.split(",")[0] for line in lines[1:]}) == (17, {"NICE"})


def test_pages_of_observations_and_flags_join_without_a_gap(doubted: Api) -> None:
    for path in ("/observations", "/quality/flags"):
        whole, joined, address = doubted.data(path), list[Any](), f"{path}?limit=3"
        while address:
            page = doubted.get(address).json()
            joined += page["data"]
            address = page["next"]
        assert joined == whole
    assert doubted.get("/quality/flags?after=x|y").status_code == 422


def test_a_decision_is_seen_at_once_by_who_knew_the_answer_before(doubted: Api) -> None:
    before = doubted.get("/observations?from=2023-11-01&to=2023-11-30")
    known = {"if-none-match": before.headers["etag"]}
    assert doubted.get("/observations?from=2023-11-01&to=2023-11-30", headers=known).status_code == 304
    doubted.client.post("/quality/overrides", json=DECISION)
    assert doubted.get("/observations?from=2023-11-01&to=2023-11-30", headers=known).status_code == 200


def test_a_path_of_two_methods_names_both_to_who_uses_a_third(api: Api) -> None:
    answer = api.client.put("/quality/overrides")
    assert (answer.status_code, answer.headers["allow"], answer.json()["cure"]) == (405, "GET, POST", "Use GET, POST.")
