"""From a received file to documents: months in any order, once or twice, corrected or broken, end the same."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from weather_platform.domain.climate.overrides import COLUMNS, Override
from weather_platform.domain.climate.screening import Flag
from weather_platform.domain.errors import BadInput, Overtaken
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.parts import ALL_STATIONS, StationRange
from weather_platform.domain.provenance import ETALAB, UNPLACED, Provenance
from weather_platform.domain.staging import stage
from weather_platform.domain.stations import STATIONS
from weather_platform.intake import Stored, receive
from weather_platform.pipeline import (
    RawMonth,
    Stores,
    curate_month,
    documents,
    month_figures,
    month_sheets,
    quarantine_unplaced,
    stage_month,
    store_documents,
    store_sheets,
    store_staged,
)
from weather_platform.sources.sample import SampleSource
from weather_platform.storage.month_climate import MonthClimate
from weather_platform_tests import layers, real_months, sample_months
from weather_platform_tests.domain import reckoning
from weather_platform_tests.domain.broken import record
from weather_platform_tests.observations import NICE, NOWHERE

A_THIRD = tuple(STATIONS)[::3]
"""Of the stations, for speed."""
NOVEMBER, DECEMBER, JANUARY, FEBRUARY = Month(2023, 11), Month(2023, 12), Month(2024, 1), Month(2024, 2)
EVE_MM = (0, 1.6, 10.9, 1, 0, 0.4, 0)
"""As measured in NICE on 31 December 2023, from 03 to 21 UTC."""
FROM_2010 = Partitions(Month(2010, 1))
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)


def take_in(
    stores: Stores, body: bytes, received: datetime = NOON, name: str = "file.json", *, synthetic: bool = False
) -> list[Stored]:
    provenance = Provenance(source="upload", name=name, licence=ETALAB, synthetic=synthetic)
    return receive(stores.raw, body, provenance, FROM_2010, received)


def process(stores: Stores, *months: Month) -> None:
    for month in months:
        stage_month(stores, month)
        curate_month(stores, month)


def load(stores: Stores, body: bytes, received: datetime = NOON, *, synthetic: bool = False) -> None:
    """Receive a file and process its months."""
    stored = take_in(stores, body, received, synthetic=synthetic)
    process(stores, *sorted({Month.parse(s.object.partition) for s in stored if s.object.partition != UNPLACED}))


def report(time: str, station_id: str = NICE, **values: Any) -> bytes:
    return record(**{"numer_sta": station_id, "date": f"{time}:00:00Z", "t": None, **values})


def array(*records: bytes) -> bytes:
    return b"[" + b",".join(records) + b"]"


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """The embedded layers, empty."""
    with layers.opened(layers.embedded(tmp_path)) as opened:
        yield opened


@pytest.fixture(params=["embedded", "on servers"])
def everywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """The layers, empty, embedded and on real servers."""
    if request.param == "embedded":
        with layers.opened(layers.embedded(tmp_path)) as opened:
            yield opened
    else:
        with layers.on_servers(request, tmp_path) as environment, layers.opened(environment) as opened:
            yield opened


@pytest.mark.slow
def test_months_in_no_order_end_as_a_second_reckoning_says_on_servers_too(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    autumn = ["2023-10", "2023-11", "2023-12"]
    bodies = {month: sample_months.archive(month, A_THIRD) for month in autumn}
    with layers.opened(layers.embedded(tmp_path / "embedded")) as stores:
        for month in autumn:
            load(stores, bodies[month])
        state = layers.state(stores)
    staged = [sample_months.staged(month, A_THIRD).rows for month in autumn]
    expected = {s: [row for month in staged for row in month.get(s, ())] for s in sorted(A_THIRD)}
    found = {station_id: [row[:-2] for row in rows] for station_id, rows in state["rows"].items()}
    assert found == {station_id: [row[:-1] for row in rows] for station_id, rows in expected.items()}
    documents = {key: document["metrics"] for key, document in state["documents"].items()}
    wrong = real_months.erroneous(sample_months.publish(tmp_path / "data", autumn, A_THIRD), autumn)
    assert documents == {key: day["metrics"] for key, day in reckoning.documents_of(expected, wrong).items()}
    with layers.on_servers(request, tmp_path / "servers") as environment, layers.opened(environment) as stores:
        for month in ("2023-12", "2023-10", "2023-11", "2023-12"):
            load(stores, bodies[month])
        assert layers.state(stores) == state


@pytest.mark.slow
def test_a_month_that_grew_while_it_was_staged_is_not_written(stores: Stores) -> None:
    load(stores, array(report("2023-12-01T00")))
    seen = stage(RawMonth(stores.raw, DECEMBER))
    take_in(stores, array(report("2023-12-01T03")), NOON + timedelta(hours=1))
    with pytest.raises(Overtaken, match="New observations of 2023-12 arrived while it was staged"):
        store_staged(stores, DECEMBER, seen)
    assert stores.staging.observations(DECEMBER) == {NICE: 1}
    stage_month(stores, DECEMBER)
    assert stores.staging.observations(DECEMBER) == {NICE: 2}


def test_figures_that_another_process_overtook_do_not_become_documents(stores: Stores) -> None:
    """If the other process has only staged, it will still curate; what it curated already must stay."""
    load(stores, array(report("2023-12-01T00", t=280.15)))
    old = documents(month_figures(stores, DECEMBER))
    take_in(stores, array(report("2023-12-01T03", t=290.15)), NOON + timedelta(hours=1))
    stage_month(stores, DECEMBER)
    assert store_documents(stores, old).unchanged == 1
    curate_month(stores, DECEMBER)
    with pytest.raises(Overtaken, match="2023-12 or a neighbour was written by another process"):
        store_documents(stores, old)
    assert [document.metrics.temperature.max for document in stores.curated.find()] == [17.0]


@pytest.fixture
def sheets_made(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> list[Month]:
    """The months whose sheets are made, in order."""
    made: list[Month] = []
    month_climate = stores.staging.month_climate

    def noted(month: Month, stations: StationRange = ALL_STATIONS) -> MonthClimate | None:
        made.append(month)
        return month_climate(month, stations)

    monkeypatch.setattr(stores.staging, "month_climate", noted)
    return made


@pytest.mark.parametrize(("day", "remade"), [(2, [JANUARY, DECEMBER]), (12, [JANUARY]), (31, [JANUARY, FEBRUARY])])
def test_sheets_are_made_again_only_where_their_days_changed(
    stores: Stores, sheets_made: list[Month], day: int, remade: list[Month]
) -> None:
    for month in (DECEMBER, JANUARY, FEBRUARY):
        load(stores, array(report(f"{month}-15T06", t=280)))
    sheets_made.clear()
    load(stores, array(report(f"2024-01-{day:02}T06", t=281)), NOON + timedelta(hours=1))
    assert sorted(sheets_made) == sorted(remade)


def test_sheets_made_before_a_neighbour_was_staged_are_not_stored(stores: Stores) -> None:
    """Its run left them to this one, as they were not there yet."""
    take_in(stores, array(report("2023-12-31T06", t=280)))
    stage_month(stores, DECEMBER)
    made = month_sheets(stores, DECEMBER)
    load(stores, array(report("2024-01-01T06", t=281)))
    with pytest.raises(Overtaken, match="2023-12 or a neighbour was staged again meanwhile"):
        store_sheets(stores, DECEMBER, made)
    assert stores.monthly.months() == [JANUARY]


def test_sheets_that_a_neighbour_made_again_meanwhile_stay(stores: Stores) -> None:
    for month in (DECEMBER, JANUARY):
        load(stores, array(report(f"{month}-15T06", t=280)))
    load(stores, array(report("2024-02-01T06", t=281)))
    take_in(stores, array(report("2023-12-31T06", t=280)), NOON + timedelta(hours=1))
    stage_month(stores, DECEMBER)
    made = month_sheets(stores, DECEMBER)
    assert list(made.by_month) == [DECEMBER, JANUARY]
    curate_month(stores, JANUARY)
    assert sum(store_sheets(stores, DECEMBER, made)) == 1, "that of December alone"


@pytest.mark.parametrize("sample_first", [True, False], ids=["the sample first", "the sample last"])
def test_the_sample_leaves_no_trace_in_a_measured_month(stores: Stores, tmp_path: Path, sample_first: bool) -> None:
    """`make run` loads the sample, independent of what the home holds."""
    measured = sample_months.staged("2023-12", A_THIRD).rows
    steps = [
        partial(load, stores, SampleSource(seed=2).fetch(DECEMBER).body, synthetic=True),
        partial(load, stores, sample_months.archive("2023-12", A_THIRD)),
    ]
    for step in steps if sample_first else reversed(steps):
        step()
    summary = stores.staging.summary(DECEMBER)
    assert (summary.rows_in_tables, summary.synthetic) == (sum(map(len, measured.values())), False)
    found = layers.documents(stores)
    wrong = real_months.erroneous(sample_months.publish(tmp_path / "data", ["2023-12"], A_THIRD), ["2023-12"])
    expected = {key: day["metrics"] for key, day in reckoning.documents_of(measured, wrong).items()}
    assert {key: document["metrics"] for key, document in found.items()} == expected
    assert not any(document["provenance"]["synthetic"] for document in found.values())


_days = st.sampled_from(["2023-11-01", "2023-11-30", "2023-12-01", "2023-12-31", "2024-01-01", "2024-01-31"])
_reports = st.builds(
    lambda day, hour, station, t, rr3: report(f"{day}T{hour:02}", station, t=t, rr3=rr3),
    _days,
    st.sampled_from([0, 3, 21]),
    st.sampled_from([NICE, NOWHERE]),
    st.none() | st.sampled_from([270, 280.5, 1]),
    st.none() | st.sampled_from([-0.1, 2.5]),
)
_files = st.lists(st.lists(_reports, min_size=1, max_size=6), min_size=1, max_size=4)


@settings(deadline=None, max_examples=10, phases=[Phase.reuse, Phase.generate])  # a smaller example takes minutes
@given(files=_files, data=st.data())
def test_months_in_any_order_end_in_the_same_rows_and_documents(
    files: list[list[bytes]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Some also before all files came, and files that come again."""
    months = [NOVEMBER, DECEMBER, JANUARY]
    plain, busy = (layers.embedded(tmp_path_factory.mktemp("any-order")) for _ in range(2))
    with layers.opened(plain) as stores:
        for n, records in enumerate(files):
            take_in(stores, array(*records), NOON + timedelta(minutes=n))
        process(stores, *months)
        expected = layers.state(stores)
    with layers.opened(busy) as stores:
        for n, records in enumerate(files):
            take_in(stores, array(*records), NOON + timedelta(minutes=n))
            process(stores, *data.draw(st.lists(st.sampled_from(months), max_size=2)))
        take_in(stores, array(*data.draw(st.sampled_from(files))), NOON + timedelta(days=1))
        process(stores, *data.draw(st.permutations(months)))
        assert layers.state(stores) == expected


