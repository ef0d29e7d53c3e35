"""Documents by station in a collection per kind; `by_station` gives the contract."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from pymongo import DeleteMany, ReplaceOne

from weather_platform.storage.by_station import REVISION, Document, Kind
from weather_platform.storage.curated_mongodb import MongoCurated

_Stored = dict[str, Any]


class MongoByStation:
    """Documents in the database of a `MongoCurated`, over its client."""

    def __init__(self, curated: MongoCurated) -> None:
        self._curated = curated

    def replace(self, kind: Kind[Document], documents: Iterable[Document]) -> int:
        stored: dict[str, _Stored] = {each.station_id: _stored(each) for each in documents}
        changes: list[ReplaceOne[_Stored] | DeleteMany] = [
            ReplaceOne({"_id": station}, document, upsert=True) for station, document in stored.items()
        ]
        with self._curated.translated_errors():
            gone = DeleteMany({"_id": {"$nin": [REVISION, *stored]}})
            mark = ReplaceOne({"_id": REVISION}, {"token": secrets.token_hex(8)}, upsert=True)
            self._curated.database[kind.collection].bulk_write([*changes, gone, mark], ordered=True)
        return len(stored)

    def get(self, kind: Kind[Document], station_id: str) -> Document | None:
        with self._curated.translated_errors():
            found = self._curated.database[kind.collection].find_one({"_id": station_id}, {"_id": 0})
        return None if found is None else msgspec.convert(found, kind.type)

    def revision(self, kind: Kind[Document]) -> str:
        with self._curated.translated_errors():
            mark = self._curated.database[kind.collection].find_one({"_id": REVISION})
        return "" if mark is None else str(mark["token"])


def _stored(document: msgspec.Struct) -> _Stored:
    stored: _Stored = msgspec.to_builtins(document, builtin_types=(datetime,))
    return stored
