"""A graph with an instance of its own, over the embedded stores or over real servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from weather_platform_tests import sample_months
from weather_platform_tests.defs.runs import Graph, graph
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server

THREE_STATIONS = ("07690", "07661", "78890")
"""NICE measures all, CAP CEPET neither temperature nor rain, LA DESIRADE is in the tropics."""


@pytest.fixture
def archive(weather_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001  # first
    """A folder of the monthly archive with two months of three stations, as the source `meteofrance` reads it."""
    folder = tmp_path / "published"
    folder.mkdir()
    for month in ("2023-11", "2023-12"):
        sample_months.write_archive(folder, month, THREE_STATIONS)
    monkeypatch.setenv("WEATHER_ARCHIVE_URL", str(folder))
    return folder


@pytest.fixture
def on_s3(weather_home: Path, s3_server: S3Server, fresh_bucket: str, monkeypatch: pytest.MonkeyPatch) -> S3Server:  # noqa: ARG001
    """The raw store in a bucket."""
    monkeypatch.setenv("WEATHER_RAW_URL", f"s3://{fresh_bucket}/raw")
    monkeypatch.setenv("WEATHER_S3_ENDPOINT_URL", s3_server.endpoint_url)
    monkeypatch.setenv("WEATHER_S3_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("WEATHER_S3_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("WEATHER_S3_REGION", REGION)
    return s3_server


@pytest.fixture
def on_mariadb(weather_home: Path, fresh_mariadb_database: str, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG001
    """The staging store in MariaDB; its address."""
    monkeypatch.setenv("WEATHER_STAGING_URL", fresh_mariadb_database)
    return fresh_mariadb_database


@pytest.fixture
def on_mongodb(weather_home: Path, fresh_mongo_database: str, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG001
    """The curated store in MongoDB; its address."""
    monkeypatch.setenv("WEATHER_CURATED_URL", fresh_mongo_database)
    return fresh_mongo_database


@pytest.fixture(params=["embedded", "servers"])
def stored(request: pytest.FixtureRequest, weather_home: Path) -> str:  # noqa: ARG001
    """Every store without a server, then every store on one."""
    if request.param == "servers":
        for server in ("on_s3", "on_mariadb", "on_mongodb"):
            request.getfixturevalue(server)
    return str(request.param)


@pytest.fixture
def weather(weather_home: Path) -> Iterator[Graph]:  # noqa: ARG001
    """The graph; ask for the stores before it, as it is loaded with what they set."""
    with graph() as loaded:
        yield loaded