def test_the_same_file_twice_changes_nothing(everywhere: Stores) -> None:
    body = array(report("2023-12-01T00", t=280), report("2023-12-01T03", t=1), report("2023-12-01T06", NOWHERE))
    load(everywhere, body)
    before = (layers.state(everywhere), list(everywhere.curated.find()), everywhere.raw.partitions())
    assert [stored.new for stored in take_in(everywhere, body, NOON + timedelta(days=1), "again.json")] == [False]
    load(everywhere, body, NOON + timedelta(days=2))
    assert (layers.state(everywhere), list(everywhere.curated.find()), everywhere.raw.partitions()) == before


def test_a_corrected_record_replaces_the_first_in_rows_and_documents(everywhere: Stores) -> None:
    reports = report("2023-12-01T00", t=280), report("2023-12-01T03", t=281), report("2023-12-02T00", NOWHERE)
    load(everywhere, array(*reports))
    first = layers.documents(everywhere)
    load(everywhere, array(report("2023-12-01T03", t=291)), NOON + timedelta(days=1))
    second = layers.documents(everywhere)
    assert second.keys() == first.keys()
    assert second[f"{NOWHERE}:2023-12-02"] == first[f"{NOWHERE}:2023-12-02"]
    nice = second[f"{NICE}:2023-12-01"]
    assert (nice["metrics"]["temperature"]["max"], nice["observations"]) == (17.85, 2)
    assert len(nice["provenance"]["raw_objects"]) == 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_reports_complete_each_other_and_a_value_names_its_object(
    everywhere: Stores, order: tuple[int, int]
) -> None:
    bodies = [
        array(report("2023-12-02T00", t=281.25, pmer=101640, rr3=0.6, tn12=279.45, rr12=None)),
        array(report("2023-12-02T00", t=281.25, pmer=101640, rr3=None, tn12=None, rr12=2.2)),
    ]
    for minute, which in enumerate(order):
        load(everywhere, bodies[which], NOON + timedelta(minutes=minute))
    load(everywhere, array(report("2023-12-01T03", t=280)), NOON - timedelta(days=1))
    _, nice = everywhere.staging.rows(STATIONS[NICE])
    said = {name: nice[name] for name in ("t", "pmer", "rr3", "tn12", "rr12")}
    assert said == {"t": 281.25, "pmer": 101640, "rr3": 0.6, "tn12": 279.45, "rr12": 2.2}
    _, first, second = everywhere.raw.objects("2023-12")
    only_first = ("rr3", "tn12") if order == (0, 1) else ("rr12",)
    assert nice["raw_object"] == second.name
    assert everywhere.staging.field_sources(STATIONS[NICE], date(2023, 12, 1), date(2023, 12, 2)) == {
        datetime(2023, 12, 2): dict.fromkeys(only_first, first.name)  # noqa: DTZ001  # as rows tell it
    }
    for day in ("2023-12-01", "2023-12-02"):  # the rain of 00 UTC fell on the day before
        named = everywhere.curated.get(f"{NICE}:{day}").provenance.raw_objects
        assert {first.name, second.name} <= set(named)
    process(everywhere, DECEMBER)
    assert len(everywhere.staging.field_sources(STATIONS[NICE], date(2023, 12, 1), date(2023, 12, 2))) == 1


