"""Which store an address names: the one place that knows every adapter, each imported only where it is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from weather_platform.domain.errors import BadSettings
from weather_platform.settings import S3Settings, Settings
from weather_platform.storage.blobs import Blobs, FolderBlobs
from weather_platform.storage.curated import CuratedStore
from weather_platform.storage.raw import RawStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from weather_platform.storage.staging import StagingStore


def open_blobs(url: str, s3: "S3Settings | Callable[[], S3Client]") -> Blobs:
    """The store of ``s3://bucket/prefix`` or ``file:///folder``; nothing is reached or made yet."""
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        from weather_platform.storage.blobs_s3 import S3Blobs, s3_client

        client = s3_client(s3) if isinstance(s3, S3Settings) else s3()
        return S3Blobs(client, parts.netloc, unquote(parts.path))
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return FolderBlobs(Path(unquote(parts.path)))
    raise BadSettings(f"No blobs can be kept at {url!r}.", "Use s3://bucket/prefix or file:///folder.")


def open_raw(settings: Settings, s3: "Callable[[], S3Client] | None" = None) -> RawStore:
    """The raw store of the settings; nothing is reached or made yet. `s3` makes the client instead of the settings."""
    return RawStore(open_blobs(settings.raw_url, s3 or settings.s3))


def open_staging(settings: Settings, *, read_only: bool = False) -> "StagingStore":
    """The staging store that the settings name; makes its own tables unless it is opened to read only."""
    from weather_platform.storage import databases
    from weather_platform.storage.staging import StagingStore  # SQLAlchemy, half a second

    store = StagingStore(databases.open_engine(settings.staging_url, read_only=read_only), settings.csv_folder)
    if not read_only:
        store.ensure()
    return store


def open_curated(settings: Settings, *, read_only: bool = False) -> CuratedStore:
    """The curated store of the settings; nothing is reached or made yet.

    A `read_only` store never makes the SQLite file: before the first month was loaded, reading raises StoreUnavailable.
    """
    url = settings.curated_url
    if urlsplit(url).scheme == "sqlite":
        from weather_platform.storage.curated_sqlite import SqliteCurated

        return SqliteCurated(Path(url.removeprefix("sqlite:///").partition("?")[0]), read_only=read_only)
    from weather_platform.storage.curated_mongodb import MongoCurated

    return MongoCurated(url)
