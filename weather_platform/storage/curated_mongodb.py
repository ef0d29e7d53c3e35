"""Daily documents in MongoDB's collection `WeatherStats`; `curated.CuratedStore` gives the contract."""

import itertools
import os
import secrets
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any

from pymongo import ASCENDING, DESCENDING, MongoClient, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, ConfigurationError, InvalidURI, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from weather_platform.domain.errors import BadSettings, StoreRefused, StoreUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.domain.weather_stats import Document
from weather_platform.storage.curated import (
    NO_REVISION,
    Coverage,
    Days,
    Difference,
    Replaced,
    StoredCity,
    by_id,
    checked_fields,
    checked_limit,
    difference,
    document_position,
    event_position,
    months_of,
    no_document,
    overall_revision,
)

COLLECTION = "WeatherStats"
_REVISIONS = "_revisions"
_COUNTS = [("observations", ASCENDING), ("expected", ASCENDING)]
"""Make `coverage` answer from the index alone."""
_INDEXES = {
    "by_day": [("date", ASCENDING), ("station_id", ASCENDING), *_COUNTS],
    "by_city": [("city", ASCENDING), ("date", ASCENDING)],
    "by_station": [("station_id", ASCENDING), ("date", ASCENDING), *_COUNTS],
}
_TIMEOUTS = {"serverSelectionTimeoutMS": 2_000, "connectTimeoutMS": 2_000, "socketTimeoutMS": 90_000}
_APP_NAME = "weather-platform"
_ABANDONED_AFTER_S = 3
"""Our transactions wait for nothing between commands: one that is idle for so long has lost its process."""
_NOT_LET_IN = (13, 18, 8000)  # Unauthorized, AuthenticationFailed, Atlas' own
_DUPLICATE_KEY = 11_000
_DISK_FULL = 14_031


