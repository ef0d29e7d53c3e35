"""Reports of one station and time are merged field by field; the rule is said once more here, another way."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.counts import OUTCOMES, RecordCounts
from weather_platform.domain.fields import Observation
from weather_platform.domain.provenance import RawObject
from weather_platform.domain.record_files import cut
from weather_platform.domain.staging import StagedMonth, stage
from weather_platform_tests.observations import NICE
from weather_platform_tests.real_months import raw_object

TIME = datetime(2023, 12, 1, 6)  # noqa: DTZ001  # rows are UTC without offset
START = datetime(2024, 2, 1, tzinfo=UTC)
LEADS = {"per": "rafper", "dd": "ff"}
Fields = dict[str, float | None]


class Report(NamedTuple):
    """What a record says: a field that is missing is None, one that is absent is not there."""

    fields: Fields
    inserted: int | None = None
    """Minutes after `START`."""


class File(NamedTuple):
    """Reports of one station and time that one object brought, `received` minutes after `START`."""

    reports: list[Report]
    received: int


def objects(files: Iterable[File]) -> list[tuple[RawObject, Any]]:
    made = []
    for number, file in enumerate(files):
        obj = msgspec.structs.replace(raw_object(name=f"{number:016x}"), received=_minutes(file.received))
        made.append((obj, cut(b"[" + b",".join(_record(report) for report in file.reports) + b"]")))
    return made


def merged(files: Iterable[File]) -> StagedMonth:
    return stage(objects(files))


def row_of(staged: StagedMonth) -> Observation:
    ((row,),) = staged.rows.values()
    return row


def values(row: Observation) -> Fields:
    """What a record would have to say to be this row."""
    said = {name: getattr(row, name) for name in ("t", "pmer", "ff", "dd", "rafper", "per", "n", "rr3")}
    if row.n_hidden:
        said["n"] = 101
    if row.rr_trace:
        said["rr3"] = -0.1
    return {name: value for name, value in said.items() if value is not None}


def sources(staged: StagedMonth) -> dict[str, str]:
    """The object of every value."""
    row = row_of(staged)
    others = staged.field_sources.get(NICE, {}).get(TIME, {})
    return {name: others.get(name, row.raw_object) for name in values(row)}


def by_the_rule(files: Iterable[File]) -> Fields:
    """Each field of the newest report that has it; a follower of the newest report that has its lead."""
    keyed = [
        ((file.received if report.inserted is None else report.inserted, number, place), report.fields)
        for number, file in enumerate(files)
        for place, report in enumerate(file.reports)
    ]
    newest_first = [fields for _, fields in sorted(keyed, key=lambda each: each[0], reverse=True)]

    def newest(name: str) -> float | None:
        lead = LEADS.get(name)
        if lead and (leading := next((fields for fields in newest_first if fields.get(lead) is not None), None)):
            return leading.get(name)
        return next((fields[name] for fields in newest_first if fields.get(name) is not None), None)

    names = {name for fields in newest_first for name in fields}
    return {name: value for name in names if (value := newest(name)) is not None}


some_fields: st.SearchStrategy[Fields] = st.fixed_dictionaries(
    {},
    optional={
        "t": st.none() | st.sampled_from([280, 281.5]),
        "pmer": st.none() | st.sampled_from([101000, 101500]),
        "ff": st.none() | st.sampled_from([3, 4]),
        "dd": st.none() | st.sampled_from([90, 180]),
        "rafper": st.none() | st.sampled_from([7, 8]),
        "per": st.none() | st.sampled_from([10, 60]),
        "n": st.none() | st.sampled_from([101, 50]),
        "rr3": st.none() | st.sampled_from([-0.1, 0, 2]),
    },
)
some_reports = st.builds(Report, some_fields, st.none() | st.integers(0, 6))
some_files = st.lists(
    st.tuples(st.lists(some_reports, min_size=1, max_size=3), st.integers(0, 6)), min_size=1, max_size=4
).map(lambda files: [File(reports, received) for reports, received in sorted(files, key=lambda file: file[1])])


@settings(deadline=None, max_examples=400)
@given(some_files)
def test_every_field_is_the_newest_value_that_is_there(files: list[File]) -> None:
    assert values(row_of(merged(files))) == by_the_rule(files)


@settings(deadline=None, max_examples=200)
@given(some_files, st.data())
def test_a_report_said_again_changes_nothing(files: list[File], data: st.DataObject) -> None:
    newest = max((file for file in files), key=lambda file: file.received)
    again = data.draw(st.sampled_from(newest.reports))
    plain = [file._replace(reports=[report._replace(inserted=None) for report in file.reports]) for file in files]
    once = merged(plain)
    last = plain[-1].reports[-1]
    twice = merged([*plain, File([last], plain[-1].received + 1)])
    assert (row_of(twice), twice.field_sources) == (row_of(once), once.field_sources)
    same_key = merged([*files, File([again], newest.received)])
    assert values(row_of(same_key)) == by_the_rule([*files, File([again], newest.received)])


@settings(deadline=None, max_examples=200)
@given(some_files)
def test_no_report_empties_a_field_that_follows_no_other(files: list[File]) -> None:
    known: set[str] = set()
    for count in range(1, len(files) + 1):
        now = set(values(row_of(merged(files[:count])))) - LEADS.keys()
        assert known <= now
        known = now


@settings(deadline=None, max_examples=200)
@given(some_files, some_fields)
def test_the_newest_report_stands_in_all_that_it_says(files: list[File], said: Fields) -> None:
    row = values(row_of(merged([*files, File([Report(said)], 9)])))
    for name, value in said.items():
        if value is not None and (name not in LEADS or said.get(LEADS[name]) is not None):
            assert row[name] == value


@settings(deadline=None, max_examples=200)
@given(some_files)
def test_a_missing_value_is_as_good_as_an_absent_column(files: list[File]) -> None:
    absent = [
        File([Report({k: v for k, v in fields.items() if v is not None}, at) for fields, at in reports], received)
        for reports, received in files
    ]
    assert _all_of(merged(files)) == _all_of(merged(absent))


@settings(deadline=None, max_examples=200)
@given(some_files)
def test_every_value_names_an_object_that_holds_it(files: list[File]) -> None:
    staged = merged(files)
    said = values(row_of(staged))
    for name, source in sources(staged).items():
        assert said[name] in [report.fields.get(name) for report in files[int(source, 16)].reports]


@settings(deadline=None, max_examples=200)
@given(some_files)
def test_a_pair_is_from_one_report(files: list[File]) -> None:
    row = values(row_of(merged(files)))
    for follower, lead in LEADS.items():
        if follower in row:
            together = [
                (report.fields.get(lead), report.fields.get(follower)) for file in files for report in file.reports
            ]
            assert (row.get(lead), row[follower]) in together


@settings(deadline=None, max_examples=200)
@given(some_files)
def test_the_row_names_the_newest_object_that_a_value_is_from(files: list[File]) -> None:
    staged = merged(files)
    if named := set(sources(staged).values()):
        assert row_of(staged).raw_object == max(named)
        assert row_of(staged).raw_object not in staged.field_sources.get(NICE, {}).get(TIME, {}).values()


@settings(deadline=None, max_examples=300)
@given(some_files)
def test_the_counts_of_every_object_add_up(files: list[File]) -> None:
    staged = merged(files)
    assert [(count.read, count.unaccounted) for count in staged.counts.values()] == [(len(f.reports), 0) for f in files]
    assert all(getattr(count, name) >= 0 for count in staged.counts.values() for name in OUTCOMES)


@settings(deadline=None, max_examples=300)
@given(some_files)
def test_what_one_object_says_and_another_overrules_is_superseded(files: list[File]) -> None:
    """Where keys are times of receipt, and nothing follows from another value."""
    told: list[Fields] = [
        {name: value for name, value in file.reports[0].fields.items() if value is not None and name not in LEADS}
        for file in files
    ]
    staged = merged(File([Report(said)], file.received) for said, file in zip(told, files, strict=True))
    row = values(row_of(staged))
    for said, count in zip(told, staged.counts.values(), strict=True):
        assert said.items() <= row.items() or count.superseded == 1


def report(received: int, inserted: int | None = None, /, **fields: float | None) -> File:
    return File([Report(dict(fields), inserted)], received)


@pytest.mark.parametrize(
    ("files", "row", "others", "counts"),
    [
        pytest.param(
            [report(0, pmer=101500, ff=3.4, t=296.85, rr3=2.0), report(1, ff=3.4, t=296.85)],
            {"pmer": 101500, "ff": 3.4, "t": 296.85, "rr3": 2.0},
            {},
            [{"kept": 1}, {"unchanged": 1}],
            id="fewer columns",
        ),
        pytest.param(
            [report(0, t=285.05, pmer=99000, rr3=0.0), report(1, t=285.05, pmer=None, rr3=0.0, n=50)],
            {"t": 285.05, "pmer": 99000, "rr3": 0.0, "n": 50},
            {"pmer": 0},
            [{"kept": 1}, {"completed": 1}],
            id="two that complete each other",
        ),
        pytest.param(
            [report(0, t=280, n=50), report(1, t=281)],
            {"t": 281, "n": 50},
            {"n": 0},
            [{"superseded": 1}, {"replaced": 1}],
            id="a correction of one value",
        ),
        pytest.param(
            [report(0, t=280), report(1, t=280), report(2, t=281)],
            {"t": 281},
            {},
            [{"superseded": 1}, {"superseded": 1}, {"replaced": 1}],
            id="all that said it are superseded",
        ),
        pytest.param(
            [report(0, t=280), report(1, t=280, n=50), report(2, n=60)],
            {"t": 280, "n": 60},
            {"t": 1},
            [{"kept": 1}, {"superseded": 1}, {"replaced": 1}],
            id="what a report did not say is not overruled in it",
        ),
        pytest.param(
            [report(0, ff=3, dd=180), report(1, ff=4)],
            {"ff": 4},
            {},
            [{"superseded": 1}, {"replaced": 1}],
            id="no old direction beside a new speed",
        ),
        pytest.param(
            [report(0, ff=3, dd=180), report(1, dd=90)],
            {"ff": 3, "dd": 180},
            {},
            [{"kept": 1}, {"outdated": 1}],
            id="no new direction beside an old speed",
        ),
        pytest.param(
            [report(0, n=101, rr3=-0.1), report(1, n=50)],
            {"n": 50, "rr3": -0.1},
            {"rr3": 0},
            [{"superseded": 1}, {"replaced": 1}],
            id="flags are of the merged values",
        ),
        pytest.param(
            [report(0, 7, t=281), report(1, 5, t=280)],
            {"t": 281},
            {},
            [{"kept": 1}, {"outdated": 1}],
            id="inserted before",
        ),
        pytest.param(
            [report(0, 5, t=280), report(1, 7, t=281)],
            {"t": 281},
            {},
            [{"outdated": 1}, {"replaced": 1}],
            id="inserted later",
        ),
        pytest.param(
            [report(0, 7, t=281), report(1, 5, t=280, n=50)],
            {"t": 281, "n": 50},
            {"t": 0},
            [{"kept": 1}, {"completed": 1}],
            id="inserted before, but fills a gap",
        ),
        pytest.param(
            [report(0, 5, t=280), report(1, 9, t=280), report(2, 7, t=281)],
            {"t": 280},
            {},
            [{"kept": 1}, {"unchanged": 1}, {"outdated": 1}],
            id="said again later than what comes last",
        ),
        pytest.param(
            [report(3, 2, t=280), report(4, t=281), report(5, 1, t=282)],
            {"t": 281},
            {},
            [{"superseded": 1}, {"replaced": 1}, {"outdated": 1}],
            id="one that does not tell was made when it was received",
        ),
        pytest.param(
            [report(0, t=None, pmer=None), report(1, t=280)],
            {"t": 280},
            {},
            [{"kept": 1}, {"completed": 1}],
            id="a report of nothing",
        ),
    ],
)
def test_of_several_reports(
    files: list[File], row: Mapping[str, float], others: Mapping[str, int], counts: list[dict[str, Any]]
) -> None:
    staged = merged(files)
    assert values(row_of(staged)) == row == by_the_rule(files)
    assert staged.field_sources.get(NICE, {}).get(TIME, {}) == {name: f"{n:016x}" for name, n in others.items()}
    assert _outcomes(staged) == [RecordCounts(read=1, **count) for count in counts]


def test_bytes_that_are_said_again_count_from_then_on() -> None:
    """Independent of their upstream insertion: they were posted after others had overruled them."""
    files = [report(1, t=281), report(2, 0, t=280)]
    (first, wrong), (second, right) = objects(files)
    assert row_of(stage([(first, wrong), (second, right)])).t == 281
    again = msgspec.structs.replace(second, said_again=True)
    assert row_of(stage([(first, wrong), (again, right)])).t == 280


def test_an_insert_time_that_cannot_be_read_is_not_given() -> None:
    record = json.dumps({"numer_sta": NICE, "date": "2023-12-01T06:00:00Z", "t": 280, "insert_time": "soon"}).encode()
    obj = msgspec.structs.replace(raw_object(name="f" * 16), received=_minutes(1))
    staged = stage([*objects([report(0, t=281)]), (obj, cut(b"[" + record + b"]")), *objects([report(2, 1, t=282)])])
    assert row_of(staged).t == 282


def _all_of(staged: StagedMonth) -> tuple[Any, ...]:
    return row_of(staged), staged.field_sources, _outcomes(staged)


def _outcomes(staged: StagedMonth) -> list[RecordCounts]:
    """The counts of every object, in order of receipt, but for what its columns lack."""
    return [msgspec.structs.replace(count, missing={}) for count in staged.counts.values()]


def _record(report: Report) -> bytes:
    told = {} if report.inserted is None else {"insert_time": _minutes(report.inserted).isoformat()}
    return json.dumps({"numer_sta": NICE, "date": "2023-12-01T06:00:00Z", **told, **report.fields}).encode()


def _minutes(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)
