"""The servers of a deployment, as every host of it is told."""

import secrets
from collections.abc import Iterator

import pytest

from weather_platform.runtime.prepare import OWNER, prepare_mysql
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.process import LOOPBACK
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server


@pytest.fixture
def stores_environment(
    mariadb_server: MariaDB, fresh_mongo_database: str, s3_server: S3Server, fresh_bucket: str
) -> Iterator[dict[str, str]]:
    """All three layers, and Dagster's storage."""
    names = {layer: f"test_{secrets.token_hex(6)}" for layer in ("staging", "dagster")}
    urls = {
        layer: f"mysql+pymysql://{name}:a1@{LOOPBACK}:{mariadb_server.port}/{name}?ssl_disabled=true"
        for layer, name in names.items()
    }
    mariadb_server.start()
    prepare_mysql(mariadb_server.url("mysql"), dict.fromkeys(urls.values(), OWNER))
    yield {
        "WEATHER_SOURCE": "sample",
        "WEATHER_FIRST_MONTH": "2023-01",
        "WEATHER_RAW_URL": f"s3://{fresh_bucket}",
        "WEATHER_S3_ENDPOINT_URL": s3_server.endpoint_url,
        "WEATHER_S3_ACCESS_KEY": ACCESS_KEY,
        "WEATHER_S3_SECRET_KEY": SECRET_KEY,
        "WEATHER_S3_REGION": REGION,
        "WEATHER_STAGING_URL": urls["staging"],
        "WEATHER_CURATED_URL": fresh_mongo_database,
        "WEATHER_DAGSTER_STORAGE_URL": urls["dagster"],
    }
    mariadb_server.execute(*(f"DROP DATABASE {name}" for name in names.values()))
    mariadb_server.execute(*(f"DROP USER '{name}'@'%'" for name in names.values()))