class MongoCurated:
    """Documents in the database that the address names.

    The client is made at the first call, and again in a forked process. Whether the server has transactions (a replica
    set, or a cluster) is asked once.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._client: MongoClient[Document] | None = None
        self._client_pid = 0
        self._opening = threading.Lock()
        self._ensured = False
        self._has_transactions: bool | None = None

    def __repr__(self) -> str:
        return f"MongoCurated({self._where()!r})"

    def ensure(self) -> None:
        with self._explained():
            for name, keys in _INDEXES.items():
                self._documents.create_index(keys, name=name)
            self._ensured = True

    def ping(self) -> None:
        with self._explained():
            self._documents.find_one({}, {"_id": 1})

    def close(self) -> None:
        with self._opening:
            if self._client is not None and self._client_pid == os.getpid():
                self._client.close()
            self._client = None

    def replace(self, days: Days, documents: Iterable[Document]) -> Replaced:
        produced = by_id(days, documents)
        if not self._ensured:
            self.ensure()
        with self._explained():
            if not self._transactions():
                return self._replace_in_order(days, produced)
            attempts = itertools.count()

            def at_once(session: ClientSession) -> Replaced:
                if next(attempts) > 0:  # somebody is in the way
                    self._end_abandoned_transactions()
                return self._replace_at_once(days, produced, session)

            with self._database.client.start_session() as session:
                return session.with_transaction(
                    at_once,
                    read_concern=ReadConcern("snapshot"),
                    write_concern=WriteConcern("majority"),
                )

    def _replace_at_once(self, days: Days, produced: dict[str, Document], session: ClientSession) -> Replaced:
        diff = difference(self._stored(days, session), produced)
        if not diff.is_empty:
            # First, so that of two transactions on a month the later one starts again before it wrote anything.
            self._mark(days, session)
            self._write(diff, session)
        return diff.counts()

    def _end_abandoned_transactions(self) -> None:
        """The server itself lets a killed process block its month for up to 90 s (measured)."""
        admin = self._database.client.admin
        abandoned = {
            "type": "idleSession",
            "appName": _APP_NAME,
            "transaction.timeInactiveMicros": {"$gte": _ABANDONED_AFTER_S * 1_000_000},
        }
        idle = admin.aggregate([{"$currentOp": {"idleSessions": True}}, {"$match": abandoned}])
        if sessions := [{"id": op["lsid"]["id"]} for op in idle]:
            admin.command("killSessions", sessions)

    def _replace_in_order(self, days: Days, produced: dict[str, Document]) -> Replaced:
        """Without a transaction: a mark that stays when we are killed tells the next call that revisions are stale."""
        diff = difference(self._stored(days), produced)
        if not diff.is_empty or self._is_unfinished(days):
            self._mark(days, unfinished=True)
            self._write(diff)
            self._mark(days)
        return diff.counts()

    def _stored(self, days: Days, session: ClientSession | None = None) -> dict[str, str]:
        stored = self._documents.find(_selection(None, *days), {"provenance.revision": 1}, session=session)
        return {doc["_id"]: doc["provenance"]["revision"] for doc in stored}

    def _write(self, diff: Difference, session: ClientSession | None = None) -> None:
        if diff.new:
            self._insert(diff.new, session)
        if diff.altered:
            self._upsert(diff.altered, session)
        if diff.gone:
            self._documents.delete_many({"_id": {"$in": diff.gone}}, session=session)

    def _insert(self, documents: list[Document], session: ClientSession | None) -> None:
        """Inserting takes a quarter of the time that replacing does."""
        try:
            self._documents.insert_many(documents, ordered=False, session=session)
        except BulkWriteError as error:
            # Without a transaction another process may have inserted some since we looked.
            if session is not None or any(e["code"] != _DUPLICATE_KEY for e in error.details["writeErrors"]):
                raise
            self._upsert(documents, session)

    def _upsert(self, documents: list[Document], session: ClientSession | None) -> None:
        replacements = [ReplaceOne({"_id": doc["_id"]}, doc, upsert=True) for doc in documents]
        self._documents.bulk_write(replacements, ordered=False, session=session)

    def _mark(self, days: Days, session: ClientSession | None = None, *, unfinished: bool = False) -> None:
        for month in months_of(days):
            mark = {"token": secrets.token_hex(8), "unfinished": unfinished}
            self._revisions.update_one({"_id": str(month)}, {"$set": mark}, upsert=True, session=session)

    def _is_unfinished(self, days: Days) -> bool:
        months = [str(month) for month in months_of(days)]
        return self._revisions.find_one({"_id": {"$in": months}, "unfinished": True}) is not None

    def get(self, document_id: str) -> Document:
        with self._explained():
            doc = self._documents.find_one({"_id": {"$eq": document_id}})
        if doc is None:
            raise no_document(document_id)
        return doc

    def find(
        self,
        *,
        stations: Collection[str] | None = None,
        first: date | None = None,
        last: date | None = None,
        fields: Collection[str] | None = None,
        after: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Document]:
        order, beyond = (DESCENDING, "$lt") if newest_first else (ASCENDING, "$gt")
        condition = _selection(stations, first, last)
        if after is not None:
            position = zip(("date", "station_id"), document_position(after), strict=True)
            condition["$or"] = _beyond(beyond, dict(position))
        kept = None if fields is None else dict.fromkeys(["_id", *checked_fields(fields)], 1)
        cursor = self._documents.find(condition, kept, sort=[("date", order), ("station_id", order)])
        return self._each(cursor.limit(checked_limit(limit) or 0))

    def events(
        self,
        *,
        types: Collection[str] | None = None,
        stations: Collection[str] | None = None,
        first: date | None = None,
        last: date | None = None,
        at_least: float | None = None,
        after: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Document]:
        order, beyond = (DESCENDING, "$lt") if newest_first else (ASCENDING, "$gt")
        condition = _selection(stations, first, last)
        wanted: dict[str, Any] = {}
        if types is not None:
            wanted["event.type"] = {"$in": sorted(types)}
        if at_least is not None:
            wanted["event.value"] = {"$gte": at_least}
        if after is not None:
            position = zip(("date", "station_id", "event.type"), event_position(after), strict=True)
            wanted["$or"] = _beyond(beyond, dict(position))
        city = dict.fromkeys(("city", "slug", "station_id", "period", "date"), 1)
        pipeline: list[dict[str, Any]] = [
            {"$match": {**condition, "extreme_events.0": {"$exists": True}}},
            {"$project": {**city, "event": "$extreme_events"}},
            {"$unwind": "$event"},
            {"$match": wanted},
            {"$sort": {"date": order, "station_id": order, "event.type": order}},
            *([] if checked_limit(limit) is None else [{"$limit": limit}]),
        ]
        with self._explained():
            cursor = self._documents.aggregate(pipeline)
        return (_event(found) for found in self._each(cursor))

    def cities(self) -> list[StoredCity]:
        by_station: list[dict[str, Any]] = [
            {"$sort": {"station_id": 1, "date": 1}},
            {
                "$group": {
                    "_id": "$station_id",
                    "documents": {"$sum": 1},
                    "first": {"$first": "$date"},
                    "last": {"$last": "$date"},
                }
            },
        ]
        with self._explained():
            counted = {row["_id"]: row for row in self._documents.aggregate(by_station)}
            newest = [f"{row['_id']}:{row['last'].date()}" for row in counted.values()]
            named = self._documents.find(
                {"_id": {"$in": newest}}, {"station_id": 1, "slug": 1, "city": 1}, sort=["slug"]
            )
            return [_city(doc, counted[doc["station_id"]]) for doc in named]

    def days(self) -> Days | None:
        with self._explained():
            ends = [
                self._documents.find_one({}, {"date": 1, "_id": 0}, sort=[("date", order)])
                for order in (ASCENDING, DESCENDING)
            ]
        first, last = ends
        return None if first is None or last is None else (first["date"].date(), last["date"].date())

    def dates(self, stations: Collection[str] | None = None) -> list[date]:
        with self._explained():
            found = self._documents.distinct("date", _selection(stations, None, None))
        return sorted(moment.date() for moment in found)

    def coverage(self, first: date | None = None, last: date | None = None) -> list[Coverage]:
        with self._explained():
            return [_coverage(row) for row in self._documents.aggregate(coverage_pipeline(first, last))]

    def revision(self) -> str:
        with self._explained():
            return overall_revision(mark["token"] for mark in self._revisions.find({}, {"token": 1}))

    def month_revision(self, month: Month) -> str:
        with self._explained():
            mark = self._revisions.find_one({"_id": str(month)}, {"token": 1})
        return NO_REVISION if mark is None else str(mark["token"])

    def _each(self, cursor: Iterable[Document]) -> Iterator[Document]:
        with self._explained():
            yield from cursor

    @property
    def _database(self) -> Database[Document]:
        with self._opening:
            if self._client is None or self._client_pid != os.getpid():
                self._client, self._client_pid = _client(self.url), os.getpid()
            return self._client.get_default_database()

    @property
    def _documents(self) -> MongoCollection[Document]:
        return self._database[COLLECTION]

    @property
    def _revisions(self) -> MongoCollection[Document]:
        return self._database[_REVISIONS]

    def _transactions(self) -> bool:
        if self._has_transactions is None:
            hello = self._database.client.admin.command("hello")
            self._has_transactions = "setName" in hello or hello.get("msg") == "isdbgrid"
        return self._has_transactions

    def _where(self) -> str:
        return self.url.rpartition("@")[2].partition("?")[0].removeprefix("mongodb://")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what went wrong with the server so that a person knows what to do."""
        try:
            yield
        except PyMongoError as error:
            raise self._explanation(error) from error

    def _explanation(self, error: PyMongoError) -> WeatherError:
        where = f"MongoDB at {self._where()}"
        if isinstance(error, ConfigurationError | InvalidURI):
            return BadSettings(
                f"The address of MongoDB cannot be used: {error}.",
                "Write WEATHER_CURATED_URL as mongodb://host/database.",
            )
        code = error.code if isinstance(error, OperationFailure) else None
        # Once it was refused, the driver takes the server for one that is down, and tells why in the text alone.
        if code in _NOT_LET_IN or "AuthenticationFailed" in str(error):
            return StoreRefused(
                f"{where} does not let us in ({str(error).partition(', full error')[0]}).",
                "Correct the user and password in WEATHER_CURATED_URL, or grant readWrite on the database.",
            )
        if isinstance(error, OperationFailure):
            cure = "Free space on the server's disk" if code == _DISK_FULL else "Look at the server and its log"
            return StoreUnavailable(f"{where} answers: {error}.", f"{cure}, then run again.")
        return StoreUnavailable(
            f"{where} does not answer: {str(error).partition(', Timeout')[0]}.",
            "Start the server, or correct WEATHER_CURATED_URL; then run again.",
        )


