"""What a run does when a store is down, comes back, stays away, or does not let us in."""

from collections.abc import Callable

import pytest

from weather_platform import names
from weather_platform.defs import failures
from weather_platform.settings import Settings
from weather_platform_tests.defs.runs import Graph, graph
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.s3 import S3Server
from weather_platform_tests.servers.sql import PASSWORD

Server = MariaDB | MongoDB | S3Server
pytestmark = pytest.mark.slow


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Makes waiting short; what a test puts in happens in the next waits, one after another."""
    events: list[Callable[[], None]] = []

    def wait_s(_retry_number: int) -> float:
        if events:
            events.pop(0)()
        return 0.01

    monkeypatch.setattr(failures, "wait_s", wait_s)
    return events


@pytest.mark.parametrize(
    ("store", "server", "step"),
    [
        ("on_s3", "s3_server", names.RAW_OBSERVATIONS),
        ("on_mariadb", "mariadb_server", names.RAW_OBSERVATIONS),
        ("on_mongodb", "mongodb_server", names.WEATHER_STATS),
    ],
)
def test_a_server_that_comes_back_is_only_a_delay(
    request: pytest.FixtureRequest, waits: list[Callable[[], None]], store: str, server: str, step: str
) -> None:
    request.getfixturevalue(store)
    down: Server = request.getfixturevalue(server)
    weather: Graph = request.getfixturevalue("weather")
    down.stop()
    waits.extend([lambda: None, down.start])

    run = weather.load("2023-12", cities=["NICE"])

    assert run.success, run.failures
    assert run.retries == {step: 2}
    assert set(run.materialised) == {(asset, "2023-12") for asset in names.ASSETS}


@pytest.mark.usefixtures("on_mariadb", "waits")
def test_a_lasting_outage_fails_the_run_with_its_cause_and_cure(mariadb_server: MariaDB, weather: Graph) -> None:
    mariadb_server.kill()

    run = weather.load("2023-12", cities=["NICE"])

    assert not run.success
    assert run.retries == {names.RAW_OBSERVATIONS: failures.MAX_RETRIES}
    said = run.failures[names.RAW_OBSERVATIONS]
    assert "Can't connect to MySQL server" in said["cause"]
    assert said["cure"] == "Start the server, or correct WEATHER_STAGING_URL; then run again."
    assert PASSWORD not in said["cause"]


def test_a_wrong_password_fails_at_once_and_is_not_shown(on_mariadb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEATHER_STAGING_URL", on_mariadb.replace(":p%40ss", ":s3cret"))
    assert "s3cret" in Settings.from_environment().staging_url

    with graph() as weather:
        run = weather.load("2023-12", cities=["NICE"])

    assert not run.success
    assert run.retries == {}
    said = run.failures[names.RAW_OBSERVATIONS]
    assert "Access denied" in said["cause"]
    assert said["cure"] == "Correct the user or password in WEATHER_STAGING_URL."
    assert "s3cret" not in str(said)
