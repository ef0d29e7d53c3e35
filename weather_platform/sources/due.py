"""When observations are due from a source that follows Météo-France's daily publication."""

from datetime import UTC, datetime, timedelta

from weather_platform.domain.months import Month

GRACE = timedelta(days=1)
"""Météo-France publishes once a day: a source more than one publication behind is stale."""
_WRITTEN_BY_UTC_H = 10
"""The archive is updated about 07 UTC; by 10 UTC it has the observations of the day before, up to 21 UTC."""


def newest_due(now: datetime) -> datetime:
    """Time (UTC) of the newest observation due at `now` (UTC)."""
    written = (now - timedelta(hours=_WRITTEN_BY_UTC_H)).date()
    return datetime(written.year, written.month, written.day, tzinfo=UTC) - timedelta(hours=3)


def ends_early(month: Month, newest: datetime, now: datetime) -> str | None:
    """A remark if a month's newest observation (UTC) is older than due; else None."""
    end = datetime(month.next.year, month.next.number, 1, tzinfo=UTC) - timedelta(hours=3)
    due = min(end, newest_due(now))
    if due - newest <= GRACE:
        return None
    return f"{month} ends at {hour(newest)} in this source; {hour(due)} was due."


def hour(time: datetime) -> str:
    """``2026-01-15 09 UTC``."""
    return f"{time:%Y-%m-%d %H} UTC"