def coverage_pipeline(first: date | None, last: date | None) -> list[dict[str, Any]]:
    """Counts by station and month; reads no document, and no index entry of other days (`by_day`)."""
    by_index: dict[str, Any] = {"date": 1} if first or last else {"station_id": 1, "date": 1}
    return [
        {"$match": _selection(None, first, last)},
        {"$sort": by_index},  # makes it read an index, not the documents
        {
            "$group": {
                "_id": {"station_id": "$station_id", "year": {"$year": "$date"}, "month": {"$month": "$date"}},
                "documents": {"$sum": 1},
                "observations": {"$sum": "$observations"},
                "expected": {"$sum": "$expected"},
            }
        },
        {"$sort": {"_id.station_id": 1, "_id.year": 1, "_id.month": 1}},
    ]


def _client(url: str) -> MongoClient[Document]:
    ours: dict[str, Any] = {name: value for name, value in _TIMEOUTS.items() if name.lower() not in url.lower()}
    try:
        client = MongoClient[Document](url, tz_aware=True, tzinfo=UTC, connect=False, appname=_APP_NAME, **ours)
    except ValueError as error:  # pymongo's own for some addresses it cannot read
        raise InvalidURI(str(error)) from error
    try:
        client.get_default_database()
    except ConfigurationError:
        client.close()
        raise
    return client


