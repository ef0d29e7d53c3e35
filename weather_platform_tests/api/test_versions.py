"""The versioned path: the same answers, whose links stay below it."""

from weather_platform_tests.api.serving import Api


def test_every_path_is_also_below_its_version(reading: Api) -> None:
    for path in ("/curated/cities/nice?limit=1", "/stations?q=nice", "/livez"):
        old, versioned = reading.get(path), reading.get(f"/v1{path}")
        assert versioned.status_code == 200
        assert versioned.text.replace("/v1/", "/") == old.text
    assert reading.get("/v1/curated/cities/nice?limit=1").json()["next"].startswith(f"{reading.base_url}/v1/curated/")
    assert reading.get("/v1/").json()["links"]["documents"] == f"{reading.base_url}/v1/curated"
    assert reading.get("/v1/openapi.json").json()["servers"] == [{"url": "/v1"}]
    assert "servers" not in reading.get("/openapi.json").json()
    assert reading.get("/v10/stations").status_code == 404
    assert reading.client.head("/v1/curated/cities").status_code == 200


def test_health_names_the_stores_in_use(reading: Api) -> None:
    assert reading.get("/v1/health").json()["stores"] == {"raw": "file", "staging": "sqlite", "curated": "sqlite"}
