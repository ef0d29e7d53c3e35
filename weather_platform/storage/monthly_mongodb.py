"""Monthly sheets in MongoDB's collection `MonthlyClimate`; `monthly.MonthlyStore` gives the contract."""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, cast

import msgspec
from pymongo import ASCENDING, DESCENDING, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as MongoCollection

from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.figures import FIGURES, MonthFigures, Sheet
from weather_platform.domain.months import Month
from weather_platform.domain.parts import ALL_STATIONS, StationRange
from weather_platform.storage.curated import NO_REVISION, Replaced, overall_revision
from weather_platform.storage.curated_mongodb import MongoCurated, within_range
from weather_platform.storage.marks_mongodb import mark
from weather_platform.storage.monthly import ALL_MONTHS, MonthQuery, month_difference, no_sheet

COLLECTION = "MonthlyClimate"
_REVISIONS = "_monthly_revisions"
_INDEXES = {
    "by_month": [("month", ASCENDING), ("station_id", ASCENDING)],
    "by_station": [("station_id", ASCENDING), ("month", ASCENDING)],
}
_FIGURES_ALONE = {"_id": 0, "station_id": 1, "month": 1} | {
    f"{figure.element}.{field}": 1 for figure in FIGURES.values() for field in (figure.field, figure.status)
}
_FIGURES = cast("type[Sheet]", MonthFigures)
_BATCH = 500
"""Sheets of one answer of the server, which sends up to 16 MB of them: 150 MB once decoded."""
_Stored = dict[str, Any]


class MongoMonthly:
    """Sheets in the database of a `MongoCurated`, over its client."""

    def __init__(self, curated: MongoCurated) -> None:
        self._curated = curated
        self._ensured = False

    def ensure(self) -> None:
        self._curated.ping()
        with self._curated.translated_errors():
            for name, keys in _INDEXES.items():
                self._sheets.create_index(keys, name=name)
        self._ensured = True

    def replace(self, month: Month, sheets: Iterable[MonthDocument], stations: StationRange = ALL_STATIONS) -> Replaced:
        produced = list(sheets)
        if not self._ensured:
            self.ensure()

        def at_once(session: ClientSession) -> Replaced:
            within = {"month": str(month), "station_id": within_range(stations)}
            stored = self._sheets.find(within, {"revision": 1}, session=session)
            diff = month_difference(month, {sheet["_id"]: sheet["revision"] for sheet in stored}, produced)
            if not diff.is_empty:
                # First, so that of two transactions on a month the later one restarts before it writes anything.
                token = {"$set": {"token": secrets.token_hex(8)}}
                self._revisions.update_one({"_id": str(month)}, token, upsert=True, session=session)
                mark(self._curated.database, session)
            if diff.changed:
                replacements = [ReplaceOne({"_id": doc.document_id}, _stored(doc), upsert=True) for doc in diff.changed]
                self._sheets.bulk_write(replacements, ordered=False, session=session)
            if diff.gone:
                self._sheets.delete_many({"_id": {"$in": diff.gone}}, session=session)
            return diff.counts()

        return self._curated.changing(at_once)

    def get(self, station_id: str, month: Month) -> MonthDocument:
        with self._curated.translated_errors():
            found = self._sheets.find_one({"_id": f"{station_id}:{month}"})
        if found is None:
            raise no_sheet(station_id, month)
        return msgspec.convert(found, MonthDocument)

    def find(self, query: MonthQuery = ALL_MONTHS) -> Iterator[MonthDocument]:
        return (msgspec.convert(found, MonthDocument) for found in self._found(query, None))

    def figures(self, query: MonthQuery = ALL_MONTHS) -> Iterator[Sheet]:
        return (msgspec.convert(found, _FIGURES) for found in self._found(query, _FIGURES_ALONE))

    def _found(self, query: MonthQuery, projection: dict[str, int] | None) -> Iterator[_Stored]:
        order = DESCENDING if query.newest_first else ASCENDING
        cursor = self._sheets.find(_selection(query), projection, sort=[("month", order), ("station_id", order)])
        with self._curated.translated_errors():
            yield from cursor.limit(query.limit or 0).batch_size(_BATCH)

    def months(self) -> list[Month]:
        with self._curated.translated_errors():
            return sorted(Month.parse(month) for month in self._sheets.distinct("month"))

    def stations(self) -> list[str]:
        with self._curated.translated_errors():
            return sorted(self._sheets.distinct("station_id"))

    def revision(self) -> str:
        with self._curated.translated_errors():
            return overall_revision(each["token"] for each in self._revisions.find({}, {"token": 1}))

    def month_revisions(self) -> dict[Month, str]:
        with self._curated.translated_errors():
            found = list(self._revisions.find({}, {"token": 1}, sort=[("_id", ASCENDING)]))
        return {Month.parse(each["_id"]): str(each["token"]) for each in found}

    def month_revision(self, month: Month) -> str:
        with self._curated.translated_errors():
            found = self._revisions.find_one({"_id": str(month)}, {"token": 1})
        return NO_REVISION if found is None else str(found["token"])

    @property
    def _sheets(self) -> MongoCollection[_Stored]:
        return self._curated.database[COLLECTION]

    @property
    def _revisions(self) -> MongoCollection[_Stored]:
        return self._curated.database[_REVISIONS]


def _stored(sheet: MonthDocument) -> _Stored:
    stored: _Stored = msgspec.to_builtins(sheet, builtin_types=(datetime,))
    return stored


def _selection(query: MonthQuery) -> _Stored:
    conditions: list[_Stored] = []
    if query.stations is not None:
        conditions.append({"station_id": {"$in": sorted(query.stations)}})
    for bound, operator in ((query.first, "$gte"), (query.last, "$lte")):
        if bound is not None:
            conditions.append({"month": {operator: str(bound)}})
    if at := query.position:
        beyond, (month, station) = "$lt" if query.newest_first else "$gt", at
        conditions.append({"$or": [{"month": {beyond: month}}, {"month": month, "station_id": {beyond: station}}]})
    return {"$and": conditions} if conditions else {}