def test_an_override_changes_a_document_when_its_month_is_made_again(stores: Stores, tmp_path: Path) -> None:
    """273.15 K at noon of an August day is a sensor's zero, until a person says that it was measured."""
    temperatures = {6: 292, 9: 295, 12: 273.15, 15: 297}
    load(stores, array(*(report(f"2023-08-09T{hour:02}", t=kelvin) for hour, kelvin in temperatures.items())))
    lowest = [layers.documents(stores)[f"{NICE}:2023-08-09"]["metrics"]["temperature"]["min"]]
    line = f"{NICE},2023-08-09T12:00,2023-08-09T12:00,t,E2,good,a hailstorm,A. Martin"
    overrides = tmp_path / "qc_overrides.csv"
    for verdicts in (line, line.replace("E2,good", "*,suspect")):
        overrides.write_text(f"{','.join(COLUMNS)}\n{verdicts}\n")
        process(stores, Month(2023, 8))
        lowest.append(layers.documents(stores)[f"{NICE}:2023-08-09"]["metrics"]["temperature"]["min"])
    assert lowest == [18.85, 0.0, 18.85]
    overrides.write_text(f"{','.join(COLUMNS)}\n{line.replace('E2', 'E99')}\n")
    with pytest.raises(BadInput, match=rf"{overrides}: Line 2: 'E99' is not a rule"):
        curate_month(stores, Month(2023, 8))


