"""`weather ingest` and `weather api-key`, against an API that is really served."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weather_platform.cli import app
from weather_platform.commands.ingest import Refused
from weather_platform.domain.errors import CannotServe
from weather_platform.settings import hashed_key
from weather_platform_tests.api.serving import NOBODY, Api, as_json, observations, served, settings_at

KEY = "the-key"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with served(settings_at(tmp_path, WEATHER_API_KEYS=f"me:{hashed_key(KEY)}")) as api:
        yield api


def run(*arguments: str, url: str, key: str = KEY) -> str:
    result = CliRunner().invoke(app, arguments, env={"WEATHER_API_URL": url, "WEATHER_API_KEY": key})
    if result.exception:
        raise result.exception
    return result.stdout


def test_files_are_posted_and_their_months_counted(api: Api, tmp_path: Path) -> None:
    files = [tmp_path / "october.json", tmp_path / "november.json"]
    for file, month in zip(files, ("2023-10", "2023-11"), strict=True):
        file.write_bytes(as_json(observations(month)))
    printed = run("ingest", "--fast", *map(str, files), url=api.base_url)
    assert [line.split()[:3] for line in printed.splitlines() if line.startswith("2023")] == [
        ["2023-10", "32", "32"],
        ["2023-11", "32", "32"],
    ]
    assert len(api.documents()) == 8


def test_receipts_can_be_had_as_json(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "november.json"
    file.write_bytes(as_json(observations()))
    receipt = json.loads(run("ingest", "--fast", "--json", str(file), url=api.base_url))
    assert (receipt["state"], receipt["files"][0]["name"]) == ("done", "november.json")


def test_what_the_api_refuses_is_said_in_its_words(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_text("hello")
    with pytest.raises(Refused, match="No observations can be read here"):
        run("ingest", "--fast", str(file), url=api.base_url)
    with pytest.raises(Refused, match="not known here"):
        run("ingest", "--fast", str(file), url=api.base_url, key="another")


def test_an_api_that_is_down_is_said_with_a_cure(tmp_path: Path) -> None:
    file = tmp_path / "november.json"
    file.write_bytes(as_json(observations()))
    with pytest.raises(CannotServe, match="weather up"):
        run("ingest", str(file), url=NOBODY)


def test_a_new_key_opens_what_its_line_says() -> None:
    key, line = run("api-key", "alice", url=NOBODY).splitlines()
    assert line == f"alice:{hashed_key(key)}"
