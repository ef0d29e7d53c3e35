"""Flags and overrides in staging, held over SQLite, MariaDB and MySQL."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from weather_platform.domain.climate.overrides import KeptOverride, Override, write_overrides
from weather_platform.domain.climate.screening import Flag
from weather_platform.domain.errors import NotFound
from weather_platform.domain.months import Month
from weather_platform.storage.flags import FlagStore
from weather_platform.storage.staging import StagingStore
from weather_platform_tests.observations import NICE, at, month_of

DECEMBER = Month(2023, 12)
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)
LIFTED = Override(
    station_id=NICE,
    first=datetime(2023, 12, 5),  # noqa: DTZ001  # UTC, as rows tell it
    last=datetime(2023, 12, 6),  # noqa: DTZ001
    field="t",
    rule="E2",
    verdict="good",
    reason="seen “hail”",
    who="Ada",
)


def flag(day: int, **changes: Any) -> Flag:
    made = Flag(
        station_id=NICE,
        time=datetime(2023, 12, day, 6),  # noqa: DTZ001
        field="t",
        rule="E2",
        verdict="erroneous",
        version=1,
    )
    return msgspec.structs.replace(made, **changes)


FLAGS = [
    flag(5, station_id="07149"),
    flag(5),
    flag(5, rule="hand", verdict="suspect", reason="trop élevé", who="Ada"),
    flag(6, field="u"),
]


@pytest.fixture
def flags(staging: StagingStore) -> FlagStore:
    staging.replace_month("2023-12", month_of([at("2023-12-05T06", t=280)]))
    staging.flagging.replace(DECEMBER, FLAGS)
    return staging.flagging


def test_flags_are_read_by_day_and_station_and_in_pages(flags: FlagStore) -> None:
    assert flags.find() == FLAGS
    assert flags.find(date(2023, 12, 6), date(2023, 12, 6)) == FLAGS[3:]
    assert flags.find(stations=[NICE], limit=2) == FLAGS[1:3]
    assert [flags.find(after=each.place) for each in FLAGS] == [FLAGS[1:], FLAGS[2:], FLAGS[3:], []]
    assert flags.find(date(2024, 1, 1)) == flags.find(last=date(2023, 11, 30)) == []


def test_flags_are_counted_by_rule_and_verdict(flags: FlagStore) -> None:
    flags.replace(DECEMBER, [*FLAGS, flag(7, verdict="good")])
    assert flags.counts(DECEMBER) == {("E2", "erroneous"): 3, ("E2", "good"): 1, ("hand", "suspect"): 1}
    assert flags.counts(DECEMBER.next) == {}


def test_a_month_that_is_flagged_otherwise_is_another_revision(flags: FlagStore) -> None:
    before = flags.revision()
    flags.replace(DECEMBER, FLAGS)
    assert flags.revision() == before
    flags.replace(DECEMBER, FLAGS[:1])
    assert (flags.find(), flags.revision() == before) == (FLAGS[:1], False)
    assert flags.revision(Month(2024, 1)) == flags.revision(Month(2024, 2))


def test_decisions_are_those_of_the_file_then_those_kept_here(staging: StagingStore, tmp_path: Path) -> None:
    file = tmp_path / "overrides.csv"
    flags = FlagStore(staging.engine, file)
    assert flags.kept() == []
    ours, theirs = (msgspec.structs.replace(LIFTED, who=who) for who in ("Bo", "Cy"))
    file.write_text(write_overrides([theirs]))
    kept = [flags.keep(each, NOON) for each in (ours, ours, LIFTED)]
    assert kept[0] == kept[1] == KeptOverride(kept[0].id, NOON, ours)
    assert flags.kept()[0] == KeptOverride(None, None, theirs)
    assert set(flags.overrides()) == {theirs, ours, LIFTED}
    assert flags.one(kept[0].id or "") == kept[0]
    flags.drop(kept[0].id or "")
    assert flags.overrides() == (theirs, LIFTED)
    with pytest.raises(NotFound, match="Those of the file are changed in the file"):
        flags.one(kept[0].id or "")
