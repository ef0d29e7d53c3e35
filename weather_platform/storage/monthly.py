"""The store of monthly sheets (`domain.climate.document`), beside the daily documents: MongoDB or SQLite.

This module has the port and what its adapters `monthly_mongodb` and `monthly_sqlite` share. References, ranks and
records follow from the sheets (`weather_platform.climatology`).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.figures import Sheet
from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.months import Month
from weather_platform.domain.parts import ALL_STATIONS, StationRange
from weather_platform.storage.curated import Replaced


class MonthQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A query for sheets, ordered by month, then station; `newest_first` is the exact reverse.

    `first` and `last` are months, both included; None leaves either open. `after` is the `_id` of the last row seen.
    """

    stations: Collection[str] | None = None
    first: Month | None = None
    last: Month | None = None
    after: str | None = None
    limit: int | None = None
    newest_first: bool = False

    @property
    def position(self) -> tuple[str, str] | None:
        """Month and station of `after`; BadInput for any text that is not an `_id`."""
        if self.after is None:
            return None
        station, _, month = self.after.partition(":")
        if len(station) != len("07690") or not station.isdigit():
            raise BadInput(f"{self.after[:80]!r} is not where a page ended.", "Follow the `next` of the page before.")
        return str(Month.parse(month)), station


ALL_MONTHS = MonthQuery()


class MonthlyStore(Protocol):
    """The port of the store of monthly sheets. Errors are those of `curated.CuratedStore`. May be shared by threads."""

    def ensure(self) -> None:
        """Create missing tables and indexes; `replace` does so too."""
        ...

    def replace(self, month: Month, sheets: Iterable[MonthDocument], stations: StationRange = ALL_STATIONS) -> Replaced:
        """Replace all sheets of the month and these stations, atomically.

        A sheet stored under the same revision is left as it is, `updated_at` too.
        """
        ...

    def get(self, station_id: str, month: Month) -> MonthDocument:
        """The sheet of a station and month; NotFound without one."""
        ...

    def find(self, query: MonthQuery = ALL_MONTHS) -> Iterator[MonthDocument]:
        """Sheets as the query says."""
        ...

    def figures(self, query: MonthQuery = ALL_MONTHS) -> Iterator[Sheet]:
        """The part of the sheets that `climate.years` reads; takes a third of the time of `find`."""
        ...

    def months(self) -> list[Month]:
        """Months that have a sheet, in order."""
        ...

    def stations(self) -> list[str]:
        """Stations that have a sheet, in order of number."""
        ...

    def revision(self) -> str:
        """A text that changes whenever a sheet changes; cheap."""
        ...

    def month_revisions(self) -> dict[Month, str]:
        """The `month_revision` of each month whose sheets were ever stored, in order."""
        ...

    def month_revision(self, month: Month) -> str:
        """A text that changes whenever a sheet of the month changes."""
        ...


class MonthDifference(NamedTuple):
    """The difference between the stored and the produced sheets of a month."""

    changed: list[MonthDocument]
    gone: list[str]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        return not (self.changed or self.gone)

    def counts(self) -> Replaced:
        return Replaced(len(self.changed), self.unchanged, len(self.gone))


def month_difference(month: Month, stored: Mapping[str, str], sheets: Iterable[MonthDocument]) -> MonthDifference:
    """`stored` maps `_id` to revision; ValueError for a sheet of another month."""
    produced = {sheet.document_id: sheet for sheet in sheets}
    for sheet in produced.values():
        if sheet.month != str(month):
            raise ValueError(f"The sheet {sheet.document_id} is not of {month}.")
    changed = [sheet for key, sheet in produced.items() if stored.get(key) != sheet.revision]
    return MonthDifference(changed, sorted(stored.keys() - produced.keys()), len(produced) - len(changed))


def no_sheet(station_id: str, month: Month) -> NotFound:
    return NotFound(
        f"No monthly sheet of {station_id} for {month} is stored.", "Check which months are stored, or load the month."
    )
