"""The stores as the API holds them: each opened by the first request that needs it, again where that failed.

The API starts, and reads what can be read, whatever else is down.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from weather_platform.pipeline import Stores
from weather_platform.settings import Settings
from weather_platform.storage.curated import CuratedStore
from weather_platform.storage.opening import open_curated, open_raw, open_staging
from weather_platform.storage.raw import RawStore

if TYPE_CHECKING:
    from weather_platform.storage.receipts import ReceiptStore
    from weather_platform.storage.staging import StagingStore

Opened = TypeVar("Opened")


class Layers:
    """Raw, staging and curated store, and the receipts beside them. May be shared by threads."""

    def __init__(self, settings: Settings, *, read_only: bool = False) -> None:
        self._settings = settings
        self._read_only = read_only
        self._lock = threading.RLock()
        self._opened: dict[str, object] = {}

    @property
    def raw(self) -> RawStore:
        return self._once("raw", self._open_raw)

    @property
    def staging(self) -> "StagingStore":
        return self._once("staging", self._open_staging)

    @property
    def curated(self) -> CuratedStore:
        return self._once("curated", lambda: open_curated(self._settings, read_only=self._read_only))

    @property
    def receipts(self) -> "ReceiptStore":
        return self._once("receipts", self._open_receipts)

    @property
    def stores(self) -> Stores:
        """All three, ready to write."""
        return Stores(self.raw, self.staging, self.curated)

    def close(self) -> None:
        """Let go of connections."""
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
        raw = open_raw(self._settings)
        raw.blobs.ensure()
        return raw

    def _open_staging(self) -> "StagingStore":
        return open_staging(self._settings, read_only=self._read_only)

    def _open_receipts(self) -> "ReceiptStore":
        from weather_platform.storage.receipts import ReceiptStore

        receipts = ReceiptStore(self.staging.engine)
        receipts.ensure()
        return receipts
