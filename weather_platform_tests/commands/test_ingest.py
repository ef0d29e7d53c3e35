"""`weather ingest` and `weather api-key`, against an API that is really served."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from weather_platform.cli import app
from weather_platform.domain.errors import CannotServe
from weather_platform.settings import hashed_key
from weather_platform_tests.api.serving import NOBODY, Api, as_json, observations, served, settings_at
from weather_platform_tests.commands.conftest import Weather

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
    assert [line.split()[:4] for line in printed.splitlines() if " 2023" in line] == [
        ["october.json", "2023-10", "32", "32"],
        ["november.json", "2023-11", "32", "32"],
    ]
    assert len(api.documents()) == 8


@pytest.mark.slow
def test_no_file_is_lost_to_the_limit_of_the_rate(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.json" for number in range(22)]
    for number, file in enumerate(files):
        file.write_bytes(as_json(observations("2023-11", days=1, t_k=280 + number)))
    limited = settings_at(
        tmp_path, WEATHER_API_KEYS=f"me:{hashed_key(KEY)}", WEATHER_API_WRITES_PER_MINUTE=str(len(files) - 2)
    )
    with served(limited) as api:
        receipts = json.loads(run("ingest", "--fast", "--json", *map(str, files), url=api.base_url))
    assert [receipt["state"] for receipt in receipts] == ["done"] * len(files)


def test_ctrl_c_says_how_many_files_are_posted(
    api: Api, tmp_path: Path, weather: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / name for name in ("1.json", "2.json", "3.json")]
    for file, month in zip(files, ("2023-10", "2023-11", "2023-12"), strict=True):
        file.write_bytes(as_json(observations(month)))

    def pressed(receipt: dict[str, Any]) -> None:
        if receipt["files"][0]["name"] == "2.json":
            raise KeyboardInterrupt

    monkeypatch.setattr("weather_platform.commands.ingest._check", pressed)
    monkeypatch.setenv("WEATHER_API_URL", api.base_url)
    monkeypatch.setenv("WEATHER_API_KEY", KEY)
    ran = weather("ingest", "--fast", *files)
    assert (ran.code, "2.json" in ran.out) == (130, True)
    assert ran.err.replace("\n", " ").startswith("Stopping … 2 of 3 files are posted. The API may finish the next one")


@pytest.mark.parametrize("months", [["2023-11"], ["2023-11", "2023-10"]], ids=["one file", "two files"])
def test_receipts_can_be_had_as_one_json_array(api: Api, tmp_path: Path, months: list[str]) -> None:
    files = [tmp_path / f"{month}.json" for month in months]
    for file, month in zip(files, months, strict=True):
        file.write_bytes(as_json(observations(month)))
    receipts = json.loads(run("ingest", "--fast", "--json", *map(str, files), url=api.base_url))
    assert [(receipt["state"], receipt["files"][0]["name"]) for receipt in receipts] == [
        ("done", file.name) for file in files
    ]


@pytest.fixture
def notes_between(tmp_path: Path) -> list[Path]:
    """Two files of observations, and notes between them."""
    files = [tmp_path / "october.json", tmp_path / "notes.json", tmp_path / "november.json"]
    files[0].write_bytes(as_json(observations("2023-10")))
    files[1].write_text("hello")
    files[2].write_bytes(as_json(observations("2023-11")))
    return files


def test_a_refused_file_hides_no_receipt_and_stops_no_other_file(
    api: Api, weather: Weather, monkeypatch: pytest.MonkeyPatch, notes_between: list[Path]
) -> None:
    monkeypatch.setenv("WEATHER_API_URL", api.base_url)
    monkeypatch.setenv("WEATHER_API_KEY", KEY)
    ran = weather("ingest", "--fast", *notes_between)
    assert ran.code == 1
    assert [line.split()[0] for line in ran.out.splitlines() if " 2023" in line] == ["october.json", "november.json"]
    assert ran.err.startswith(f"{notes_between[1]}: No observations can be read here")

    ran = weather("ingest", "--fast", "--json", *notes_between)
    assert ran.code == 1
    assert [receipt["files"][0]["name"] for receipt in json.loads(ran.out)] == ["october.json", "november.json"]
    assert str(notes_between[1]) in ran.err


def test_a_key_that_is_not_known_is_said_in_the_words_of_the_api(
    api: Api, weather: Weather, monkeypatch: pytest.MonkeyPatch, notes_between: list[Path]
) -> None:
    monkeypatch.setenv("WEATHER_API_URL", api.base_url)
    monkeypatch.setenv("WEATHER_API_KEY", "another")
    ran = weather("ingest", "--fast", notes_between[0])
    assert (ran.code, ran.out) == (1, "")
    assert "not known here" in ran.err


def test_an_api_that_is_down_is_said_with_a_cure(tmp_path: Path) -> None:
    file = tmp_path / "november.json"
    file.write_bytes(as_json(observations()))
    with pytest.raises(CannotServe, match="weather up"):
        run("ingest", str(file), url=NOBODY)


def test_a_new_key_opens_what_its_line_says() -> None:
    key, line = run("api-key", "alice", url=NOBODY).splitlines()
    assert line == f"alice:{hashed_key(key)}"


@pytest.mark.parametrize("name", ["bad name", "", "a:b", "été", "a,b"])
def test_a_name_that_the_settings_would_refuse_gets_no_key(weather: Weather, name: str) -> None:
    ran = weather("api-key", name)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"{name!r} cannot be the name of a key.")
