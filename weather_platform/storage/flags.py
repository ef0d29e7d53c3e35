"""Verdicts of quality control beside the observations, and decisions of people about them.

The flags of a month are written with its monthly sheets, from the same screening; they go when the month is staged
again. Decisions are those of the file `WEATHER_QC_OVERRIDES` and those stored here; of two on a value the later counts.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from weather_platform.domain.climate.overrides import KeptOverride, Override, read_overrides
from weather_platform.domain.climate.screening import Flag
from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.months import Month
from weather_platform.storage.databases import in_transaction, reading
from weather_platform.storage.marks import mark
from weather_platform.storage.staging_tables import FLAGS, MONTHS, OVERRIDES

_LAST_SECOND = time(23, 59, 59)


class FlagStore:
    """Flags by month, and overrides. May be shared by threads."""

    def __init__(self, engine: Engine, overrides_file: Path | None = None) -> None:
        self._engine = engine
        self._file = overrides_file

    def replace(self, month: Month, flags: Collection[Flag], made_of: str | None = None) -> None:
        """Replace the flags of a staged month atomically; unchanged flags are not written again.

        `made_of` identifies the input of these flags and of the month's sheets (`made_of.MadeOf.now`).
        """
        revision = _revision(flags)

        def at_once(connection: Connection) -> None:
            of_month = MONTHS.c.month == str(month)
            if connection.scalar(sa.select(MONTHS.c.flags).where(of_month).with_for_update()) != revision:
                connection.execute(sa.delete(FLAGS).where(FLAGS.c.month == str(month)))
                if flags:
                    connection.execute(sa.insert(FLAGS), [_row(month, flag) for flag in flags])
            connection.execute(sa.update(MONTHS).where(of_month).values(flags=revision, sheets=made_of))
            mark(connection)

        in_transaction(self._engine, at_once)

    def find(
        self,
        first: date | None = None,
        last: date | None = None,
        stations: Collection[str] | None = None,
        *,
        after: tuple[str, ...] | None = None,
        limit: int | None = None,
    ) -> list[Flag]:
        """Flags from first to last, both included, by month, station, time, field and rule.

        `after` is the `place` of the last flag seen.
        """
        order = (FLAGS.c.month, FLAGS.c.station_id, FLAGS.c.date, FLAGS.c.field, FLAGS.c.rule)
        query = sa.select(FLAGS).order_by(*order).limit(limit)
        if first is not None:
            query = query.where(FLAGS.c.month >= str(Month.of(first)), FLAGS.c.date >= datetime.combine(first, time()))
        if last is not None:
            query = query.where(
                FLAGS.c.month <= str(Month.of(last)), FLAGS.c.date <= datetime.combine(last, _LAST_SECOND)
            )
        if stations is not None:
            query = query.where(FLAGS.c.station_id.in_(stations))
        if after is not None:
            month, station, moment, *rest = after
            at = (month, station, datetime.fromisoformat(moment), *rest)
            literals = (sa.literal(value, column.type) for value, column in zip(at, order, strict=True))
            query = query.where(sa.tuple_(*order) > sa.tuple_(*literals))
        with reading(self._engine) as connection:
            return [_flag(row) for row in connection.execute(query).mappings()]

    def counts(self, month: Month) -> Counter[tuple[str, str]]:
        """Number of flags of a month by rule and verdict, counted by the database."""
        of = (FLAGS.c.rule, FLAGS.c.verdict)
        query = sa.select(*of, sa.func.count()).where(FLAGS.c.month == str(month)).group_by(*of)
        with reading(self._engine) as connection:
            return Counter({(rule, verdict): count for rule, verdict, count in connection.execute(query)})

    def texts(
        self, first: date | None, last: date | None, stations: Collection[str]
    ) -> dict[tuple[str, datetime], str]:
        """The flags by station and time as `field:rule:verdict`, separated by spaces."""
        told: dict[tuple[str, datetime], str] = {}
        for flag in self.find(first, last, stations):
            place, text = (flag.station_id, flag.time), f"{flag.field}:{flag.rule}:{flag.verdict}"
            told[place] = f"{told[place]} {text}" if place in told else text
        return told

    def revision(self, first: Month | None = None, last: Month | None = None) -> str:
        """A text that changes whenever the flags of these months change."""
        query = sa.select(MONTHS.c.month, MONTHS.c.flags).order_by(MONTHS.c.month)
        if first is not None:
            query = query.where(MONTHS.c.month >= str(first))
        if last is not None:
            query = query.where(MONTHS.c.month <= str(last))
        with reading(self._engine) as connection:
            told = "".join(f"{month}{flags}" for month, flags in connection.execute(query))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def overrides(self) -> tuple[Override, ...]:
        """Every decision; of two on one value and rule the later in this order counts."""
        return tuple(each.override for each in self.kept())

    def kept(self) -> list[KeptOverride]:
        """Decisions of the file, in its order, then those kept here, the oldest first; BadInput for a broken file."""
        query = sa.select(OVERRIDES).order_by(OVERRIDES.c.made, OVERRIDES.c.id)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [*(KeptOverride(None, None, each) for each in self._of_the_file()), *map(_override, rows)]

    def keep(self, override: Override, now: datetime | None = None) -> KeptOverride:
        """Store a decision; the same one again is stored once."""
        made = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None, microsecond=0)
        key = hashlib.sha256(msgspec.json.encode(override)).hexdigest()[:16]
        row = {**msgspec.structs.asdict(override), "id": key, "made": made}

        def at_once(connection: Connection) -> None:
            connection.execute(sa.delete(OVERRIDES).where(OVERRIDES.c.id == key))
            connection.execute(sa.insert(OVERRIDES), [row])
            mark(connection)

        in_transaction(self._engine, at_once)
        return KeptOverride(key, made.replace(tzinfo=UTC), override)

    def one(self, key: str) -> KeptOverride:
        """A stored decision; NotFound for an unknown id."""
        for each in self.kept():
            if each.id == key:
                return each
        raise NotFound(
            f"No override {key[:40]!r} is kept.",
            "List them: GET /quality/overrides. Those of the file are changed in the file.",
        )

    def drop(self, key: str) -> None:
        """Remove a stored decision; removing it twice changes nothing."""

        def at_once(connection: Connection) -> None:
            connection.execute(sa.delete(OVERRIDES).where(OVERRIDES.c.id == key))
            mark(connection)

        in_transaction(self._engine, at_once)

    def _of_the_file(self) -> tuple[Override, ...]:
        if self._file is None:
            return ()
        try:
            return read_overrides(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:  # no decision was written yet
            return ()
        except BadInput as error:
            raise BadInput(f"{self._file}: {error.cause}", error.cure) from error
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                f"{self._file} cannot be read ({error}).", "Correct it, or set WEATHER_QC_OVERRIDES."
            ) from error


def _revision(flags: Iterable[Flag]) -> str:
    return hashlib.sha256(msgspec.json.encode(list(flags))).hexdigest()[:16]


def _row(month: Month, flag: Flag) -> dict[str, Any]:
    row = msgspec.structs.asdict(flag)
    return {**row, "month": str(month), "date": row.pop("time")}


def _flag(row: sa.RowMapping) -> Flag:
    told = {name: row["date" if name == "time" else name] for name in Flag.__struct_fields__}
    return msgspec.convert(told, Flag)


def _override(row: sa.RowMapping) -> KeptOverride:
    override = msgspec.convert({name: row[name] for name in Override.__struct_fields__}, Override)
    return KeptOverride(row["id"], row["made"].replace(tzinfo=UTC), override)
