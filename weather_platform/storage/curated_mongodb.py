"""Daily documents in MongoDB's collection `WeatherStats`; the contract is `curated.CuratedStore`."""

import itertools
import os
import secrets
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from time import sleep
from typing import Any, TypeVar

import msgspec
from pymongo import ASCENDING, DESCENDING, MongoClient, ReplaceOne, ReturnDocument, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database
from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError, WaitQueueTimeoutError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from weather_platform.domain.errors import (
    BadSettings,
    StoreBusy,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
    WeatherError,
)
from weather_platform.domain.events import StationEvent
from weather_platform.domain.months import Month
from weather_platform.domain.parts import ALL_STATIONS, StationRange
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.storage.curated import (
    ALL_DOCUMENTS,
    ALL_EVENTS,
    NO_REVISION,
    Change,
    Coverage,
    Days,
    Difference,
    EventQuery,
    Query,
    Replaced,
    StoredCity,
    as_documents,
    by_id,
    difference,
    months_of,
    no_document,
    overall_revision,
    position,
)
from weather_platform.storage.marks_mongodb import fold_marks, mark, marks_token

COLLECTION = "WeatherStats"
_REVISIONS = "_revisions"
_CHANGES = "_changes"
"""A document per month and station, whose `number` is null until a reader asks; one more (`_COUNTER`) has the last
number. Numbers given in the writers' transactions would make any two of them wait for each other."""
_COUNTER = "counter"
_FOLLOWERS = "_followers"
_NUMBERED_AT_ONCE = 5_000
_COUNTS = [("observations", ASCENDING), ("expected", ASCENDING)]
"""Make `coverage` answer from the index alone."""
_INDEXES = {
    "by_day": [("date", ASCENDING), ("station_id", ASCENDING), *_COUNTS],
    "by_city": [("city", ASCENDING), ("date", ASCENDING)],
    "by_station": [("station_id", ASCENDING), ("date", ASCENDING), *_COUNTS],
}
_TIMEOUTS = {
    "serverSelectionTimeoutMS": 2_000,
    "connectTimeoutMS": 2_000,
    "socketTimeoutMS": 90_000,
    "waitQueueTimeoutMS": 5_000,
}
_APP_NAME = "weather-platform"
_ABANDONED_AFTER_S = 3
"""Our transactions do not wait between commands: one idle for this long has lost its process."""
_NOT_LET_IN = (13, 18, 8000)  # Unauthorized, AuthenticationFailed, Atlas' own
_DISK_FULL = 14_031
_TOO_LARGE_FOR_CACHE = 388
_WAITS_FOR_CACHE_S = (1, 2, 4, 8, 16, 32)
"""The server writes out what earlier transactions left in its cache, at the latest every 60 s."""
_CURE = "Start mongod with --replSet rs0 and run rs.initiate() once in mongosh; one member is enough."
_NONE = [{"unit": None}]
"""Matches no event: MongoDB refuses an empty list of alternatives."""
_BATCH = 200
"""Documents of one answer of the server, which sends up to 16 MB of them: 50 MB a reader once decoded.

32 readers hold 50 MB less with 200 than with 500 (measured)."""
_Stored = dict[str, Any]
"""A document as the driver represents it."""
Done = TypeVar("Done")


