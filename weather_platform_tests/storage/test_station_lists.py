"""The list of stations is kept as received, once a day, and the one received last counts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from weather_platform.domain.errors import BadInput, StoreUnavailable
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.domain.stations import STATIONS, Station
from weather_platform.storage import opening
from weather_platform.storage.blobs import FolderBlobs
from weather_platform.storage.raw import RawStore
from weather_platform.storage.station_lists import keep_station_list, listed_stations, refresh_station_list
from weather_platform_tests.api.serving import settings_at
from weather_platform_tests.domain.test_station_list import MONTSOURIS, collection, feature

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
ORIGIN = Provenance(source="meteofrance", name="postes_synop.geojson", licence=ETALAB)


def test_the_list_is_fetched_once_a_day_and_the_last_counts(tmp_path: Path) -> None:
    blobs, asked = FolderBlobs(tmp_path), list[int]()
    blobs.ensure()

    def refresh(after_h: int, altitude_m: int) -> None:
        def fetch() -> tuple[bytes, Provenance]:
            asked.append(after_h)
            return collection(feature(Altitude=altitude_m)), ORIGIN

        refresh_station_list(blobs, fetch, NOON + timedelta(hours=after_h))

    assert listed_stations(blobs) == {}
    altitudes = []
    for after_h, altitude_m in ((0, 75), (23, 76), (24, 77), (48, 75)):
        refresh(after_h, altitude_m)
        altitudes.append(listed_stations(blobs)["07156"].altitude_m)
    assert (asked, altitudes) == ([0, 24, 48], [75, 75, 77, 75])
    assert RawStore(blobs).partitions() == []


def test_an_invalid_list_is_not_stored(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.ensure()
    with pytest.raises(BadInput):
        refresh_station_list(blobs, lambda: (b"<html>", ORIGIN), NOON)
    assert refresh_station_list(blobs, lambda: None, NOON) == []
    assert listed_stations(blobs) == {}


def test_the_last_list_counts_while_the_raw_store_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_: object) -> dict[str, Station]:
        raise StoreUnavailable("The raw store is down.", "Start it.")

    stores, unread = (opening.Stores(settings_at(tmp_path)) for _ in range(2))
    keep_station_list(stores.raw.blobs, collection(feature()), ORIGIN, NOON)
    assert stores.stations()["07156"] == MONTSOURIS
    monkeypatch.setattr(opening, "listed_stations", down)
    monkeypatch.setattr(opening, "_LIST_STANDS_S", -1.0)
    assert stores.stations()["07156"] == MONTSOURIS
    assert unread.stations() == STATIONS
