"""Documents by station as JSON in the SQLite file of the daily documents; `by_station` gives the contract."""

import secrets
from collections.abc import Iterable

import msgspec

from weather_platform.storage.by_station import REVISION, Document, Kind
from weather_platform.storage.curated_sqlite import SqliteCurated


class SqliteByStation:
    """Documents in the file that a `SqliteCurated` opens."""

    def __init__(self, curated: SqliteCurated) -> None:
        self._curated = curated

    def replace(self, kind: Kind[Document], documents: Iterable[Document]) -> int:
        rows = [(kind.collection, each.station_id, msgspec.json.encode(each).decode()) for each in documents]
        insert = "INSERT INTO station_documents (kind, station_id, doc) VALUES (?, ?, ?)"
        with self._curated.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM station_documents WHERE kind = ?", [kind.collection])
            connection.executemany(insert, rows)
            connection.execute(insert, [kind.collection, REVISION, secrets.token_hex(8)])
            connection.execute("COMMIT")
        return len(rows)

    def get(self, kind: Kind[Document], station_id: str) -> Document | None:
        found = self._doc(kind, station_id)
        return msgspec.json.decode(found, type=kind.type) if found else None

    def revision(self, kind: Kind[Document]) -> str:
        return self._doc(kind, REVISION)

    def _doc(self, kind: Kind[Document], key: str) -> str:
        query = "SELECT doc FROM station_documents WHERE kind = ? AND station_id = ?"
        return "".join(doc for (doc,) in self._curated.all(query, kind.collection, key))
