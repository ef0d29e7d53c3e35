"""Whether a source is up to date, judged by its newest observation.

A discontinued copy keeps answering 200: OpenDataSoft's has since 2026-01-15.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from weather_platform.settings import Settings
from weather_platform.sources.due import GRACE, hour, newest_due
from weather_platform.sources.registry import open_source

if TYPE_CHECKING:
    from weather_platform.sources.transport import RetryPolicy


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """The newest observation of a source and the newest one due; times are UTC."""

    source: str
    newest: datetime | None
    """None if the source has no observation."""
    due: datetime | None
    """None if nothing is due: a folder holds what its owner put there, a sample any month."""

    @property
    def behind(self) -> timedelta:
        """Delay behind the newest observation due; 0 if none is due; counted from 1996 if the source is empty."""
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
    retry_policy: "RetryPolicy | None" = None,
) -> Freshness:
    """Find the newest observation of a source (None: the settings' source).

    Costs one small request to OpenDataSoft; for the archive, the download of the year's file if it has changed since.
    Raises SourceUnavailable if the source does not answer.
    """
    asked = open_source(settings, source, retry_policy)
    due = newest_due(now or datetime.now(UTC)) if asked.grows_daily else None
    return Freshness(source=asked.name, newest=asked.newest(), due=due)