def _selection(stations: Collection[str] | None, first: date | None, last: date | None) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    if stations is not None:
        condition["station_id"] = {"$in": sorted(stations)}
    bounds = {"$gte": first, "$lte": last}
    if first is not None or last is not None:
        condition["date"] = {op: datetime.combine(day, time(), UTC) for op, day in bounds.items() if day is not None}
    return condition


def _beyond(operator: str, position: dict[str, Any]) -> list[dict[str, Any]]:
    """What sorts beyond the position, field by field: a, or the same a and beyond in b, and so on."""
    names = list(position)
    return [
        {**{same: position[same] for same in names[:n]}, name: {operator: position[name]}}
        for n, name in enumerate(names)
    ]


def _event(found: Document) -> Document:
    event = found.pop("event")
    return {**found, "_id": f"{found['_id']}:{event['type']}", **event}


def _city(doc: Document, counted: Document) -> StoredCity:
    return StoredCity(
        station_id=doc["station_id"],
        slug=doc["slug"],
        city=doc["city"],
        documents=counted["documents"],
        first=counted["first"].date(),
        last=counted["last"].date(),
    )


def _coverage(row: Document) -> Coverage:
    return Coverage(
        station_id=row["_id"]["station_id"],
        month=Month(row["_id"]["year"], row["_id"]["month"]),
        documents=row["documents"],
        observations=row["observations"],
        expected=row["expected"],
    )