def test_flags_stand_beside_the_values_until_these_are_staged_again(everywhere: Stores) -> None:
    temperatures = {6: 292, 9: 295, 12: 273.15, 15: 297}
    load(everywhere, array(*(report(f"2023-08-09T{hour:02}", t=kelvin) for hour, kelvin in temperatures.items())))
    spike = Flag(
        station_id=NICE,
        time=datetime(2023, 8, 9, 12),  # noqa: DTZ001  # as rows tell it
        field="t",
        rule="E2",
        verdict="erroneous",
        version=1,
    )
    of_nice = partial(everywhere.staging.flags, STATIONS[NICE], date(2023, 8, 9), date(2023, 8, 9))
    assert of_nice() == [spike]
    everywhere.staging.flagging.keep(
        Override(
            station_id=NICE,
            first=spike.time,
            last=spike.time,
            field="t",
            rule="E2",
            verdict="good",
            reason="hail",
            who="A. Martin",
        )
    )
    curate_month(everywhere, Month(2023, 8))
    assert of_nice() == [msgspec.structs.replace(spike, verdict="good", reason="hail", who="A. Martin")]
    document = layers.documents(everywhere)[f"{NICE}:2023-08-09"]
    assert (document["metrics"]["temperature"]["min"], document["flagged"]["erroneous"]) == (0.0, 0)
    stage_month(everywhere, Month(2023, 8))
    assert of_nice() == []


