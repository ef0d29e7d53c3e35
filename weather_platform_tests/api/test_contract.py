"""The OpenAPI document holds: its examples work, and nothing a machine makes up breaks the API."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from weather_platform.domain.events import EventType
from weather_platform.settings import hashed_key
from weather_platform.tables import MEDIA_TYPES
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at

EXAMPLES = os.environ.get("WEATHER_TESTS_SCHEMATHESIS_EXAMPLES", "8")
"""Of each operation; 60 take a minute or two."""


def operations(api: Api) -> list[tuple[str, str, dict[str, Any]]]:
    paths = api.get("/openapi.json").json()["paths"]
    return [(method, path, operation) for path, methods in paths.items() for method, operation in methods.items()]


def test_the_document_is_openapi_3_1(reading: Api) -> None:
    assert reading.get("/openapi.json").json()["openapi"].startswith("3.1")


def test_every_operation_is_described(reading: Api) -> None:
    assert [path for _, path, operation in operations(reading) if not operation.get("description")] == []


def test_rows_are_typed_with_units_meanings_and_examples(reading: Api) -> None:
    document = reading.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    rows = {}
    for path in ("/curated", "/curated/cities/{city}", "/staging", "/observations", "/events"):
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        assert set(content) == {kind.partition(";")[0] for kind in MEDIA_TYPES.values()}
        page = schemas[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
        rows[path] = page["properties"]["data"]["items"]["$ref"].rpartition("/")[2]
    assert list(rows.values()) == ["WeatherStats", "WeatherStats", "Observation", "Observation", "StationEvent"]
    assert schemas["Temperature"]["properties"]["avg"] == {
        "anyOf": [{"type": "number"}, {"type": "null"}],
        "description": "mean of the readings",
        "unit": "°C",
        "examples": [14.26],
    }
    assert schemas["Observation"]["properties"]["t"] == {
        "type": ["number", "null"],
        "description": "air temperature",
        "unit": "K",
    }
    assert schemas["Event"]["properties"]["type"]["$ref"] == "#/components/schemas/EventType"
    assert schemas["EventType"]["enum"] == sorted(EventType)


def test_every_row_has_the_members_that_its_schema_names(reading: Api) -> None:
    schemas = reading.get("/openapi.json").json()["components"]["schemas"]
    for path, name in (
        ("/curated", "WeatherStats"),
        ("/events", "StationEvent"),
        ("/staging?city=nice", "Observation"),
        ("/observations", "Observation"),
    ):
        row = reading.get(path).json()["data"][0]
        assert set(row) == set(schemas[name]["properties"]), path


def test_every_example_of_a_parameter_works(reading: Api) -> None:
    ingestion = reading.get("/ingestions").json()["data"][0]["id"]
    raw = reading.get("/raw/files").json()["files"][0]
    known = {"ingestion": ingestion, "name": raw}  # made by the server: no example can know them
    failed = []
    for method, path, operation in operations(reading):
        if method != "get":
            continue
        url, query = path, []
        for parameter in operation.get("parameters", []):
            example = _example(parameter)
            if parameter["in"] == "path":
                url = url.replace(f"{{{parameter['name']}}}", str(known.get(parameter["name"], example)))
                url = url.replace(f"{{{parameter['name']}:path}}", str(known.get(parameter["name"], example)))
            elif parameter["in"] == "query" and example is not None:
                values = example if isinstance(example, list) else [example]
                query += [(parameter["name"], str(value)) for value in values]
        answer = reading.get(url, params=query)
        if answer.status_code != 200:
            failed.append((url, query, answer.status_code, answer.text[:300]))
    assert failed == []


def _example(parameter: dict[str, Any]) -> Any:
    examples = parameter["schema"].get("examples") or next(
        (choice["examples"] for choice in parameter["schema"].get("anyOf", []) if "examples" in choice), [None]
    )
    return examples[0]


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, WEATHER_API_KEYS=f"machine:{hashed_key('key-of-a-machine')}")
    with served(settings) as api:
        api.ingest("/ingest-fast", as_json(observations()), headers={"x-api-key": "key-of-a-machine"})
        found = _schemathesis(api)
    assert found.returncode == 0, found.stdout[-6000:]


def _schemathesis(api: Api) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{api.base_url}/openapi.json"),
            *("--header", "Authorization: Bearer key-of-a-machine"),
            *("--phases=examples,coverage,fuzzing", f"--max-examples={EXAMPLES}", "--seed=1", "--no-color"),
            # A period that ends before it begins, or a cursor of no page, fits the schema, which has no words for it;
            # it is refused all the same, with a cure.
            "--exclude-checks=positive_data_acceptance",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 * int(EXAMPLES),  # a hang, not a budget: two cores serve it and ask it
    )


def test_operations_have_names_that_make_a_readable_client(reading: Api) -> None:
    names = [operation["operationId"] for _, _, operation in operations(reading)]
    assert len(set(names)) == len(names)
    assert all(name.isalpha() and name[0].islower() for name in names), names
    assert {"getCityDays", "getCityObservations", "listEvents", "ingestFast", "withdrawIngestion"} <= set(names)
