"""Files dropped under `landing/`: ingested once, removed when staged, moved away with a reason when unreadable."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from weather_platform.domain.months import Month, Partitions
from weather_platform.landing import Arrival, LandedFile, Landing
from weather_platform.pipeline import Stores, open_stores, stage_month
from weather_platform_tests.api.serving import as_json, observations, settings_at

NOVEMBER = Month(2023, 11)
PARTITIONS = Partitions(Month(2023, 1))
NOW = datetime.now(UTC)


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return open_stores(settings_at(tmp_path))


def drop(stores: Stores, name: str, body: bytes, age_s: float = 60) -> None:
    key = f"landing/{name}"
    stores.raw.blobs.put(key, body)
    path = stores.raw.blobs.folder / key  # type: ignore[attr-defined]  # the embedded default keeps files
    os.utime(path, (NOW.timestamp() - age_s,) * 2)


def seen(stores: Stores, taken: dict[str, LandedFile], after_s: float = 0) -> list[tuple[str, list[Month]]]:
    now = NOW + timedelta(seconds=after_s)
    looked = Landing().scan(stores, PARTITIONS, taken, budget_s=30, now=now)
    return [(arrival.name, arrival.months) for arrival in looked]


def landed(stores: Stores) -> list[str]:
    return [blob.key for blob in stores.raw.blobs.list("landing/")]


def test_a_file_arrives_once_and_is_cleared_when_its_month_is_staged(stores: Stores) -> None:
    taken: dict[str, LandedFile] = {}
    drop(stores, "from/a friend.json", as_json(observations()))
    assert seen(stores, taken) == [("landing/from/a friend.json", [NOVEMBER])]
    assert (seen(stores, taken, 5), landed(stores)) == ([], ["landing/from/a friend.json"])
    stage_month(stores, NOVEMBER)
    assert (seen(stores, taken, 10), landed(stores), taken) == ([], [], {})


def test_a_file_whose_run_was_lost_arrives_again_after_an_hour(stores: Stores) -> None:
    taken: dict[str, LandedFile] = {}
    drop(stores, "a.json", as_json(observations()))
    assert len(seen(stores, taken)) == 1
    assert [len(seen(stores, taken, after_s)) for after_s in (3_500, 3_700, 3_800)] == [0, 1, 0]


def test_a_file_that_may_still_grow_is_left_alone(stores: Stores) -> None:
    drop(stores, "growing.json", as_json(observations())[:500], age_s=0.5)
    assert (seen(stores, {}), landed(stores)) == ([], ["landing/growing.json"])


def test_a_file_that_cannot_be_read_is_set_aside_with_its_reason(stores: Stores) -> None:
    drop(stores, "notes.txt", b"hello")
    drop(stores, "empty.json", b"[]")
    assert seen(stores, {}) == []
    assert landed(stores) == [
        "landing/refused/empty.json",
        "landing/refused/empty.json.reason.json",
        "landing/refused/notes.txt",
        "landing/refused/notes.txt.reason.json",
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "unreadable_date"),
        ({"date": "1989-01-01T00:00:00Z"}, "outside_partitions"),
        ({"date": "2023-11-01T00:00:00Z", "t": 999}, "impossible_value"),
    ],
)
def test_a_file_without_a_usable_record_is_moved_away_and_quarantined(
    stores: Stores, fields: dict[str, object], reason: str
) -> None:
    drop(stores, "odd.json", json.dumps([{"numer_sta": "07690", **fields}]).encode())
    assert seen(stores, {}) == []
    assert landed(stores) == ["landing/refused/odd.json", "landing/refused/odd.json.reason.json"]
    said = json.loads(stores.raw.blobs.get("landing/refused/odd.json.reason.json"))
    assert said["cause"] == f"None of the 1 records can be used: 1 {reason}."
    assert [row["reason"] for row in stores.staging.quarantine()] == [reason]


def test_hidden_files_and_names_with_odd_spaces_hold_nothing_up(stores: Stores) -> None:
    drop(stores, "from a\u00a0Mac.json", as_json(observations()))
    hidden = stores.raw.blobs.folder / "landing/.being-copied.json"  # type: ignore[attr-defined]  # a folder here
    hidden.write_bytes(b"[")
    assert seen(stores, {}) == [("landing/from a\u00a0Mac.json", [NOVEMBER])]


def rss_mb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


@pytest.mark.slow
def test_a_large_file_is_ingested_over_several_short_scans(stores: Stores) -> None:
    months = [Month(2023, number) for number in range(1, 13)]
    lines = [
        f'{{"numer_sta":"{station:05d}","date":"{month}-{day:02d}T{hour:02d}:00:00Z","t":280.15}}'
        for month in months
        for day in range(1, 29)
        for hour in range(0, 24, 3)
        for station in range(7_000, 7_080)
    ]
    drop(stores, "year.ndjson", "\n".join(lines).encode())
    drop(stores, "small.json", as_json(observations("2023-03")))
    landing, taken, looks = Landing(), dict[str, LandedFile](), list[list[Arrival]]()
    memory_mb, longest_s = rss_mb(), 0.0
    while sum(map(len, looks)) < 2:
        assert len(looks) < 2_000
        began = time.monotonic()
        looks.append(list(landing.scan(stores, PARTITIONS, taken, budget_s=0.05)))
        if not looks[-1]:
            longest_s = max(longest_s, time.monotonic() - began)
    assert len(looks) > 5
    assert longest_s < 2  # a look that ends with an arrival asks the database too
    assert (rss_mb()) - memory_mb < 200
    arrived = {arrival.name: arrival for look in looks for arrival in look}
    assert arrived["landing/year.ndjson"].months == months
    assert sum(item.object.records for item in arrived["landing/year.ndjson"].stored) == len(lines)
    assert arrived["landing/small.json"].months == [Month(2023, 3)]
