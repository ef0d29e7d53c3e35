"""Blob stores for the tests of this folder: the adapters that must all behave alike."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from weather_platform.settings import S3Settings
from weather_platform.storage.blobs import Blobs, FolderBlobs
from weather_platform.storage.blobs_s3 import S3Blobs, s3_client
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NewBlobs = Callable[[], Blobs]


@pytest.fixture(scope="session")
def s3_settings(s3_server: S3Server) -> S3Settings:
    return S3Settings(endpoint_url=s3_server.endpoint_url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION)


@pytest.fixture(scope="session")
def s3(s3_settings: S3Settings) -> Iterator["S3Client"]:
    """The platform's client (0.2 s to make), whose listings come in pages of two, so that every test turns pages."""
    client = s3_client(s3_settings)
    client.meta.events.register("before-parameter-build.s3.ListObjectsV2", _two_a_page)
    yield client
    client.close()


@pytest.fixture(params=["folder", "bucket", "below a prefix"])
def new_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> NewBlobs:
    """Makes empty stores, a new one a call."""
    if request.param == "folder":
        return lambda: _ready(FolderBlobs(tmp_path / secrets.token_hex(4)))
    request.getfixturevalue("s3_server").start()  # where a test left it stopped
    client = request.getfixturevalue("s3")
    if request.param == "bucket":
        return lambda: _ready(S3Blobs(client, f"weather-{secrets.token_hex(8)}"))
    return lambda: _ready(S3Blobs(client, "weather", f"/below/{secrets.token_hex(8)}/"))


@pytest.fixture
def blobs(new_blobs: NewBlobs) -> Blobs:
    return new_blobs()


def _ready(blobs: Blobs) -> Blobs:
    blobs.ensure()
    return blobs


def _two_a_page(params: dict[str, Any], **_: object) -> None:
    params["MaxKeys"] = 2
