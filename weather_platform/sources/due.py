"""When Météo-France's observations are due: what a source that is fed by its daily writing could have by now."""

from datetime import UTC, datetime, timedelta

from weather_platform.domain.months import Month

GRACE = timedelta(days=1)
"""Météo-France writes once a day: a source that lacks more than one morning's writing is stale."""
_WRITTEN_BY_UTC_H = 10
"""The archive is written about 07 UTC; three hours later the observations of the day before are there, to 21 UTC."""


def newest_due(now: datetime) -> datetime:
    """The newest observation (UTC) that a source fed by Météo-France's daily writing has at `now` (UTC)."""
    written = (now - timedelta(hours=_WRITTEN_BY_UTC_H)).date()
    return datetime(written.year, written.month, written.day, tzinfo=UTC) - timedelta(hours=3)


def ends_early(month: Month, newest: datetime, now: datetime) -> str | None:
    """What to say of a month whose newest observation (UTC) is older than it could be; None where it is not."""
    end = datetime(month.next.year, month.next.number, 1, tzinfo=UTC) - timedelta(hours=3)
    due = min(end, newest_due(now))
    if due - newest <= GRACE:
        return None
    return f"{month} ends at {hour(newest)} in this source; {hour(due)} was due."


def hour(time: datetime) -> str:
    """``2026-01-15 09 UTC``."""
    return f"{time:%Y-%m-%d %H} UTC"
