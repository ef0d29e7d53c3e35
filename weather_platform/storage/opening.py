"""Opens the stores named by the settings; only this module knows every adapter, and imports each on demand."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

from weather_platform.domain.errors import BadSettings, NothingStored, StoreUnavailable
from weather_platform.domain.station_list import known_stations
from weather_platform.domain.stations import Station
from weather_platform.settings import S3Settings, Settings
from weather_platform.storage.blobs import Blobs, FolderBlobs
from weather_platform.storage.changes import SqliteChanges, file_token
from weather_platform.storage.curated import CuratedStore
from weather_platform.storage.raw import RawStore
from weather_platform.storage.station_lists import listed_stations

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from weather_platform.storage.by_station import ByStation
    from weather_platform.storage.curated_mongodb import MongoCurated
    from weather_platform.storage.marks import SqlMarks
    from weather_platform.storage.monthly import MonthlyStore
    from weather_platform.storage.receipts import ReceiptStore
    from weather_platform.storage.staging import StagingStore

Opened = TypeVar("Opened")
_LIST_STANDS_S = 60.0
_BESIDE_DOWNLOADS = 32
"""Connections to staging beyond one for each download of the API; one of them is kept by looks for changes."""


class Stores:
    """Raw, staging and curated store and the receipts, each opened at first use.

    If opening fails, the next use tries again, so an API starts and serves what it can while a store is down. May be
    shared by threads. `read_only` creates nothing and needs no right to write; reading an empty home raises
    NothingStored.
    """

    def __init__(
        self, settings: Settings, *, read_only: bool = False, s3: "Callable[[], S3Client] | None" = None
    ) -> None:
        self.settings = settings
        self._read_only = read_only
        self._s3 = s3
        self._lock = threading.RLock()
        self._opened: dict[str, object] = {}
        self._listed: tuple[float | None, dict[str, Station]] = None, {}
        """When the published list of stations was last read, and what it said."""

    @property
    def raw(self) -> RawStore:
        return self._once("raw", self._open_raw)

    @property
    def staging(self) -> "StagingStore":
        return self._once("staging", lambda: open_staging(self.settings, read_only=self._read_only))

    @property
    def curated(self) -> CuratedStore:
        return self._once("curated", lambda: open_curated(self.settings, read_only=self._read_only))

    @property
    def monthly(self) -> "MonthlyStore":
        """The monthly sheets, where the daily documents are."""
        return self._once("monthly", lambda: open_monthly(self.curated))

    @property
    def by_station(self) -> "ByStation":
        """References and official normals, where the monthly sheets are."""
        return self._once("by_station", lambda: open_by_station(self.curated))

    @property
    def receipts(self) -> "ReceiptStore":
        return self._once("receipts", self._open_receipts)

    def stations(self) -> dict[str, Station]:
        """The known stations (`station_list.known_stations`); works on an empty home too.

        The published list is read once a minute; while the raw store does not answer, the last one read counts.
        """
        stored: dict[str, Station] = {}
        with suppress(NothingStored):
            stored = self.staging.stations()
        return known_stations(self._listed_stations(), stored)

    def _listed_stations(self) -> dict[str, Station]:
        with self._lock:
            read, listed = self._listed
            if read is None or time.monotonic() - read > _LIST_STANDS_S:
                with suppress(StoreUnavailable):
                    listed = listed_stations(self.raw.blobs)
                self._listed = time.monotonic(), listed
            return listed

    def token(self) -> str:
        """A text that changes whenever anything changes that readers see: in staging, beside it or in curated.

        Costs some 50 µs on SQLite files, a small read per store on servers, however much is stored. Raises the errors
        of the stores, and OSError or sqlite3.Error for a missing file.
        """
        staging, curated = self.settings.staging_url, self.settings.curated_url
        told = [
            self._changes_of(staging) if _is_file(staging) else self._changes_of_staging(),
            self._changes_of(curated) if _is_file(curated) else self._changes_of_curated(),
        ]
        return "|".join([*told, file_token(self.settings.qc_overrides)])

    def _changes_of(self, url: str) -> str:
        path = _path_of(url)
        return self._once(f"changes of {path}", partial(SqliteChanges, path)).token()

    def _changes_of_staging(self) -> str:
        token = self._marks.token()
        return token or f"{self.staging.revision()} {self.staging.flagging.revision()}"

    @property
    def _marks(self) -> "SqlMarks":
        from weather_platform.storage.marks import SqlMarks

        return self._once("marks", lambda: SqlMarks(self.staging.engine))

    def _changes_of_curated(self) -> str:
        token = _mongo(self.curated).marks_token()
        return token or f"{self.curated.revision()} {self.monthly.revision()}"

    def close(self) -> None:
        """Close connections; the stores may be used again."""
        with self._lock:
            for name, opened in list(self._opened.items()):
                if isinstance(opened, SqliteChanges):
                    opened.close()
                    del self._opened[name]
            if "marks" in self._opened:
                self._marks.close()
            if "staging" in self._opened:
                self.staging.engine.dispose()
            if "curated" in self._opened:
                self.curated.close()

    def _once(self, name: str, make: Callable[[], Opened]) -> Opened:
        with self._lock:
            if name not in self._opened:
                self._opened[name] = make()
            return self._opened[name]  # type: ignore[return-value]  # what `make` made

    def _open_raw(self) -> RawStore:
        raw = open_raw(self.settings, self._s3)
        if not self._read_only:
            raw.blobs.ensure()
        return raw

    def _open_receipts(self) -> "ReceiptStore":
        from weather_platform.storage.receipts import ReceiptStore

        return ReceiptStore(self.staging.engine)


def open_stores(settings: Settings) -> Stores:
    """All three stores, opened and ready for writing."""
    stores = Stores(settings)
    _ = stores.raw, stores.staging, stores.curated
    return stores


def open_blobs(url: str, s3: "S3Settings | Callable[[], S3Client]") -> Blobs:
    """The store of ``s3://bucket/prefix`` or ``file:///folder``; does not connect or create anything yet."""
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        from weather_platform.storage.blobs_s3 import S3Blobs, s3_client

        client = s3_client(s3) if isinstance(s3, S3Settings) else s3()
        return S3Blobs(client, parts.netloc, unquote(parts.path))
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return FolderBlobs(Path(unquote(parts.path)))
    raise BadSettings(f"No blobs can be kept at {url!r}.", "Use s3://bucket/prefix or file:///folder.")