class MongoCurated:
    """Documents in the database of the address.

    The client is created at the first call, and again in a forked process. A server without transactions is refused:
    a replica set of one member has them.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._client: MongoClient[_Stored] | None = None
        self._client_pid = 0
        self._opening = threading.Lock()
        self._ensured = False

    def __repr__(self) -> str:
        return f"MongoCurated({self._where()!r})"

    def ensure(self) -> None:
        self.ping()
        with self.translated_errors():
            for name, keys in _INDEXES.items():
                self._documents.create_index(keys, name=name)
            self._changes.create_index([("number", ASCENDING)], name="by_number")
            if self._changes.find_one() is None:  # of an earlier version: all that is stored is a change
                self._documents.aggregate(_ALL_AS_CHANGES)
            self._ensured = True

    def ping(self) -> None:
        with self.translated_errors():
            hello = self.database.client.admin.command("hello")
            if "setName" not in hello and hello.get("msg") != "isdbgrid":
                raise StoreRefused(f"MongoDB at {self._where()} is a standalone server, without transactions.", _CURE)
            self._documents.find_one({}, {"_id": 1})

    def close(self) -> None:
        with self._opening:
            if self._client is not None and self._client_pid == os.getpid():
                self._client.close()
            self._client = None

    def replace(self, days: Days, documents: Iterable[WeatherStats], stations: StationRange = ALL_STATIONS) -> Replaced:
        produced = by_id(days, documents, stations)
        if not self._ensured:
            self.ensure()
        return self.changing(lambda session: self._replace_at_once(days, stations, produced, session))

    def changing(self, work: Callable[[ClientSession], Done]) -> Done:
        """`in_transaction`, for work that changes what readers see and marks its transaction."""
        with self.translated_errors():
            fold_marks(self.database)
        return self.in_transaction(work)

    def in_transaction(self, work: Callable[[ClientSession], Done]) -> Done:
        """Do all of the work or none of it.

        Tried again after a conflict with another transaction, and while the server's cache is full of earlier ones.
        """
        with self.translated_errors():
            for wait_s in _WAITS_FOR_CACHE_S:
                try:
                    return self._in_transaction(work)
                except OperationFailure as error:
                    if not _does_not_fit(error):
                        raise
                    sleep(wait_s)
            return self._in_transaction(work)

    def _in_transaction(self, work: Callable[[ClientSession], Done]) -> Done:
        attempts = itertools.count()

        def at_once(session: ClientSession) -> Done:
            if next(attempts) > 0:  # another transaction is in the way
                self._end_abandoned_transactions()
            return work(session)

        with self.database.client.start_session() as session:
            return session.with_transaction(
                at_once,
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern("majority"),
            )

    def _replace_at_once(
        self, days: Days, stations: StationRange, produced: dict[str, WeatherStats], session: ClientSession
    ) -> Replaced:
        diff = difference(self._stored(days, stations, session), produced)
        if not diff.is_empty:
            # First, so that of two transactions on a month the later one restarts before it writes anything.
            self._renew_revisions(days, session)
            self._write(diff, session)
            # `writes` makes it a write even if the number is None already: MongoDB skips an update without a change,
            # so that numbering meanwhile would not conflict, and a mirror would miss these documents.
            changed = {"$set": {"number": None}, "$inc": {"writes": 1}}
            touched = [UpdateOne({"_id": ":".join(each)}, changed, upsert=True) for each in diff.touched]
            self._changes.bulk_write(touched, ordered=False, session=session)
            mark(self.database, session)
        return diff.counts()

    def _end_abandoned_transactions(self) -> None:
        """The server itself lets a killed process block its month for up to 90 s (measured)."""
        admin = self.database.client.admin
        abandoned = {
            "type": "idleSession",
            "appName": _APP_NAME,
            "transaction.timeInactiveMicros": {"$gte": _ABANDONED_AFTER_S * 1_000_000},
        }
        idle = admin.aggregate([{"$currentOp": {"idleSessions": True}}, {"$match": abandoned}])
        if sessions := [{"id": op["lsid"]["id"]} for op in idle]:
            admin.command("killSessions", sessions)

    def _stored(self, days: Days, stations: StationRange, session: ClientSession) -> dict[str, str]:
        within = {**_selection(Query(first=days[0], last=days[1])), "station_id": within_range(stations)}
        stored = self._documents.find(within, {"provenance.revision": 1}, session=session)
        return {doc["_id"]: doc["provenance"]["revision"] for doc in stored}

    def _write(self, diff: Difference, session: ClientSession) -> None:
        if diff.new:  # inserting takes a quarter of the time that replacing does
            self._documents.insert_many(map(_stored_form, diff.new), ordered=False, session=session)
        if diff.altered:
            replacements = [ReplaceOne({"_id": doc.document_id}, _stored_form(doc)) for doc in diff.altered]
            self._documents.bulk_write(replacements, ordered=False, session=session)
        if diff.gone:
            self._documents.delete_many({"_id": {"$in": diff.gone}}, session=session)

    def _renew_revisions(self, days: Days, session: ClientSession) -> None:
        for month in months_of(days):
            token = {"$set": {"token": secrets.token_hex(8)}}
            self._revisions.update_one({"_id": str(month)}, token, upsert=True, session=session)

    def get(self, document_id: str) -> WeatherStats:
        with self.translated_errors():
            doc = self._documents.find_one({"_id": {"$eq": document_id}})
        for document in as_documents([] if doc is None else [doc], _document):
            return document
        raise no_document(document_id)

    def find(self, query: Query = ALL_DOCUMENTS) -> Iterator[WeatherStats]:
        order = DESCENDING if query.newest_first else ASCENDING
        wanted = {**_selection(query), **_beyond(query)}
        cursor = self._documents.find(wanted, sort=[("date", order), ("station_id", order)])
        return as_documents(self._each(cursor.limit(query.limit or 0).batch_size(_BATCH)), _document)

    def events(self, query: EventQuery = ALL_EVENTS) -> Iterator[StationEvent]:
        order = DESCENDING if query.newest_first else ASCENDING
        wanted: list[_Stored] = [_beyond(query)]
        if query.types is not None:
            wanted.append({"type": {"$in": sorted(query.types)}})
        if query.at_least is not None:
            wanted.append(
                {"$or": [{"unit": unit, "value": {"$gte": bound}} for unit, bound in query.at_least.items()] or _NONE}
            )
        station_day = dict.fromkeys(("station_id", "city", "slug", "period", "date"), 1)
        pipeline: list[_Stored] = [
            {"$match": {**_selection(query), "extreme_events.0": {"$exists": True}}},
            {"$project": {**station_day, "event": "$extreme_events"}},
            {"$unwind": "$event"},
            {"$replaceRoot": {"newRoot": {"$mergeObjects": ["$$ROOT", "$event"]}}},
            {"$unset": "event"},
            {"$match": {"$and": wanted}},
            {"$sort": {"date": order, "station_id": order, "type": order}},
            *([] if query.limit is None else [{"$limit": query.limit}]),
        ]
        with self.translated_errors():
            cursor = self._documents.aggregate(pipeline, batchSize=_BATCH)
        return map(_event, self._each(cursor))

    def cities(self) -> list[StoredCity]:
        by_station: list[_Stored] = [
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
        with self.translated_errors():
            counted = {row["_id"]: row for row in self._documents.aggregate(by_station)}
            newest = [f"{row['_id']}:{row['last'].date()}" for row in counted.values()]
            named = self._documents.find(
                {"_id": {"$in": newest}}, {"station_id": 1, "slug": 1, "city": 1}, sort=["slug"]
            )
            return [_city(doc, counted[doc["station_id"]]) for doc in named]

    def days(self) -> Days | None:
        with self.translated_errors():
            ends = [
                self._documents.find_one({}, {"date": 1, "_id": 0}, sort=[("date", order)])
                for order in (ASCENDING, DESCENDING)
            ]
        first, last = ends
        return None if first is None or last is None else (first["date"].date(), last["date"].date())

    def dates(self, stations: Collection[str] | None = None) -> list[date]:
        with self.translated_errors():
            found = self._documents.distinct("date", _selection(Query(stations=stations)))
        return sorted(moment.date() for moment in found)

    def coverage(self, first: date | None = None, last: date | None = None) -> list[Coverage]:
        with self.translated_errors():
            return [_coverage(row) for row in self._documents.aggregate(coverage_pipeline(first, last))]

    def rain(self, first: date, last: date) -> dict[str, list[float]]:
        pipeline: list[_Stored] = [
            {"$match": {**_selection(Query(first=first, last=last)), "metrics.rainfall.rr": {"$ne": None}}},
            {"$sort": {"date": 1}},  # the order of the index
            {"$group": {"_id": "$station_id", "mm": {"$push": "$metrics.rainfall.rr"}}},
        ]
        with self.translated_errors():
            return {row["_id"]: row["mm"] for row in self._documents.aggregate(pipeline)}

    def revision(self) -> str:
        with self.translated_errors():
            return overall_revision(each["token"] for each in self._revisions.find({}, {"token": 1}))

    def marks_token(self) -> str | None:
        with self.translated_errors():
            return marks_token(self.database)

    def month_revision(self, month: Month) -> str:
        with self.translated_errors():
            found = self._revisions.find_one({"_id": str(month)}, {"token": 1})
        return NO_REVISION if found is None else str(found["token"])

    def changes(self, since: int = 0, limit: int | None = None) -> list[Change]:
        if not self._ensured:
            self.ensure()
        with self.translated_errors():
            while self._changes.find_one({"number": None}) is not None:
                self.in_transaction(self._number)
            found = self._changes.find({"number": {"$gt": max(since, 0)}}, sort=[("number", ASCENDING)])
            return [_change(stored) for stored in found.limit(limit or 0)]

    def _number(self, session: ClientSession) -> None:
        """Number what is not numbered. Of two that do so at once, the counter makes one begin again after the other."""
        unnumbered = self._changes.find({"number": None}, {"_id": 1}, sort=[("_id", ASCENDING)], session=session)
        keys = [stored["_id"] for stored in unnumbered.limit(_NUMBERED_AT_ONCE)]
        if not keys:
            return
        counter = self._changes.find_one_and_update(
            {"_id": _COUNTER},
            {"$set": {"number": 0}, "$inc": {"last": len(keys)}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        assert counter is not None  # noqa: S101  # made by the upsert
        first = counter["last"] - len(keys) + 1
        numbered = [UpdateOne({"_id": key}, {"$set": {"number": first + n}}) for n, key in enumerate(keys)]
        self._changes.bulk_write(numbered, ordered=False, session=session)

    def last_change(self) -> int:
        with self.translated_errors():
            counter = self._changes.find_one({"_id": _COUNTER})
        return counter["last"] if counter else 0

    def followed(self, follower: str) -> int:
        with self.translated_errors():
            stored = self.database[_FOLLOWERS].find_one({"_id": follower})
        return stored["number"] if stored else 0

    def follow(self, follower: str, number: int) -> None:
        with self.translated_errors():
            self.database[_FOLLOWERS].update_one({"_id": follower}, {"$set": {"number": number}}, upsert=True)

    def _each(self, cursor: Iterable[_Stored]) -> Iterator[_Stored]:
        with self.translated_errors():
            yield from cursor

    @property
    def database(self) -> Database[_Stored]:
        with self._opening:
            if self._client is None or self._client_pid != os.getpid():
                self._client, self._client_pid = _client(self.url), os.getpid()
            return self._client.get_default_database()

    @property
    def _documents(self) -> MongoCollection[_Stored]:
        return self.database[COLLECTION]

    @property
    def _revisions(self) -> MongoCollection[_Stored]:
        return self.database[_REVISIONS]

    @property
    def _changes(self) -> MongoCollection[_Stored]:
        return self.database[_CHANGES]

    def _where(self) -> str:
        return self.url.rpartition("@")[2].partition("?")[0].removeprefix("mongodb://")

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Translate an error of the server into one with cause and cure."""
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
        # After a refusal the driver treats the server as down; only the text says why.
        if code in _NOT_LET_IN or "AuthenticationFailed" in str(error):
            return StoreRefused(
                f"{where} does not let us in ({str(error).partition(', full error')[0]}).",
                "Correct the user and password in WEATHER_CURATED_URL, or grant readWrite on the database.",
            )
        if isinstance(error, WaitQueueTimeoutError):
            return StoreBusy(f"All connections of this process to {where} are in use.", "Run again in a few seconds.")
        if isinstance(error, OperationFailure):
            return _answered(where, error)
        return StoreUnavailable(
            f"{where} does not answer: {str(error).partition(', Timeout')[0]}.",
            "Start the server, or correct WEATHER_CURATED_URL; then run again.",
        )


