"""Whether a caller has the answer already: ETags by the revision of the data, and how long an answer keeps."""

import hashlib
from collections import Counter
from collections.abc import Collection
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

_CLOSED_KEEPS_S = 86_400
_MONTHS_ASKED_ALONE = 36


def _few_months(first: date | None, last: date | None) -> list[Month]:
    """The months of a period; none where it is open or long."""
    if first is None or last is None:
        return []
    months = list(islice(month_range(Month.of(first), Month.of(last)), _MONTHS_ASKED_ALONE + 1))
    return months if len(months) <= _MONTHS_ASKED_ALONE else []


class Freshness:
    """The validators of one answer."""

    def __init__(self, request: Request, settings: ApiSettings, revision: str, *, keeps: bool = False) -> None:
        asked = f"{request.url.path}?{request.url.query}|{request.headers.get('accept', '')}|{revision}"
        self._etag = f'W/"{hashlib.sha256(asked.encode()).hexdigest()[:24]}"'
        self._known = request.headers.get("if-none-match", "")
        shared = "private" if settings.reading_needs_key else "public"
        self._cache = f"{shared}, max-age={_CLOSED_KEEPS_S}" if keeps else f"{shared}, no-cache"

    @property
    def headers(self) -> dict[str, str]:
        return {"etag": self._etag, "cache-control": self._cache, "vary": "Accept, Accept-Encoding"}

    def unchanged(self) -> Response | None:
        """304 where the caller has this very answer."""
        known = {tag.strip().removeprefix("W/") for tag in self._known.split(",")}
        if self._etag.removeprefix("W/") in known or self._known.strip() == "*":
            return Response(status_code=304, headers=self.headers)
        return None

    @classmethod
    def of_documents(
        cls,
        request: Request,
        settings: ApiSettings,
        curated: CuratedStore,
        days: tuple[date | None, date | None],
        stations: Collection[str] | None,
    ) -> "Freshness":
        """Of documents of a period: by the revision of its months where they are few, else of all.

        They keep where the period is closed and every station asked for (of all: one) has every day of it: whoever
        looks before a month is posted must not see the gap for a day.
        """
        months = _few_months(*days)
        revision = "".join(map(curated.month_revision, months)) if months else curated.revision()
        keeps = _is_closed(months) and _has_every_day(curated, days, stations)
        return cls(request, settings, revision, keeps=keeps)

    @classmethod
    def of_observations(
        cls,
        request: Request,
        settings: ApiSettings,
        staging: "StagingStore",
        days: tuple[date | None, date | None],
        stations: Collection[str],
    ) -> "Freshness":
        """Of observations of a period; they keep where it is closed and the stations have its months whole."""
        revision = staging.revision(*(Month.of(day) if day else None for day in days))
        months = _few_months(*days)
        keeps = _is_closed(months) and _has_every_month(staging, months, stations)
        return cls(request, settings, revision, keeps=keeps)


def _is_closed(months: list[Month]) -> bool:
    """Whether the months are over for so long that nothing more is expected."""
    return bool(months) and months[-1] < Month.current().previous


def _has_every_day(
    curated: CuratedStore, days: tuple[date | None, date | None], stations: Collection[str] | None
) -> bool:
    first, last = days
    if first is None or last is None:
        return False
    documents = Counter[str]()
    for covered in curated.coverage(first, last):
        documents[covered.station_id] += covered.documents
    asked = stations if stations is not None else [station for station, _ in documents.most_common(1)]
    return bool(asked) and all(documents[station] == (last - first).days + 1 for station in asked)


def _has_every_month(staging: "StagingStore", months: list[Month], stations: Collection[str]) -> bool:
    whole = {
        (covered.month, covered.station.station_id)
        for covered in staging.coverage(map(str, months))
        if (month := Month.parse(covered.month)).first_day == covered.first.date()
        and month.last_day == covered.last.date()
    }
    return all((str(month), station) in whole for month in months for station in stations)
