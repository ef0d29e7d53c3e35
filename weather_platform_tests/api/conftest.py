"""APIs for the tests of this folder: on the embedded default alone, and on real servers with Dagster beside them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from weather_platform.settings import Settings
from weather_platform_tests.api.platform import Platform
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.s3 import S3Server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path)


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    """Empty stores, the embedded default, no Dagster."""
    with served(settings) as api:
        yield api


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Two days of NICE and ORLY in November and one in December 2023; for tests that only read."""
    with served(settings_at(tmp_path_factory.mktemp("reading"))) as api:
        api.ingest("/ingest-fast", as_json(observations("2023-11")), "november.json")
        broken = [{**observations("2023-12", days=1)[0], "t": 999.0}, {"numer_sta": "07690"}]
        api.ingest("/ingest-fast", as_json(observations("2023-12", days=1) + broken), "december.json")
        yield api


@pytest.fixture(scope="session")
def platform_on_servers(
    tmp_path_factory: pytest.TempPathFactory, mariadb_server: MariaDB, mongodb_server: MongoDB, s3_server: S3Server
) -> Iterator[Platform]:
    """Dagster's webserver, daemon and worker on MariaDB, mongod and an S3 server."""
    with Platform.started(tmp_path_factory.mktemp("platform"), mariadb_server, mongodb_server, s3_server) as platform:
        yield platform


@pytest.fixture
def platform(platform_on_servers: Platform) -> Platform:
    """The same, every server up, and every store empty."""
    platform_on_servers.revive()
    platform_on_servers.wipe()
    return platform_on_servers
