"""The reader answers from memory until a document changes, and never writes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dash_app import reader as readers
from dash_app.app import Asked, render
from dash_app.reader import Reader, open_reader
from weather_platform.domain.errors import NothingStored, StoreUnavailable, UnknownCity
from weather_platform.domain.provenance import Withdrawal
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.settings import Settings
from weather_platform.storage.curated import CuratedStore, Query
from weather_platform.storage.opening import open_curated, open_stores
from weather_platform_tests.dash_app.conftest import load_sample, settings_in

FIRST, LAST = date(2023, 12, 1), date(2023, 12, 31)


def test_rows_are_the_documents(reader: Reader, december: Settings) -> None:
    documents = list(open_curated(december).find())
    rows = reader.daily(None, FIRST, LAST)
    assert len(rows) == len(documents) > 1_800
    columns = ["station_id", "temperature_avg_c", "temperature_min_c", "pressure_avg_hpa", "wind_gust_m_s"]
    found = rows[[*columns, "rain_total_mm"]].astype(object).replace({np.nan: None})
    assert found.to_numpy().tolist() == [
        [
            document.station_id,
            document.metrics.temperature.avg,
            document.metrics.temperature.min,
            document.metrics.pressure.avg,
            document.metrics.wind_speed.gust,
            document.metrics.rainfall.total,
        ]
        for document in sorted(documents, key=lambda document: (document.station_id, document.period))
    ]


def test_all_stations_and_one_station_are_the_same_rows(reader: Reader) -> None:
    everything = reader.daily(None, FIRST, LAST)
    one = reader.daily(["07690"], FIRST, LAST)
    assert everything[everything["station_id"] == "07690"]["revision"].tolist() == one["revision"].tolist()


def test_cap_cepet_has_no_temperature_and_no_rain(reader: Reader) -> None:
    rows = reader.daily(["07661"], FIRST, LAST)
    assert not rows["temperature_avg_c"].notna().any()
    assert not rows["rain_total_mm"].notna().any()
    assert rows["wind_avg_m_s"].notna().any()


def test_an_answer_comes_from_memory_until_a_document_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path)
    load_sample(settings, "2023-12", ("07690",))
    reader, asked = open_reader(settings), 0
    find = type(reader._curated).find

    def counting(*arguments: object, **more: object) -> object:
        nonlocal asked
        asked += 1
        return find(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(type(reader._curated), "find", counting)
    for _ in range(3):
        assert len(reader.daily(["07690"], FIRST, LAST)) == 31
    assert asked == 1
    store = open_curated(settings)
    documents: list[WeatherStats] = list(store.find())[1:]
    store.replace((FIRST, LAST), documents)
    asked = 0
    assert len(reader.daily(["07690"], FIRST, LAST)) == len(documents)
    assert asked == 1


@pytest.mark.parametrize("pathname", ["/", "/city", "/compare", "/table", "/data"])
def test_a_page_leaves_what_the_reader_remembers_as_it_is(reader: Reader, pathname: str) -> None:
    asked = Asked(pathname=pathname, search="?city=nice")
    render(reader, asked, "en")
    before = {key: answer.copy() for key, (_, answer, _) in reader._answers.items() if isinstance(answer, pd.DataFrame)}
    render(reader, asked, "fr")
    for key, frame in before.items():
        pd.testing.assert_frame_equal(reader._answers[key].answer, frame)
    assert set(reader.coverage()) == {"station_id", "month", "documents", "observations"}


def test_no_period_makes_the_reader_ask_for_months_that_are_not_there(
    december: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = open_reader(december)
    asked: list[Query] = []
    find = type(reader._curated).find

    def noting(store: CuratedStore, query: Query) -> Iterator[WeatherStats]:
        asked.append(query)
        return find(store, query)

    monkeypatch.setattr(type(reader._curated), "find", noting)
    assert len(reader.daily(None, date.min, date.max)) > 1_800
    assert len(reader.daily(["07690"], date.min, date.max)) == 31
    assert reader.daily(None, date(2, 1, 1), date(1998, 12, 31)).empty
    assert len(asked) == 2


def test_memory_is_bounded_however_many_answers_are_empty(december: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_KEPT_BYTES", 2_000_000)
    reader = open_reader(december)
    for day in range(1, 32):
        for first in range(1, day):
            reader.daily(["07661"], date(2023, 12, first), date(2023, 12, day))
    assert 2 < len(reader._answers) < 40
    assert reader._kept_bytes == sum(kept.size for kept in reader._answers.values()) <= 2_000_000


def test_a_store_that_went_away_is_told_from_an_empty_one(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    load_sample(settings, "2023-12", ("07690",))
    reader, later = open_reader(settings), open_reader(settings)
    assert reader.days() == (FIRST, LAST)
    (tmp_path / "curated.sqlite").rename(tmp_path / "away.sqlite")
    for one in (reader, later):  # the later one has never seen it, and knows what is staged
        with pytest.raises(StoreUnavailable, match="names the right store") as caught:
            one.days()
        assert not isinstance(caught.value, NothingStored)


def test_a_reader_makes_no_store(tmp_path: Path) -> None:
    reader = open_reader(settings_in(tmp_path / "home"))
    with pytest.raises(StoreUnavailable, match="Nothing is stored yet"):
        reader.days()
    assert not (tmp_path / "home").exists()


def test_the_newest_observation_is_held_against_what_the_source_can_have(reader: Reader) -> None:
    last = datetime(2023, 12, 31, 21, tzinfo=UTC)
    next_day, later = (reader.freshness(datetime(2024, 1, day, 12, tzinfo=UTC)) for day in (1, 9))
    assert (next_day.newest, next_day.due, next_day.stale) == (last, last, False)
    assert (later.source, later.newest, later.behind) == ("meteofrance", last, timedelta(days=8))


def test_a_raw_object_leads_to_the_ingestion_to_withdraw(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    load_sample(settings, "2023-12", ("07690",))
    stores, reader = open_stores(settings), open_reader(settings)
    (obj,), (receipt,) = stores.raw.objects("2023-12"), stores.receipts.newest()
    assert reader.ingestion_of("2023-12", obj.name) == receipt.id
    receipt.withdrawn = Withdrawal(at=receipt.received, by="Marie", reason="another sensor")
    stores.receipts.save(receipt)
    assert reader.ingestion_of("2023-12", obj.name) is None
    assert reader.ingestion_of("2023-11", obj.name) is None


def test_a_city_is_found_by_any_name(reader: Reader) -> None:
    assert [reader.find(name).station_id for name in ("nice", "Nice", "07690", "brest-guipavas")] == [
        *["07690"] * 3,
        "07110",
    ]
    with pytest.raises(UnknownCity):
        reader.find("atlantis")
