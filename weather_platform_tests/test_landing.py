"""Files dropped under `landing/`: taken in once, cleared when staged, set aside with a reason when unreadable."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from weather_platform.domain.months import Month, Partitions
from weather_platform.landing import Arrival, Taken, look
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


def seen(stores: Stores, taken: dict[str, Taken], after_s: float = 0) -> list[Arrival]:
    return list(look(stores, PARTITIONS, taken, NOW + timedelta(seconds=after_s)))


def landed(stores: Stores) -> list[str]:
    return [blob.key for blob in stores.raw.blobs.list("landing/")]


def test_a_file_arrives_once_and_is_cleared_when_its_month_is_staged(stores: Stores) -> None:
    taken: dict[str, Taken] = {}
    drop(stores, "from/a friend.json", as_json(observations()))
    assert seen(stores, taken) == [Arrival("landing/from/a friend.json", [NOVEMBER])]
    assert (seen(stores, taken, 5), landed(stores)) == ([], ["landing/from/a friend.json"])
    stage_month(stores, NOVEMBER)
    assert (seen(stores, taken, 10), landed(stores), taken) == ([], [], {})


def test_a_file_whose_run_was_lost_arrives_again_after_an_hour(stores: Stores) -> None:
    taken: dict[str, Taken] = {}
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
def test_a_file_of_which_no_record_counts_is_set_aside_and_its_records_are_in_the_quarantine(
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
    assert seen(stores, {}) == [Arrival("landing/from a\u00a0Mac.json", [NOVEMBER])]
