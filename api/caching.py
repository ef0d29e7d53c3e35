"""HTTP caching: ETags from the revision of the data."""

import hashlib
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from weather_platform.domain.months import Month, month_range
from weather_platform.settings import ApiSettings
from weather_platform.storage.curated import CuratedStore

if TYPE_CHECKING:
    from weather_platform.storage.staging import StagingStore

_MONTHS_ASKED_ALONE = 36


def _few_months(first: date | None, last: date | None) -> list[Month]:
    """The months of a period; empty if it is open or long."""
    if first is None or last is None:
        return []
    months = list(islice(month_range(Month.of(first), Month.of(last)), _MONTHS_ASKED_ALONE + 1))
    return months if len(months) <= _MONTHS_ASKED_ALONE else []


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether a caller that sends this header already has the answer."""
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag.removeprefix("W/") in known or if_none_match.strip() == "*"


class CacheHeaders:
    """The validators of one answer."""

    def __init__(self, request: Request, settings: ApiSettings, revision: str) -> None:
        asked = f"{request.url.path}?{request.url.query}|{request.headers.get('accept', '')}|{revision}"
        self._etag = f'W/"{hashlib.sha256(asked.encode()).hexdigest()[:24]}"'
        self._known = request.headers.get("if-none-match", "")
        shared = "private" if settings.reading_needs_key else "public"
        self._cache = f"{shared}, no-cache"  # corrections may change a month of any age

    @property
    def headers(self) -> dict[str, str]:
        return {"etag": self._etag, "cache-control": self._cache, "vary": "Accept, Accept-Encoding"}

    def unchanged(self) -> Response | None:
        """Raise 304 if the caller already has this answer."""
        if is_known(self._etag, self._known):
            return Response(status_code=304, headers=self.headers)
        return None

    @classmethod
    def of_documents(
        cls,
        request: Request,
        settings: ApiSettings,
        curated: CuratedStore,
        days: tuple[date | None, date | None],
    ) -> "CacheHeaders":
        """For documents of a period: by the revision of its months if they are few, else of the whole store."""
        months = _few_months(*days)
        revision = "".join(map(curated.month_revision, months)) if months else curated.revision()
        return cls(request, settings, revision)

    @classmethod
    def of_observations(
        cls,
        request: Request,
        settings: ApiSettings,
        staging: "StagingStore",
        days: tuple[date | None, date | None],
    ) -> "CacheHeaders":
        """For observations of a period: by the raw objects of its months, and their flags."""
        months = [Month.of(day) if day else None for day in days]
        return cls(request, settings, staging.revision(*months) + staging.flagging.revision(*months))
