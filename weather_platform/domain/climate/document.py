"""The stored monthly sheet: a `MonthlyClimate` with its station, and the rules and data it was made from."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from weather_platform.domain.climate.sheet import MonthlyClimate
from weather_platform.domain.stations import Station

CODE_VERSION = "3"
"""Of the rules and the shape of monthly sheets."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class MonthDocument(MonthlyClimate, frozen=True, kw_only=True, rename={"document_id": "_id"}):
    """The sheet of one station and month as it is stored."""

    document_id: str
    """Station and month, ``07690:2023-12``."""
    city: str
    slug: str
    synthetic: bool
    """Whether a raw object behind it holds no measurements."""
    raw_objects: tuple[str, ...] = ()
    """Names of the raw objects behind its days, those of the neighbouring months too; none in older sheets."""
    code_version: str
    revision: str
    """Hash of all but `updated_at`."""
    updated_at: Annotated[datetime, msgspec.Meta(tz=True)]


def month_documents(
    sheets: Iterable[MonthlyClimate],
    stations: Mapping[str, Station],
    raw_objects: Mapping[str, tuple[str, ...]],
    synthetic: Collection[str],
    now: datetime,
) -> list[MonthDocument]:
    """The sheets as documents made `now`.

    `raw_objects` are those behind each station's days, `synthetic` the names of those that hold no measurements.
    """
    whole_ms = now.replace(microsecond=now.microsecond // 1000 * 1000)  # what MongoDB keeps
    return [
        _document(sheet, stations[sheet.station_id], raw_objects.get(sheet.station_id, ()), synthetic, whole_ms)
        for sheet in sheets
    ]


def _document(
    sheet: MonthlyClimate, station: Station, raw_objects: tuple[str, ...], synthetic: Collection[str], now: datetime
) -> MonthDocument:
    made = MonthDocument(
        document_id=f"{sheet.station_id}:{sheet.month}",
        city=station.name,
        slug=station.slug,
        synthetic=not set(raw_objects).isdisjoint(synthetic),
        raw_objects=raw_objects,
        code_version=CODE_VERSION,
        revision="",
        updated_at=_NEVER,
        **{name: getattr(sheet, name) for name in MonthlyClimate.__struct_fields__},
    )
    revision = hashlib.sha256(msgspec.json.encode(made)).hexdigest()[:16]
    return msgspec.structs.replace(made, revision=revision, updated_at=now)
