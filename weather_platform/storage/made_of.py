"""What the monthly sheets of a month are made of, told from its rows and the edges of its neighbours.

A sheet whose text is the stored one need not be made again.
"""

import hashlib
from collections.abc import Collection, Iterable
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from weather_platform.domain.climate.document import CODE_VERSION
from weather_platform.domain.climate.overrides import Override
from weather_platform.domain.months import Month
from weather_platform.storage.staging_tables import MONTHS, RAW_OBJECTS


class MadeOf(NamedTuple):
    """What sheets made now would be made of, and what the stored ones were made of: each a hash."""

    now: str
    then: str | None
    """None: made by a release that did not note it."""
    are_made: bool
    """Whether the month has sheets since it was staged."""
    rows: str
    """What its own rows are made of, see `rows_made_of`."""

    @property
    def are_outdated(self) -> bool:
        """Whether sheets that are there would come out otherwise now; False while another process makes them."""
        return self.are_made and self.then != self.now


def rows_made_of(code_version: str | None, objects: Iterable[tuple[str, str]]) -> str:
    """Identifies a month's rows by the rules and the raw objects, with their times of receipt, that made them."""
    return repr((code_version, sorted(objects)))


def made_of(connection: Connection, months: Collection[Month], overrides: Collection[Override]) -> dict[Month, MadeOf]:
    """Of those of the months that are staged."""
    within = (str(min(months).previous), str(max(months).next))
    staged = {row.month: row for row in connection.execute(sa.select(MONTHS).where(MONTHS.c.month.between(*within)))}
    told = sa.select(RAW_OBJECTS.c.month, RAW_OBJECTS.c.raw_object, RAW_OBJECTS.c.received)
    query = told.where(RAW_OBJECTS.c.month.between(*within)).order_by(*RAW_OBJECTS.primary_key)
    objects: dict[str, list[tuple[str, str]]] = {}
    for month, name, received in connection.execute(query):
        objects.setdefault(month, []).append((name, received))

    def now(month: Month) -> str:
        before, own, after = (staged.get(str(each)) for each in (month.previous, month, month.next))
        parts = (
            CODE_VERSION,
            own and own.code_version,
            [f"{name}{received}" for name, received in objects.get(str(month), [])] or None,
            before and before.last_days,
            after and after.first_days,
            *overrides,
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    return {
        month: MadeOf(
            now(month), of.sheets, of.flags is not None, rows_made_of(of.code_version, objects.get(str(month), []))
        )
        for month in months
        if (of := staged.get(str(month)))
    }
