"""Monthly sheets as JSON in the SQLite file of the daily documents; `monthly.MonthlyStore` gives the contract."""

import secrets
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.figures import MonthFigures, Sheet
from weather_platform.domain.months import Month
from weather_platform.domain.parts import ALL_STATIONS, StationRange
from weather_platform.storage.curated import NO_REVISION, Replaced, overall_revision
from weather_platform.storage.curated_sqlite import SqliteCurated
from weather_platform.storage.monthly import ALL_MONTHS, MonthQuery, month_difference, no_sheet


class SqliteMonthly:
    """Sheets in the file that a `SqliteCurated` opens."""

    def __init__(self, curated: SqliteCurated) -> None:
        self._curated = curated

    def ensure(self) -> None:
        self._curated.ensure()

    def replace(self, month: Month, sheets: Iterable[MonthDocument], stations: StationRange = ALL_STATIONS) -> Replaced:
        with self._curated.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            stored = connection.execute(
                "SELECT id, revision FROM monthly_climate WHERE month = ? AND station_id >= ? AND station_id < ?",
                [str(month), *stations],
            )
            diff = month_difference(month, dict(stored), sheets)
            if not diff.is_empty:
                connection.executemany(
                    "INSERT INTO monthly_climate (id, doc) VALUES (?, ?)"
                    " ON CONFLICT (id) DO UPDATE SET doc = excluded.doc",
                    ((sheet.document_id, msgspec.json.encode(sheet).decode()) for sheet in diff.changed),
                )
                connection.executemany("DELETE FROM monthly_climate WHERE id = ?", ((key,) for key in diff.gone))
                connection.execute(
                    "INSERT OR REPLACE INTO monthly_revisions (month, token) VALUES (?, ?)",
                    [str(month), secrets.token_hex(8)],
                )
            connection.execute("COMMIT")
        return diff.counts()

    def get(self, station_id: str, month: Month) -> MonthDocument:
        rows = self._curated.all("SELECT doc FROM monthly_climate WHERE id = ?", f"{station_id}:{month}")
        for (doc,) in rows:
            return _DOCUMENT.decode(doc)
        raise no_sheet(station_id, month)

    def find(self, query: MonthQuery = ALL_MONTHS) -> Iterator[MonthDocument]:
        return map(_DOCUMENT.decode, self._found(query))

    def figures(self, query: MonthQuery = ALL_MONTHS) -> Iterator[Sheet]:
        return map(_FIGURES.decode, self._found(query))

    def _found(self, query: MonthQuery) -> Iterator[str]:
        where, values = _selection(query)
        order = "DESC" if query.newest_first else "ASC"
        rows = self._curated.rows(
            f"SELECT doc FROM monthly_climate WHERE {where} ORDER BY month {order}, station_id {order} LIMIT ?",  # noqa: S608
            *values,
            query.limit or -1,
        )
        return (doc for (doc,) in rows)

    def months(self) -> list[Month]:
        found = self._curated.all("SELECT DISTINCT month FROM monthly_climate ORDER BY month")
        return [Month.parse(month) for (month,) in found]

    def stations(self) -> list[str]:
        found = self._curated.all("SELECT DISTINCT station_id FROM monthly_climate ORDER BY station_id")
        return [station for (station,) in found]

    def revision(self) -> str:
        return overall_revision(token for (token,) in self._curated.all("SELECT token FROM monthly_revisions"))

    def month_revisions(self) -> dict[Month, str]:
        found = self._curated.all("SELECT month, token FROM monthly_revisions ORDER BY month")
        return {Month.parse(month): token for month, token in found}

    def month_revision(self, month: Month) -> str:
        tokens = self._curated.all("SELECT token FROM monthly_revisions WHERE month = ?", str(month))
        return str(tokens[0][0]) if tokens else NO_REVISION


def _selection(query: MonthQuery) -> tuple[str, list[Any]]:
    """A WHERE clause and its values; the clause is made only of constants."""
    conditions, values = ["TRUE"], list[Any]()
    if query.stations is not None:
        conditions.append("station_id IN (SELECT value FROM json_each(?))")
        values.append(msgspec.json.encode(sorted(query.stations)).decode())
    for bound, operator in ((query.first, ">="), (query.last, "<=")):
        if bound is not None:
            conditions.append(f"month {operator} ?")
            values.append(str(bound))
    if query.position:
        conditions.append(f"(month, station_id) {'<' if query.newest_first else '>'} (?, ?)")
        values += query.position
    return " AND ".join(conditions), values


_DOCUMENT = msgspec.json.Decoder(MonthDocument)
_FIGURES: msgspec.json.Decoder[Sheet] = msgspec.json.Decoder(MonthFigures)