def test_a_late_file_that_was_received_first_does_not_win(stores: Stores) -> None:
    """The time of receipt counts, not that of staging."""
    load(stores, array(report("2023-12-01T00", t=291)), NOON)
    load(stores, array(report("2023-12-01T00", t=280)), NOON - timedelta(days=1))
    assert layers.documents(stores)[f"{NICE}:2023-12-01"]["metrics"]["temperature"]["max"] == 17.85


@pytest.mark.parametrize("order", [("2023-12", "2024-01"), ("2024-01", "2023-12")])
def test_the_rain_of_new_years_eve_is_complete_when_january_is_loaded(
    everywhere: Stores, order: tuple[str, ...]
) -> None:
    """7 readings of December make 13.9 mm; the eighth ends the day at 00 UTC of 1 January."""
    december = [report(f"2023-12-31T{hour:02}", rr3=rr3) for hour, rr3 in zip(range(3, 24, 3), EVE_MM, strict=True)]
    january = array(report("2024-01-01T00", rr3=12.5), report("2024-01-01T03", rr3=5))
    bodies = {"2023-12": array(*december), "2024-01": january}
    for month in order:
        load(everywhere, bodies[month])
    found = {key: document for key, document in layers.documents(everywhere).items() if key >= f"{NICE}:2023-12-31"}
    not_whole = {"rr": None, "rr_method": "missing"}  # the rain of 03 to 06 UTC is not known
    assert {key: document["metrics"]["rainfall"] for key, document in found.items()} == {
        f"{NICE}:2023-12-31": {"total": 26.4, "max_3h": 12.5, "trace": False, "n": 8, **not_whole, "rr_known": 29.8},
        f"{NICE}:2024-01-01": {"total": 5.0, "max_3h": 5.0, "trace": False, "n": 1, **not_whole, "rr_known": None},
    }
    assert len(found[f"{NICE}:2023-12-31"]["provenance"]["raw_objects"]) == 2


def test_records_of_no_month_are_shown_in_the_quarantine(stores: Stores) -> None:
    early, untimed, broken = report("2009-12-31T21"), record(date="soon"), b'{"t":'
    take_in(stores, b"\n".join([early, untimed, broken, report("2023-12-01T00")]))
    quarantine_unplaced(stores, FROM_2010)
    found = [(row["position"], row["reason"], row["record"].encode()) for row in stores.staging.quarantine(UNPLACED)]
    assert found == [(1, "outside_partitions", early), (2, "unreadable_date", untimed), (3, "not_a_record", broken)]
    assert stores.staging.stations() == {}


def test_a_record_stays_in_the_quarantine_until_a_partition_has_it(stores: Stores) -> None:
    """The first month was moved: the record's month is a partition now, but the record is not placed yet."""
    early = report("2009-12-31T21", t=280)
    (unplaced,) = take_in(stores, array(early))
    from_2009 = Partitions(Month(2009, 1))
    quarantine_unplaced(stores, from_2009)
    assert [row["record"].encode() for row in stores.staging.quarantine(UNPLACED)] == [early]
    receive(stores.raw, stores.raw.read(unplaced.object), unplaced.object.provenance, from_2009, NOON)
    quarantine_unplaced(stores, from_2009)
    assert stores.staging.quarantine(UNPLACED) == []
    process(stores, Month(2009, 12))
    assert list(layers.documents(stores)) == [f"{NICE}:2009-12-31"]