def _answered(where: str, error: OperationFailure) -> StoreUnavailable:
    if error.code == _DISK_FULL:
        return StoreFull(f"{where} answers: {error}.", "Free space on the server's disk, then run again.")
    if _does_not_fit(error):
        return StoreUnavailable(
            f"{where} answers that a transaction does not fit into its cache.",
            "Run again; if it comes back, give the server a larger cache (MONGODB_CACHE_GB in compose).",
        )
    return StoreUnavailable(f"{where} answers: {error}.", "Check the server and its log, then run again.")


def _does_not_fit(error: OperationFailure) -> bool:
    """Whether it is a transaction that is too large for what is free of the server's cache."""
    codes = [failed["code"] for failed in (error.details or {}).get("writeErrors", ())]
    return _TOO_LARGE_FOR_CACHE in (error.code, *codes)


_MONTH_OF_DATE = {"$dateToString": {"date": "$date", "format": "%Y-%m"}}
_ALL_AS_CHANGES: list[_Stored] = [
    {"$group": {"_id": {"$concat": [_MONTH_OF_DATE, ":", "$station_id"]}}},
    {"$merge": {"into": _CHANGES, "whenMatched": "keepExisting"}},
]


def _change(stored: _Stored) -> Change:
    month, station_id = stored["_id"].split(":")
    return Change(number=stored["number"], month=month, station_id=station_id)


