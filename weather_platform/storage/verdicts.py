"""The history of the checks of a month: a verdict is kept where it differs from the one before.

A month that is staged again keeps its history; that its checks failed before is what a reader asks for.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random

from weather_platform.domain.months import Month
from weather_platform.domain.quality import Verdict
from weather_platform.storage.databases import in_transaction, reading
from weather_platform.storage.marks import mark
from weather_platform.storage.staging_tables import MONTHS, VERDICTS

_TRIES = 50
"""A writer that finds its place taken was overtaken by another that got through: as often as there are others."""
_LONGEST_PAUSE_S = 0.02


class NotedVerdict(NamedTuple):
    """What a check found, and when this was first so (UTC)."""

    month: Month
    check: str
    noted: datetime
    passed: bool
    description: str

    def says_more_than(self, before: "NotedVerdict | None") -> bool:
        """Whether it differs: another verdict, or another reason of a failure.

        The counts of a check that passes change with every file.
        """
        if before is None or before.passed != self.passed:
            return True
        return not self.passed and before.description != self.description


class VerdictStore:
    """Verdicts by month and check. May be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @retry(
        retry=retry_if_exception_type(sa.exc.IntegrityError),
        wait=wait_random(max=_LONGEST_PAUSE_S),
        stop=stop_after_attempt(_TRIES),
        reraise=True,
    )
    def note(self, month: Month, verdicts: Mapping[str, Verdict], now: datetime | None = None) -> None:
        """Keep the verdicts of some checks, by name, that differ from the last ones."""
        at = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        found = [NotedVerdict(month, name, at, each.passed, each.description) for name, each in verdicts.items()]

        def at_once(connection: Connection) -> None:
            # Of two processes that judge a month at once, the second sees what the first has written. A month that is
            # not staged has no row to lock: there the second finds its place taken, and looks again.
            connection.execute(sa.select(MONTHS.c.month).where(MONTHS.c.month == str(month)).with_for_update())
            history = _found(connection, [month])
            last = {each.check: each for each in history}
            places = Counter(each.check for each in history)
            rows = [_row(each, places[each.check] + 1) for each in found if each.says_more_than(last.get(each.check))]
            if rows:
                connection.execute(sa.insert(VERDICTS), rows)
                mark(connection)

        in_transaction(self._engine, at_once)

    def find(self, months: Iterable[Month]) -> list[NotedVerdict]:
        """The history of some months, the oldest verdict first."""
        with reading(self._engine) as connection:
            return _found(connection, months)


def _found(connection: Connection, months: Iterable[Month]) -> list[NotedVerdict]:
    query = (
        sa.select(VERDICTS)
        .where(VERDICTS.c.month.in_(map(str, months)))
        .order_by(VERDICTS.c.noted, VERDICTS.c.month, VERDICTS.c.place, VERDICTS.c.check_name)
    )
    return [
        NotedVerdict(
            Month.parse(row.month), row.check_name, row.noted.replace(tzinfo=UTC), bool(row.passed), row.description
        )
        for row in connection.execute(query)
    ]


def _row(each: NotedVerdict, place: int) -> dict[str, object]:
    return {
        "month": str(each.month),
        "check_name": each.check,
        "place": place,
        "noted": each.noted.replace(tzinfo=None),
        "passed": each.passed,
        "description": each.description,
    }
