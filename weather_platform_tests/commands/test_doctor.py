"""`weather doctor` finds every broken store and setting, with its cure; and no command shows a password."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from weather_platform.sources.due import newest_due
from weather_platform_tests.commands.conftest import Weather
from weather_platform_tests.servers.process import free_port
from weather_platform_tests.servers.s3 import S3Server
from weather_platform_tests.sources.web_server import Answer, serving

SECRET = "s3cret"


pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def no_network(weather_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001  # before ours
    """A source that is asked nowhere, and ports of our own: other services of this machine are not probed."""
    monkeypatch.setenv("WEATHER_SOURCE", "sample")
    for service in ("DAGSTER", "API", "SITE"):
        monkeypatch.setenv(f"WEATHER_{service}_PORT", str(free_port()))


def warnings(weather: Weather) -> dict[str, str]:
    """What is worth knowing, and no reason for an exit code."""
    ran = weather("doctor", "--json")
    assert (ran.code, ran.err) == (0, "")
    return {finding["what"]: finding["says"] for finding in json.loads(ran.out) if finding["warning"]}


def findings(weather: Weather, code: int) -> dict[str, tuple[bool, str]]:
    ran = weather("doctor", "--json")
    assert (ran.code, ran.err) == (code, "")
    assert SECRET not in ran.out
    return {finding["what"]: (finding["ok"], finding["says"]) for finding in json.loads(ran.out)}


def test_all_is_well_with_the_embedded_stores(weather: Weather, weather_home: Path) -> None:
    found = findings(weather, 0)
    assert {what for what, (ok, _) in found.items() if ok} == {
        "home",
        "raw store",
        "staging store",
        "curated store",
        "city CSV files",
        "source",
        "months",
        "broker",
        "Dagster",
        "API",
        "ports",
    }
    assert str(weather_home) in found["home"][1]


def test_a_home_provided_by_a_deployment_needs_its_cache_alone(
    weather: Weather, weather_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in containers, whose file system is read-only but for what is mounted."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    found = findings(weather, 0)
    assert found["home"][1].startswith(f"{weather_home / 'cache'} (")
    (weather_home / "cache").rmdir()
    (weather_home / "cache").write_bytes(b"")  # no folder can be made there
    ok, says = findings(weather, 1)["home"]
    assert not ok
    assert "set WEATHER_HOME elsewhere" in says


def test_people_get_a_line_a_store(weather: Weather, weather_home: Path) -> None:  # noqa: ARG001
    ran = weather("doctor")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == ["ok"] * 11


@pytest.mark.parametrize(
    ("variable", "value", "what", "cure"),
    [
        (
            "WEATHER_STAGING_URL",
            "mysql+pymysql://weather:s3cret@127.0.0.1:{port}/weather",
            "staging store",
            "Start the server, or correct WEATHER_STAGING_URL",
        ),
        (
            "WEATHER_CURATED_URL",
            "mongodb://weather:s3cret@127.0.0.1:{port}/weather",
            "curated store",
            "Start the server, or correct WEATHER_CURATED_URL",
        ),
        ("WEATHER_CURATED_URL", "mongodb://weather:s3cret@127.0.0.1", "curated store", "mongodb://host/database"),
        ("WEATHER_STAGING_URL", "sqlite:////dev/null/staging.sqlite", "staging store", "WEATHER_STAGING_URL"),
        ("WEATHER_CURATED_URL", "sqlite:////dev/null/curated.sqlite", "curated store", "WEATHER_CURATED_URL"),
        ("WEATHER_RAW_URL", "file:///dev/null/raw", "raw store", "WEATHER_RAW_URL"),
        ("WEATHER_CSV_FOLDER", "/dev/null/csv", "city CSV files", "WEATHER_CSV_FOLDER"),
        ("WEATHER_HOME", "/dev/null/home", "home", "WEATHER_HOME"),
    ],
)
def test_what_is_broken_is_found_with_its_cure(
    weather: Weather,
    weather_home: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    what: str,
    cure: str,
) -> None:
    monkeypatch.setenv(variable, value.format(port=free_port()))
    found = findings(weather, 1)
    ok, says = found[what]
    assert not ok
    assert cure in says
    if variable != "WEATHER_HOME":
        assert [name for name, (well, _) in found.items() if not well] == [what]


def test_an_s3_server_that_is_down_is_found(
    weather: Weather,
    weather_home: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEATHER_RAW_URL", "s3://weather/raw")
    monkeypatch.setenv("WEATHER_S3_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("WEATHER_S3_ACCESS_KEY", "weather")
    monkeypatch.setenv("WEATHER_S3_SECRET_KEY", SECRET)
    ok, says = findings(weather, 1)["raw store"]
    assert not ok
    assert "Start the server, or correct WEATHER_S3_ENDPOINT_URL." in says


def test_servers_that_answer_are_well(
    weather: Weather,
    weather_home: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    fresh_mariadb_database: str,
    fresh_mongo_database: str,
    fresh_bucket: str,
    s3_server: S3Server,
) -> None:
    monkeypatch.setenv("WEATHER_STAGING_URL", fresh_mariadb_database)
    monkeypatch.setenv("WEATHER_CURATED_URL", fresh_mongo_database)
    monkeypatch.setenv("WEATHER_RAW_URL", f"s3://{fresh_bucket}/raw")
    monkeypatch.setenv("WEATHER_S3_ENDPOINT_URL", s3_server.endpoint_url)
    monkeypatch.setenv("WEATHER_S3_ACCESS_KEY", "weather")
    monkeypatch.setenv("WEATHER_S3_SECRET_KEY", SECRET)
    found = findings(weather, 0)
    assert "p%40ss" not in str(found)
    assert "***" in found["staging store"][1]

    wrong = fresh_mariadb_database.replace("p%40ss", SECRET)
    monkeypatch.setenv("WEATHER_STAGING_URL", wrong)
    ok, says = findings(weather, 1)["staging store"]
    assert not ok
    assert "Correct the user or password in WEATHER_STAGING_URL." in says


@pytest.mark.parametrize("command", ["doctor", "status"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WEATHER_STAGING_URL", "mysql://weather:s3cret@127.0.0.1/weather"),
        ("WEATHER_STAGING_URL", "mysql+pymysql://weather:s3@cret:s3cret@host:port/weather"),
        ("WEATHER_CURATED_URL", "mongo://weather:s3cret@127.0.0.1/weather"),
        ("WEATHER_RAW_URL", "http://weather:s3cret@127.0.0.1/weather"),
        ("WEATHER_CURATED_URL", "mongodb://weather:s3cret[@127.0.0.1/weather"),
    ],
)
def test_an_address_that_nothing_reads_is_said_without_its_password(
    weather: Weather,
    weather_home: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    variable: str,
    value: str,
) -> None:
    monkeypatch.setenv(variable, value)
    ran = weather(command)
    assert ran.code == 1
    assert variable in ran.out + ran.err
    assert SECRET not in ran.out + ran.err


def test_a_setting_that_is_none_is_said(
    weather: Weather,
    weather_home: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEATHER_SOURCE", "sky")
    ran = weather("doctor")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "WEATHER_SOURCE is 'sky'.\nSet it to one of meteofrance, opendatasoft, sample.\n"


def portal_of(newest: str) -> Answer:
    return Answer(body=json.dumps({"total_count": 1, "results": [{"date": newest}]}).encode())


def test_a_source_whose_newest_observation_is_there_is_well(weather: Weather, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = newest_due(datetime.now(UTC))
    with serving(lambda _: portal_of(newest.isoformat())) as portal:
        monkeypatch.setenv("WEATHER_SOURCE", "opendatasoft")
        monkeypatch.setenv("WEATHER_OPENDATASOFT_URL", portal.url)
        assert findings(weather, 0)["source"] == (
            True,
            f"the newest observation of opendatasoft is of {newest:%Y-%m-%d %H} UTC",
        )


def test_a_source_that_ended_and_still_answers_200_is_a_warning(
    weather: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda _: portal_of("2026-01-15T09:00:00+00:00")) as portal:
        monkeypatch.setenv("WEATHER_SOURCE", "opendatasoft")
        monkeypatch.setenv("WEATHER_OPENDATASOFT_URL", portal.url)
        says = warnings(weather)["source"]
    assert says.startswith("the newest observation of opendatasoft is of 2026-01-15 09 UTC, ")
    assert " was due. Load from another source" in says


@pytest.mark.parametrize(("source", "variable"), [("opendatasoft", "OPENDATASOFT"), ("meteofrance", "ARCHIVE")])
def test_a_source_that_is_out_of_reach_is_a_warning(
    weather: Weather, monkeypatch: pytest.MonkeyPatch, source: str, variable: str
) -> None:
    monkeypatch.setenv("WEATHER_SOURCE", source)
    monkeypatch.setenv(f"WEATHER_{variable}_URL", f"http://127.0.0.1:{free_port()}")
    assert "127.0.0.1 cannot be reached" in warnings(weather)["source"]


def test_an_archive_that_holds_nothing_is_a_warning(weather: Weather, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Answer(status=404)) as moved:
        monkeypatch.setenv("WEATHER_SOURCE", "meteofrance")
        monkeypatch.setenv("WEATHER_ARCHIVE_URL", moved.url)
        assert "meteofrance has no observation" in warnings(weather)["source"]


def test_an_archive_folder_is_looked_for(weather: Weather, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEATHER_SOURCE", "meteofrance")
    monkeypatch.setenv("WEATHER_ARCHIVE_URL", tmp_path.as_uri())
    assert warnings(weather) == {}
    monkeypatch.setenv("WEATHER_ARCHIVE_URL", str(tmp_path / "unmounted"))
    assert f"The archive folder {tmp_path / 'unmounted'} is not there." in warnings(weather)["source"]


def test_who_serves_is_told_from_who_only_listens(weather: Weather, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Answer(body=b'{"status":"alive"}')) as api:
        monkeypatch.setenv("WEATHER_API_URL", api.url)
        assert findings(weather, 0)["API"] == (True, f"answers at {api.url}")
        monkeypatch.setenv("WEATHER_DAGSTER_URL", api.url)
        assert warnings(weather) == {
            "Dagster": f"Another program answers at {api.url}. "
            "Correct WEATHER_DAGSTER_URL, or the port of `weather up`."
        }


def test_a_port_that_is_taken_is_named_with_its_setting(weather: Weather, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Answer()) as other:
        port = other.url.rpartition(":")[2]
        monkeypatch.setenv("WEATHER_SITE_PORT", port)
        says = warnings(weather)["ports"]
    assert says.startswith(f"{port} in use by another program")
    assert "set WEATHER_SITE_PORT to" in says


def test_little_space_is_a_warning(weather: Weather, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weather_platform.commands.doctor.LITTLE_SPACE_BYTES", 10**18)
    assert "little space is left. Free space there" in warnings(weather)["home"]


def test_a_broker_is_tried(weather: Weather, monkeypatch: pytest.MonkeyPatch, redis_url: str) -> None:
    assert findings(weather, 0)["broker"] == (True, "files in WEATHER_HOME")
    monkeypatch.setenv("WEATHER_BROKER_URL", redis_url)
    assert findings(weather, 0)["broker"][1].endswith(" answers")
    monkeypatch.setenv("WEATHER_BROKER_URL", f"redis://:{SECRET}@127.0.0.1:{free_port()}/0")
    ok, says = findings(weather, 1)["broker"]
    assert not ok
    assert says.endswith("Start Redis, or correct WEATHER_BROKER_URL.")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "WEATHER_FIRST_MONTH",
            "abc",
            "WEATHER_FIRST_MONTH is 'abc', which is not a month.\nWrite it as YYYY-MM, for example 2023-12.\n",
        ),
        (
            "WEATHER_DAGSTER_URL",
            "here",
            "WEATHER_DAGSTER_URL is 'here', which no adapter reads.\nUse one of http://…, https://….\n",
        ),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(
    weather: Weather, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    ran = weather("status")
    assert (ran.code, ran.out, ran.err) == (1, "", said)


@pytest.mark.parametrize(("source", "name"), [("opendatasoft", "OPENDATASOFT"), ("meteofrance", "ARCHIVE")])
@pytest.mark.parametrize("address", ["ftp://here/there", "https://", "http://[here"])
def test_an_address_of_a_source_that_is_none_is_named_with_its_setting(
    weather: Weather, monkeypatch: pytest.MonkeyPatch, source: str, name: str, address: str
) -> None:
    monkeypatch.setenv("WEATHER_SOURCE", source)
    monkeypatch.setenv(f"WEATHER_{name}_URL", address)
    ok, says = findings(weather, 1)["source"]
    assert not ok
    assert f"WEATHER_{name}_URL" in says
    assert repr(address) in says