@pytest.mark.parametrize(
    ("mark", "origin", "synthetic"),
    [(True, False, True), (False, False, False), (..., False, False), (..., True, True)],
)
def test_a_synthetic_record_marks_its_month_and_its_documents(
    stores: Stores, mark: object, origin: bool, synthetic: bool
) -> None:
    take_in(stores, array(report("2023-12-01T00", synthetic=mark), report("2023-11-01T00")), synthetic=origin)
    process(stores, NOVEMBER, DECEMBER)
    marks = {key: document["provenance"]["synthetic"] for key, document in layers.documents(stores).items()}
    assert marks == {f"{NICE}:2023-12-01": synthetic, f"{NICE}:2023-11-01": origin}
    assert stores.staging.summary(DECEMBER).synthetic is synthetic


def test_synthetic_rain_of_january_marks_new_years_eve(stores: Stores) -> None:
    load(stores, array(report("2023-12-31T21", rr3=1)))
    load(stores, array(report("2024-01-01T00", rr3=1, synthetic=True)))
    assert layers.documents(stores)[f"{NICE}:2023-12-31"]["provenance"]["synthetic"]


def test_a_month_without_records_has_neither_rows_nor_documents(stores: Stores) -> None:
    load(stores, array(report("2023-12-05T00", t=280)))
    stage_month(stores, JANUARY)
    assert curate_month(stores, JANUARY) == (0, 0, 0)
    assert stores.staging.summary(JANUARY).rows_in_tables == 0
    assert len(layers.documents(stores)) == 1


@pytest.mark.parametrize("months", [(NOVEMBER, DECEMBER), (DECEMBER, NOVEMBER)])
def test_documents_count_the_flags_of_staging(stores: Stores, months: tuple[Month, Month]) -> None:
    """Of a thermometer that is stuck over the turn of the month, and of one value that stands out."""
    start = datetime(2023, 11, 30, 9, tzinfo=UTC)
    stuck = [report(f"{start + timedelta(hours=3 * n):%Y-%m-%dT%H}", t=280.15) for n in range(10)]
    spike = [report(f"2023-12-05T{hour:02}", t=kelvin) for hour, kelvin in ((6, 280), (9, 295), (12, 281))]
    bodies = {NOVEMBER: array(*stuck[:5]), DECEMBER: array(*stuck[5:], *spike)}
    for month in months:
        load(stores, bodies[month])
    flags = Counter((flag.time.date().isoformat(), flag.verdict) for flag in stores.staging.flagging.find())
    assert flags == {
        ("2023-11-30", "suspect"): 5,
        ("2023-12-01", "suspect"): 5,
        ("2023-12-05", "erroneous"): 1,
    }
    assert {
        (document.period, verdict): count
        for document in stores.curated.find()
        for verdict, count in msgspec.structs.asdict(document.flagged).items()
        if count
    } == flags


def test_a_day_and_a_month_name_the_objects_of_the_next_month(stores: Stores) -> None:
    """The rain of New Year's Eve is reported at 06 UTC of 1 January."""
    load(stores, array(report("2023-12-31T18", t=280)))
    load(stores, array(report("2024-01-01T06", rr24=1.2), report("2024-01-01T09", t=280)))
    names = [raw.name for month in (DECEMBER, JANUARY) for raw in stores.raw.objects(str(month))]
    eve, new_year = stores.curated.find()
    assert (eve.metrics.rainfall.rr, eve.provenance.raw_objects) == (1.2, sorted(names))
    assert new_year.provenance.raw_objects == names[1:]
    december, january = stores.monthly.find()
    assert (december.rr.total, december.raw_objects, january.raw_objects) == (1.2, tuple(sorted(names)), (names[1],))
