"""Is the source alive? Its newest observation decides, never the status of an answer.

A copy that ended keeps answering 200: OpenDataSoft's has since 2026-01-15.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from weather_platform.settings import Settings
from weather_platform.sources.catalogue import open_source
from weather_platform.sources.due import GRACE, hour, newest_due

if TYPE_CHECKING:
    from weather_platform.sources.transport import Patience


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """The newest observation that a source has, and the one that it could have by now; times are UTC."""

    source: str
    newest: datetime | None
    """None where the source has no observation at all."""
    due: datetime | None
    """None where no observation is due: a folder holds what its owner put there, a sample any month."""

    @property
    def behind(self) -> timedelta:
        """How much later an observation could be there; 0 where none is due. Since 1996 where there is none."""
        if self.due is None:
            return timedelta()
        newest = self.newest or datetime(1996, 1, 1, tzinfo=UTC)
        return max(self.due - newest, timedelta())

    @property
    def stale(self) -> bool:
        return self.behind > GRACE

    def __str__(self) -> str:
        if self.newest is None:
            return f"{self.source} has no observation" if self.due else f"{self.source} is made on request"
        said = f"the newest observation of {self.source} is of {hour(self.newest)}"
        return f"{said}, {hour(self.due)} was due" if self.due and self.stale else said


def freshness(
    settings: Settings,
    source: str | None = None,
    *,
    now: datetime | None = None,
    patience: "Patience | None" = None,
) -> Freshness:
    """Ask a source (None: the one of the settings) for its newest observation.

    Costs one small request of OpenDataSoft, and of the archive the file of the year where it changed since it was
    last fetched. Raises SourceUnavailable where the source does not answer.
    """
    asked = open_source(settings, source, patience)
    due = newest_due(now or datetime.now(UTC)) if asked.grows_daily else None
    return Freshness(source=asked.name, newest=asked.newest(), due=due)
