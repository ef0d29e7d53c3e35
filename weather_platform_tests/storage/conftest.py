"""Blob stores and staging databases for the tests of this folder: the adapters that must all behave alike."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from weather_platform.settings import S3Settings
from weather_platform.storage.blobs import Blobs, FolderBlobs
from weather_platform.storage.blobs_s3 import S3Blobs, s3_client
from weather_platform.storage.databases import open_engine
from weather_platform.storage.staging import StagingStore
from weather_platform_tests.servers.rclone import Rclone
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NewBlobs = Callable[[], Blobs]
NewStaging = Callable[[], StagingStore]
DATABASES = ["SQLite", "MariaDB", "MySQL"]


@pytest.fixture(scope="session")
def s3_settings(s3_server: S3Server) -> S3Settings:
    return S3Settings(endpoint_url=s3_server.endpoint_url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION)


@pytest.fixture(scope="session")
def s3(s3_settings: S3Settings) -> Iterator["S3Client"]:
    """The platform's client (0.2 s to make), whose listings come in pages of two, so that every test turns pages."""
    with _two_a_page_client(s3_settings) as client:
        yield client


@contextmanager
def _two_a_page_client(settings: S3Settings) -> Iterator["S3Client"]:
    client = s3_client(settings)
    client.meta.events.register("before-parameter-build.s3.ListObjectsV2", _two_a_page)
    yield client
    client.close()


WITH_CONDITIONS = ["folder", "bucket", "below a prefix"]
"""Stores that know conditional writes; rclone does not."""
OTHER_S3 = os.environ.get("WEATHER_TEST_S3_ENDPOINT_URL")
"""Another server that shall keep the contract, with the keys of `servers.s3`.

LocalStack 4.14.0 does but for one: between pages, which the tests make of two keys, it sorts by the escaped name, and
so skips one with an accent.
"""


@pytest.fixture(params=[*WITH_CONDITIONS, "rclone", *(["another"] if OTHER_S3 else [])])
def new_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewBlobs]:
    """Makes empty stores, a new one a call."""
    with ExitStack() as stack:
        yield _new_blobs(request, tmp_path, stack)


@pytest.fixture(params=[*WITH_CONDITIONS, *(["another"] if OTHER_S3 else [])])
def conditional_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    """An empty store that knows conditional writes."""
    with ExitStack() as stack:
        yield _new_blobs(request, tmp_path, stack)()


def _new_blobs(request: pytest.FixtureRequest, tmp_path: Path, stack: ExitStack) -> NewBlobs:
    if request.param == "folder":
        return lambda: _ready(FolderBlobs(tmp_path / secrets.token_hex(4)))
    if request.param in ("rclone", "another"):
        endpoint_url = OTHER_S3
        if request.param == "rclone":
            server: Rclone = request.getfixturevalue("rclone_server")
            server.start()
            endpoint_url = server.endpoint_url
        settings = S3Settings(endpoint_url=endpoint_url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION)
        other = stack.enter_context(_two_a_page_client(settings))
        return lambda: _ready(S3Blobs(other, f"weather-{secrets.token_hex(8)}"))
    request.getfixturevalue("s3_server").start()  # where a test left it stopped
    client = request.getfixturevalue("s3")
    if request.param == "bucket":
        return lambda: _ready(S3Blobs(client, f"weather-{secrets.token_hex(8)}"))
    return lambda: _ready(S3Blobs(client, "weather", f"/below/{secrets.token_hex(8)}/"))


@pytest.fixture
def blobs(new_blobs: NewBlobs) -> Blobs:
    return new_blobs()


@pytest.fixture(params=DATABASES)
def staging_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    with _database(request, tmp_path) as url:
        yield url


@pytest.fixture
def new_staging(staging_url: str, tmp_path: Path) -> Iterator[NewStaging]:
    """Opens the store again at each call, as another process would; all share the city files."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(opened(staging_url, tmp_path / "csv"))


@pytest.fixture
def staging(new_staging: NewStaging) -> StagingStore:
    """An empty staging store."""
    return new_staging()


@pytest.fixture(scope="module", params=DATABASES)
def module_staging(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagingStore]:
    """One staging store for all tests of a module, which replace its months or only read."""
    folder = tmp_path_factory.mktemp("staging")
    with _database(request, folder) as url, opened(url, folder / "csv") as store:
        yield store


@contextmanager
def opened(url: str, csv_folder: Path) -> Iterator[StagingStore]:
    """The staging store of an address, its tables made."""
    store = StagingStore(open_engine(url), csv_folder)
    store.ensure()
    yield store
    store.engine.dispose()


@contextmanager
def _database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "SQLite":
        yield f"sqlite:///{folder / 'staging.sqlite'}"
    else:
        with request.getfixturevalue(f"{request.param.lower()}_server").fresh_database() as url:
            yield url


def _ready(blobs: Blobs) -> Blobs:
    blobs.ensure()
    return blobs


def _two_a_page(params: dict[str, Any], **_: object) -> None:
    params["MaxKeys"] = 2
