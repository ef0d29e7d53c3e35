"""Documents by station in a collection per kind; `by_station` gives the contract."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from pymongo import DeleteMany, ReplaceOne
from pymongo.client_session import ClientSession

from weather_platform.storage.by_station import REVISION, Document, Kind
from weather_platform.storage.curated_mongodb import MongoCurated
from weather_platform.storage.marks_mongodb import mark

_AT_ONCE = 20
"""Documents of one transaction: all references of a station are 0.18 MB."""
_Stored = dict[str, Any]
_Step = ReplaceOne[_Stored] | DeleteMany


class MongoByStation:
    """Documents in the database of a `MongoCurated`, over its client."""

    def __init__(self, curated: MongoCurated) -> None:
        self._curated = curated

    def replace(self, kind: Kind[Document], documents: Iterable[Document]) -> int:
        kept: list[str] = []
        left = iter(documents)
        while some := list(islice(left, _AT_ONCE)):
            kept += (each.station_id for each in some)
            self._write(kind, [ReplaceOne({"_id": each.station_id}, _stored(each), upsert=True) for each in some])
        self._write(kind, [DeleteMany({"_id": {"$nin": [REVISION, *kept]}})])
        return len(kept)

    def _write(self, kind: Kind[Document], steps: Sequence[_Step]) -> None:
        """With a new revision each time, so that killed in between it has told what it changed."""
        renewed = ReplaceOne({"_id": REVISION}, {"token": secrets.token_hex(8)}, upsert=True)

        def at_once(session: ClientSession) -> None:
            self._curated.database[kind.collection].bulk_write([*steps, renewed], ordered=True, session=session)
            mark(self._curated.database, session)

        self._curated.changing(at_once)

    def get(self, kind: Kind[Document], station_id: str) -> Document | None:
        with self._curated.translated_errors():
            found = self._curated.database[kind.collection].find_one({"_id": station_id}, {"_id": 0})
        return None if found is None else msgspec.convert(found, kind.type)

    def revision(self, kind: Kind[Document]) -> str:
        with self._curated.translated_errors():
            found = self._curated.database[kind.collection].find_one({"_id": REVISION})
        return "" if found is None else str(found["token"])


def _stored(document: msgspec.Struct) -> _Stored:
    stored: _Stored = msgspec.to_builtins(document, builtin_types=(datetime,))
    return stored