def coverage_pipeline(first: date | None, last: date | None) -> list[_Stored]:
    """Counts by station and month; reads no document, and no index entry of other days (`by_day`)."""
    by_index: _Stored = {"date": 1} if first or last else {"station_id": 1, "date": 1}
    return [
        {"$match": _selection(Query(first=first, last=last))},
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


def _client(url: str) -> MongoClient[_Stored]:
    ours: dict[str, Any] = {name: value for name, value in _TIMEOUTS.items() if name.lower() not in url.lower()}
    try:
        client = MongoClient[_Stored](url, tz_aware=True, tzinfo=UTC, connect=False, appname=_APP_NAME, **ours)
    except ValueError as error:  # pymongo's own for some addresses it cannot read
        raise InvalidURI(str(error)) from error
    try:
        client.get_default_database()
    except ConfigurationError:
        client.close()
        raise
    return client


def within_range(stations: StationRange) -> _Stored:
    """A filter for a station's number."""
    return {"$gte": stations.first, "$lt": stations.end}


def _selection(query: Query) -> _Stored:
    """Stations and days."""
    condition: _Stored = {}
    if query.stations is not None:
        condition["station_id"] = {"$in": sorted(query.stations)}
    bounds = {"$gte": query.first, "$lte": query.last}
    if query.first is not None or query.last is not None:
        condition["date"] = {op: _midnight(day) for op, day in bounds.items() if day is not None}
    return condition


def _beyond(query: Query) -> _Stored:
    """A filter for rows that sort after `after`: greater in the first field, or equal there and greater in the next."""
    at = position(query)
    if not at:
        return {}
    at["date"] = _midnight(at["date"])
    operator, names = "$lt" if query.newest_first else "$gt", list(at)
    return {
        "$or": [{**{same: at[same] for same in names[:n]}, name: {operator: at[name]}} for n, name in enumerate(names)]
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _stored_form(document: WeatherStats) -> _Stored:
    stored: _Stored = msgspec.to_builtins(document, builtin_types=(datetime,))
    return stored


def _document(stored: _Stored) -> WeatherStats:
    return msgspec.convert(stored, WeatherStats)


def _event(found: _Stored) -> StationEvent:
    return msgspec.convert({**found, "_id": f"{found['_id']}:{found['type']}"}, StationEvent)


def _city(doc: _Stored, counted: _Stored) -> StoredCity:
    return StoredCity(
        station_id=doc["station_id"],
        slug=doc["slug"],
        city=doc["city"],
        documents=counted["documents"],
        first=counted["first"].date(),
        last=counted["last"].date(),
    )


def _coverage(row: _Stored) -> Coverage:
    return Coverage(
        station_id=row["_id"]["station_id"],
        month=Month(row["_id"]["year"], row["_id"]["month"]),
        documents=row["documents"],
        observations=row["observations"],
        expected=row["expected"],
    )
