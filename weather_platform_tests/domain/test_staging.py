"""One observation per station and time from all received reports of a month: the latest received."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.errors import BadInput
from weather_platform.domain.fields import Observation
from weather_platform.domain.parsing import Reason, Refusal
from weather_platform.domain.provenance import RawObject
from weather_platform.domain.record_files import RecordFile, cut
from weather_platform.domain.staging import StagedMonth, stage, stage_unplaced
from weather_platform.domain.stations import STATIONS
from weather_platform_tests.domain.broken import anything, record
from weather_platform_tests.observations import NICE, at
from weather_platform_tests.real_months import RECEIVED, raw_object

FIRST, SECOND = (raw_object(name=f"{n:016x}") for n in (1, 2))


def file(*records: bytes) -> RecordFile:
    return cut(b"[" + b",".join(records) + b"]")


def report(hour: int, t: float, **changes: Any) -> bytes:
    return record(date=f"2023-12-01T{hour:02}:00:00Z", t=t, **changes)


def rows_of(staged: StagedMonth) -> list[Observation]:
    return [row for rows in staged.rows.values() for row in rows]


def test_the_latest_received_wins() -> None:
    staged = stage([(FIRST, file(report(0, 280), report(3, 281))), (SECOND, file(report(3, 290), report(6, 282)))])
    assert rows_of(staged) == [
        at("2023-12-01T00", t=280, raw_object=FIRST.name),
        at("2023-12-01T03", t=290, raw_object=SECOND.name),
        at("2023-12-01T06", t=282, raw_object=SECOND.name),
    ]
    assert staged.counts == {
        FIRST.name: RecordCounts(read=2, kept=1, superseded=1),
        SECOND.name: RecordCounts(read=2, kept=1, replaced=1),
    }


def test_the_last_of_a_file_wins_within_it() -> None:
    staged = stage([(FIRST, file(report(0, 280), report(0, 281), report(0, 281), report(0, 282)))])
    assert rows_of(staged) == [at("2023-12-01T00", t=282, raw_object=FIRST.name)]
    assert staged.counts == {FIRST.name: RecordCounts(read=4, kept=1, unchanged=1, replaced=2)}


@pytest.mark.parametrize("measured_first", [True, False])
def test_a_month_with_any_measurement_holds_nothing_generated(measured_first: bool) -> None:
    generated = raw_object(name=f"{9:016x}", synthetic=True)
    objects = [(FIRST, file(report(0, 280))), (generated, file(report(0, 290), report(3, 291), report(3, 291), b"{}"))]
    staged = stage(objects if measured_first else reversed(objects))
    assert rows_of(staged) == [at("2023-12-01T00", t=280, raw_object=FIRST.name)]
    assert staged.counts == {
        FIRST.name: RecordCounts(read=1, kept=1),
        generated.name: RecordCounts(read=4, generated=3, refused={"no_station_number": 1}),
    }
    assert not staged.synthetic


def test_a_generated_month_is_synthetic() -> None:
    assert stage([(raw_object(synthetic=True), file(report(0, 280)))]).synthetic


def test_an_unchanged_report_keeps_the_object_that_first_told_it() -> None:
    staged = stage([(FIRST, file(report(0, 280))), (SECOND, file(report(0, 280.0), report(0, 280, numer_sta=7690)))])
    assert rows_of(staged) == [at("2023-12-01T00", t=280, raw_object=FIRST.name)]
    assert staged.counts[SECOND.name] == RecordCounts(read=2, unchanged=2)


def test_refused_records_are_kept_with_place_reason_and_origin() -> None:
    bad = report(0, 14)
    staged = stage([(FIRST, file(report(0, 280), bad)), (SECOND, file(b"{}"))])
    assert [(raw, refusal.position, refusal.reason, refusal.record) for raw, refusal in staged.quarantine] == [
        (FIRST.name, 2, Reason.IMPOSSIBLE, bad),
        (SECOND.name, 1, Reason.NO_STATION, b"{}"),
    ]
    assert staged.counts == {
        FIRST.name: RecordCounts(read=2, kept=1, refused={"impossible_value": 1}),
        SECOND.name: RecordCounts(read=1, refused={"no_station_number": 1}),
    }


def test_rows_are_in_order_of_station_and_time() -> None:
    reports = [report(hour, 280, numer_sta=number) for hour in (21, 3, 12) for number in ("81401", "07690", "07005")]
    staged = stage([(FIRST, file(*reports))])
    assert list(staged.rows) == list(staged.stations) == ["07005", "07690", "81401"]
    assert [row.date.hour for row in rows_of(staged)] == [3, 12, 21] * 3
    assert staged.observations == 9
    assert {time.hour for time in staged.hours()} == {3, 12, 21}


def test_a_station_of_the_table_is_described_by_the_table() -> None:
    staged = stage([(FIRST, file(report(0, 280, nom="Nizza", latitude=1, altitude=5)))])
    assert staged.stations == {NICE: STATIONS[NICE]}


@pytest.mark.parametrize(
    ("told", "described"),
    [
        ({"nom": " Là-haut ", "latitude": "45.5", "longitude": 7, "altitude": "1200.6"}, ("Là-haut", 45.5, 7.0, 1201)),
        ({"nom": None}, ("STATION_99999", None, None, None)),
        ({"nom": " "}, ("STATION_99999", None, None, None)),
        ({"nom": "x" * 5_000}, ("x" * 100, None, None, None)),
        ({"nom": "A", "latitude": "nan", "longitude": "inf", "altitude": "1e300"}, ("A", None, None, None)),
        ({"nom": "A", "latitude": 91, "longitude": -181, "altitude": 10**30}, ("A", None, None, None)),
        ({"nom": "A", "latitude": "north", "longitude": "", "altitude": "mq"}, ("A", None, None, None)),
    ],
)
def test_an_unknown_station_is_what_its_records_say_and_unverified(
    told: dict[str, Any], described: tuple[Any, ...]
) -> None:
    staged = stage([(FIRST, file(report(0, 280, numer_sta="99999", **told)))])
    station = staged.stations["99999"]
    assert (station.name, station.latitude_deg, station.longitude_deg, station.altitude_m) == described
    assert (station.slug, station.verified) == ("station_99999", False)


def test_an_unknown_station_keeps_its_name_where_a_later_record_has_none() -> None:
    staged = stage(
        [(FIRST, file(report(0, 280, numer_sta="99999", nom="Là-haut"), report(3, 280, numer_sta="99999", nom=None)))]
    )
    assert staged.stations["99999"].name == "Là-haut"


def test_records_without_a_partition_are_all_quarantined() -> None:
    early = record(date="1999-01-01T00:00:00Z")
    placed = report(0, 280)

    def is_placed(time: datetime, record: bytes) -> bool:
        return time.year == 2023 and record == placed

    staged = stage_unplaced([(FIRST, file(early, b"{}", placed))], is_placed)
    assert [(raw, refusal.position, refusal.reason, refusal.record) for raw, refusal in staged.quarantine] == [
        (FIRST.name, 1, Reason.OUTSIDE, early),
        (FIRST.name, 2, Reason.NO_STATION, b"{}"),
    ]
    assert staged.counts == {
        FIRST.name: RecordCounts(read=2, refused={"outside_partitions": 1, "no_station_number": 1})
    }
    assert (staged.rows, staged.stations) == ({}, {})


def test_missing_values_are_counted_by_object_and_column() -> None:
    few = cut(b"numer_sta;date;t\n07690;20231201000000;mq\n07690;20231201030000;287.15\n07690;soon;mq\n")
    none = cut(b"numer_sta;date;t;rr3;w1\n07690;20231201000000;280;NA;2\n")
    staged = stage([(FIRST, few), (SECOND, none)])
    assert [count.missing for count in staged.counts.values()] == [{"t": 1}, {"rr3": 1}]


def test_a_reading_from_the_future_is_set_aside() -> None:
    """Five minutes of grace: clocks differ. What was early stays so: a later staging decides alike."""
    received = RECEIVED.replace(tzinfo=None)
    times = [received + timedelta(seconds=n) for n in (0, 300, 301)]
    readings = [record(date=time.isoformat()) for time in times]
    staged = stage([(FIRST, file(*readings))])
    assert [row.date for row in rows_of(staged)] == times[:2]
    assert [each.refusal for each in staged.quarantine] == [
        Refusal(
            3,
            Reason.FUTURE,
            "2026-11-01 00:05:01 UTC is later than its receipt at 2026-11-01 00:00:00 UTC",
            readings[2],
            times[2],
        )
    ]


def _objects(bodies: Iterable[bytes]) -> list[tuple[RawObject, RecordFile]]:
    files = []
    for body in bodies:
        try:
            files.append(cut(body))
        except BadInput:
            continue
    return [(raw_object(name=f"{n:016x}"), record_file) for n, record_file in enumerate(files)]


_reports = st.builds(
    lambda hour, t, minute, number: report(
        hour, t, numer_sta=number, insert_time=minute and f"2023-12-01T00:0{minute}:00Z"
    ),
    st.sampled_from([0, 3]),
    st.sampled_from([280, 281, 1]),
    st.none() | st.integers(1, 3),
    st.sampled_from([NICE, "99999"]),
)
_report_files = st.lists(_reports, min_size=1, max_size=5).map(lambda records: b"[" + b",".join(records) + b"]")


@settings(deadline=None)
@given(st.lists(anything | _report_files, max_size=4))
def test_every_record_read_is_accounted_for(bodies: list[bytes]) -> None:
    staged = stage(_objects(bodies))
    for name, file_ in ((raw.name, record_file) for raw, record_file in _objects(bodies)):
        count = staged.counts[name]
        assert (count.read, count.unaccounted) == (len(file_.records), 0)
    kept = sum(count.kept for count in staged.counts.values())
    superseded = sum(count.superseded + count.outdated for count in staged.counts.values())
    assert kept <= staged.observations <= kept + superseded
    assert sum(sum(count.refused.values()) for count in staged.counts.values()) == len(staged.quarantine)
