"""Whether a caller has the answer already: ETags by the revision of the data, and how long an answer keeps."""

import hashlib
from datetime import UTC, date, datetime

from starlette.requests import Request
from starlette.responses import Response

from weather_platform.domain.months import Month, month_range
from weather_platform.settings import ApiSettings
from weather_platform.storage.curated import CuratedStore

_CLOSED_KEEPS_S = 86_400
_MONTHS_ASKED_ALONE = 36


def curated_revision(curated: CuratedStore, first: date | None, last: date | None) -> str:
    """The revision of the documents of a period: of its months where they are few, else of all."""
    if first is not None and last is not None and first <= last:
        months = list(month_range(Month.of(first), Month.of(last)))
        if len(months) <= _MONTHS_ASKED_ALONE:
            return "".join(curated.month_revision(month) for month in months)
    return curated.revision()


class Freshness:
    """The validators of one answer."""

    def __init__(self, request: Request, settings: ApiSettings, revision: str, last: date | None) -> None:
        asked = f"{request.url.path}?{request.url.query}|{request.headers.get('accept', '')}|{revision}"
        self._etag = f'W/"{hashlib.sha256(asked.encode()).hexdigest()[:24]}"'
        self._known = request.headers.get("if-none-match", "")
        today = datetime.now(UTC).date()
        is_closed = last is not None and Month.of(last) < Month.of(today).previous
        shared = "private" if settings.reading_needs_key else "public"
        self._cache = f"{shared}, max-age={_CLOSED_KEEPS_S}" if is_closed else f"{shared}, no-cache"

    @property
    def headers(self) -> dict[str, str]:
        return {"etag": self._etag, "cache-control": self._cache, "vary": "Accept, Accept-Encoding"}

    def unchanged(self) -> Response | None:
        """304 where the caller has this very answer."""
        known = {tag.strip().removeprefix("W/") for tag in self._known.split(",")}
        if self._etag.removeprefix("W/") in known or self._known.strip() == "*":
            return Response(status_code=304, headers=self.headers)
        return None