def open_raw(settings: Settings, s3: "Callable[[], S3Client] | None" = None) -> RawStore:
    """The raw store of the settings; does not connect or create anything yet. `s3` replaces the settings' client."""
    return RawStore(open_blobs(settings.raw_url, s3 or settings.s3))


def open_staging(settings: Settings, *, read_only: bool = False) -> "StagingStore":
    """The staging store of the settings; creates its tables unless opened read-only."""
    if not _is_file(settings.staging_url):
        _check_driver("MySQL", "pymysql")
    from weather_platform.storage import databases
    from weather_platform.storage.staging import StagingStore  # SQLAlchemy, half a second

    connections = settings.api.streams + _BESIDE_DOWNLOADS
    engine = databases.open_engine(settings.staging_url, read_only=read_only, connections=connections)
    store = StagingStore(engine, settings.csv_folder, settings.qc_overrides)
    if not read_only:
        store.ensure()
    return store


def open_curated(settings: Settings, *, read_only: bool = False) -> CuratedStore:
    """The curated store of the settings; does not connect or create anything yet.

    A `read_only` store never creates the SQLite file: reading before the first load raises NothingStored.
    """
    url = settings.curated_url
    if _is_file(url):
        from weather_platform.storage.curated_sqlite import SqliteCurated

        return SqliteCurated(_path_of(url), read_only=read_only)
    _check_driver("MongoDB", "pymongo")
    from weather_platform.storage.curated_mongodb import MongoCurated

    return MongoCurated(url)


def open_monthly(curated: CuratedStore) -> "MonthlyStore":
    """The monthly sheets beside a curated store, over its connections."""
    from weather_platform.storage.curated_sqlite import SqliteCurated

    if isinstance(curated, SqliteCurated):
        from weather_platform.storage.monthly_sqlite import SqliteMonthly

        return SqliteMonthly(curated)
    from weather_platform.storage.monthly_mongodb import MongoMonthly

    return MongoMonthly(_mongo(curated))


def _is_file(url: str) -> bool:
    return urlsplit(url).scheme == "sqlite"


def _path_of(url: str) -> Path:
    """The file of ``sqlite:///file``, a plain path without escapes."""
    return Path(url.removeprefix("sqlite:///").partition("?")[0]).expanduser().resolve()


def open_by_station(curated: CuratedStore) -> "ByStation":
    """References and normals beside a curated store, over its connections."""
    from weather_platform.storage.curated_sqlite import SqliteCurated

    if isinstance(curated, SqliteCurated):
        from weather_platform.storage.by_station_sqlite import SqliteByStation

        return SqliteByStation(curated)
    from weather_platform.storage.by_station_mongodb import MongoByStation

    return MongoByStation(_mongo(curated))


def _mongo(curated: CuratedStore) -> "MongoCurated":
    from weather_platform.storage.curated_mongodb import MongoCurated

    assert isinstance(curated, MongoCurated)  # noqa: S101  # the other adapter
    return curated


def _check_driver(server: str, module: str) -> None:
    """Raise BadSettings if the driver of a configured server is not installed."""
    if find_spec(module) is None:
        raise BadSettings(
            f"The settings name {server}, whose driver {module} is not installed.",
            "Run: pip install 'weather-platform[servers]'.",
        )
