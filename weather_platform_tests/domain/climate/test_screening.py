"""Quality control: the wrong readings of the real months are found, true weather stays, and hands may overrule."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.climate.columns import GRID_FIELDS
from weather_platform.domain.climate.overrides import Override, read_overrides, write_overrides
from weather_platform.domain.climate.quality_page import as_tables
from weather_platform.domain.climate.rules import RULES
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.stations import STATIONS
from weather_platform_tests.domain.climate import archive
from weather_platform_tests.domain.climate.made import MARCH, Reports, flagged, made_screened

PAGE = (Path(__file__).parents[3] / "docs/quality.md").read_text(encoding="utf-8")


def _found(real_data: Path, month: str) -> set[tuple[str, str, str, str, str]]:
    """Station, day and hour, field, rule, verdict."""
    flags = archive.screened(real_data, month).flags(Stretch.of(Month.parse(month)))
    return {(STATIONS[f.station_id].name, f"{f.time:%d %H}", f.field, f.rule, f.verdict) for f in flags}


REALLY_WRONG = {
    "2023-05": [
        *(("NICE", "23 09", field, "E7") for field in ("rr1", "rr3", "rr6", "rr12", "rr24")),
        ("SAINT GEORGES", "30 21", "td", "E5"),
        ("SAINT GEORGES", "30 21", "u", "E5-dry"),
        ("KERGUELEN", "11 18", "tx12", "E4"),
    ],
    "2023-06": [
        *(
            ("TROYES-BARBEREY", f"20 {hour}", field, "E5")
            for hour in ("00", "03", "06", "09", "12")
            for field in ("td", "u")
        ),
        ("SAINT GEORGES", "02 21", "u", "E2-td"),
        ("SAINT GEORGES", "06 21", "td", "E2-td"),
    ],
    "2023-08": [
        ("MARIGNANE", "09 09", "t", "E2"),
        ("MARIGNANE", "09 09", "td", "E2-td"),
        ("MARIGNANE", "09 09", "u", "E2-td"),
        ("MARIGNANE", "09 18", "tn12", "E4-far"),
    ],
    "2023-09": [
        ("TARBES-OSSUN", "08 18", "tn12", "E4-far"),
        ("BELLE ILE-LE TALUT", "21 09", "td", "E5"),
        ("KERGUELEN", "02 18", "tx12", "E4"),
    ],
    "2023-11": [
        *(
            ("ST-PIERRE", time, "tn24", "E4")
            for time in ("23 18", "24 06", "24 18", "26 18", "27 06", "28 06", "28 18")
        ),
        ("ST-PIERRE", "25 06", "tx24", "E4"),
        ("ORLY", "05 15", "td", "E2-td"),
        *(("NICE", "08 12", field, "E7") for field in ("rr1", "rr3", "rr6", "rr12", "rr24")),
        ("REIMS-PRUNAY", "17 06", "ht_neige", "E6"),
    ],
    "2023-12": [
        ("DIJON-LONGVIC", "19 09", "td", "E2-td"),
        *(("DIJON-LONGVIC", t, "td", "E5") for t in ("20 21", "21 00", "21 03", "21 06", "21 09")),
        ("BOURGES", "11 15", "ht_neige", "E6"),
    ],
}


def test_readings_that_are_really_wrong_are_erroneous(real_data: Path) -> None:
    for month, wrongs in REALLY_WRONG.items():
        expected = {(*wrong, "erroneous") for wrong in wrongs}
        assert expected - _found(real_data, month) == set(), month


def test_all_that_is_flagged_in_the_real_months_has_been_judged(real_data: Path) -> None:
    """A rule that begins to hit elsewhere must be looked at: the page judges every hit."""
    hits = Counter(
        (rule, field, station) for month in archive.MONTHS for station, _, field, rule, _ in _found(real_data, month)
    )
    lines = [
        line.strip("| ").split(" | ")
        for line in PAGE.partition("## Hits")[2].partition("\n## ")[0].splitlines()
        if line.startswith("|")
    ]
    judged = {
        (rule, field, station): int(count)
        for rule, fields, station, count, _ in lines[2:]
        for field in fields.split(", ")
    }
    assert hits == judged


def test_months_that_no_rule_was_set_on_have_no_false_flag(real_data: Path) -> None:
    """NICE, 26 months: the gauge test of 8 November 2023 alone; foehn of 23 March 2024 is dry for one reading."""
    flags = [
        flag
        for month in month_range(Month(2023, 7), Month(2025, 8))
        for flag in archive.nice(real_data, month).flags(Stretch.of(month))
    ]
    assert {(f"{flag.time:%Y-%m-%d %H}", flag.rule) for flag in flags} == {("2023-11-08 12", "E7")}


def test_the_page_shows_the_table_of_rules() -> None:
    assert as_tables() in PAGE


@pytest.mark.parametrize(
    ("reports", "station", "expected"),
    [
        ({"05 06": {"t": -40.1}}, "07690", [("05 06", "t", "E1", "erroneous")]),
        ({"05 06": {"t": 7.9}}, "81405", [("05 06", "t", "E1", "erroneous")]),
        ({"05 06": {"t": -45.0}}, "89642", []),
        ({"05 03": {"t": 10}, "05 06": {"t": 19.1}, "05 09": {"t": 10}}, "07690", [("05 06", "t", "E2", "erroneous")]),
        ({"05 03": {"t": 10}, "05 06": {"t": 19.0}, "05 09": {"t": 10}}, "07690", []),
        ({"05 03": {"t": 10}, "05 06": {"t": 20}, "05 09": {"t": 30}}, "07690", []),
        (
            {"05 15": {"t": 16.5, "td": 12.5}, "05 18": {"t": 16.7, "td": -12.1}, "05 21": {"t": 16.5, "td": 1.7}},
            "07690",
            [("05 18", "td", "E2-td", "erroneous")],
        ),
        (  # NICE 2024-03-23: foehn
            {"05 15": {"t": 16.5, "td": 12.5}, "05 18": {"t": 20.7, "td": -12.1}, "05 21": {"t": 16.5, "td": 1.7}},
            "07690",
            [],
        ),
        ({"05 06": {"tn12": 4.0, "tx12": 4.0}}, "07690", [("05 06", "tn12", "E3", "erroneous")]),
        ({"05 06": {"tn12": 4.6, "t": 4.0}}, "07690", [("05 06", "tn12", "E4", "erroneous")]),
        ({"05 06": {"tn12": 4.5, "t": 4.0}}, "07690", []),
        ({"05 06": {"t": 12.0, "td": 12.1, "u": 100}}, "07690", [("05 06", f, "C3", "erroneous") for f in ("td", "u")]),
        ({"05 06": {"ff": 9.0, "dd": 90, "raf10": 8.9}}, "07690", [("05 06", "raf10", "C3", "erroneous")]),
        ({"05 06": {"ff": 0.6, "dd": 0}}, "07690", [("05 06", "dd", "C3", "erroneous")]),
        ({"05 06": {"ff": 0.5, "dd": 0}}, "07690", []),
        ({"05 06": {"ff": 0.0, "dd": 90}}, "07690", [("05 06", "dd", "C3", "erroneous")]),
        ({"05 06": {"t": 20.0, "td": 10.0, "u": 60}}, "07690", [("05 06", "u", "C4", "suspect")]),
        ({"05 06": {"t": 20.0, "td": 10.0, "u": 53}}, "07690", []),
    ],
)
def test_a_rule_flags_beyond_its_threshold_alone(
    reports: Reports, station: str, expected: list[tuple[str, ...]]
) -> None:
    assert flagged(made_screened(reports, station)) == expected


def test_snow_needs_a_warm_day_to_be_false() -> None:
    warm = {f"{day:02d} {hour:02d}": {"t": 4.1 + hour / 10} for day in (4, 5) for hour in range(0, 24, 3)}
    snow = {**warm, "05 12": {"t": 4.1, "ht_neige": 0.02}}
    assert flagged(made_screened(snow)) == [("05 12", "ht_neige", "E6", "erroneous")]
    assert flagged(made_screened({**snow, "05 03": {"t": 3.0}})) == [("05 12", "ht_neige", "S6", "suspect")]
    assert flagged(made_screened({**snow, "05 03": {"t": 1.0}})) == []
    assert flagged(made_screened({"05 12": {"t": 14.0, "ht_neige": 0.02}})) == []


@pytest.mark.parametrize(("readings", "step_h", "stuck"), [(8, 3, True), (7, 3, False), (20, 1, False), (22, 1, True)])
def test_the_same_value_for_a_day_is_suspect(readings: int, step_h: int, stuck: bool) -> None:
    times = [f"{5 + hour // 24:02d} {hour % 24:02d}" for hour in range(0, readings * step_h, step_h)]
    found = flagged(made_screened({time: {"t": 3.3} for time in times}))
    assert found == ([(time, "t", "S4", "suspect") for time in times] if stuck else [])


def test_sea_level_pressure_is_held_against_the_stations_own() -> None:
    usual: dict[str, dict[str, float]] = {
        f"{day:02d} {hour:02d}": {
            "t": 10.0 + day / 10 + hour / 20,
            "pres": 97_500 + 10 * hour + day,
            "pmer": 101_400 + 10 * hour + day,
        }
        for day in range(5, 9)
        for hour in range(0, 24, 3)
    }
    usual["07 12"]["pmer"] += 200
    assert flagged(made_screened(usual, "07460")) == [("07 12", "pmer", "C2", "suspect")]


_QUOTE = '"'


def _override(**changes: str) -> Override:
    line = {
        "station_id": "07690",
        "first": "2023-03-05T06:00",
        "last": "2023-03-05T06:00",
        "field": "t",
        "rule": "E2",
        "verdict": "good",
        "reason": "a hailstorm, seen",
        "who": "Ada",
    }
    header = ",".join(line)
    (override,) = read_overrides(
        f"{header}\n" + ",".join(f'"{value.replace(_QUOTE, 2 * _QUOTE)}"' for value in {**line, **changes}.values())
    )
    return override


SPIKE: Reports = {"05 03": {"t": 10}, "05 06": {"t": 25}, "05 09": {"t": 10}}


@pytest.mark.parametrize("rule", ["E2", "*"])
def test_a_lifted_flag_stays_with_its_reason_and_its_value_counts(rule: str) -> None:
    screened = made_screened(SPIKE, overrides=[_override(rule=rule, reason="unsure"), _override(rule=rule)])
    (flag,) = screened.flags(Stretch.of(MARCH))
    assert (flag.field, flag.rule, flag.verdict) == ("t", "E2", "good")
    assert (flag.reason, flag.who) == ("a hailstorm, seen", "Ada")
    assert (screened.verdicts, screened.sound("t")[0, screened.grid.column(MARCH.days[4], 6)]) == ({}, 2500)


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": "E1"},
        {"field": "td"},
        {"station_id": "07149"},
        {"last": "2023-03-05T06:00", "first": "2023-03-05T06:00", "field": "u"},
    ],
)
def test_a_decision_about_something_else_lifts_nothing(changes: dict[str, str]) -> None:
    assert flagged(made_screened(SPIKE, overrides=[_override(**changes)])) == [("05 06", "t", "E2", "erroneous")]


def test_a_person_sets_a_flag_and_the_rules_after_it_see_it() -> None:
    by_hand = _override(verdict="erroneous", first="2023-03-05T03:00", last="2023-03-05T03:00")
    screened = made_screened(SPIKE, overrides=[by_hand])
    assert flagged(screened) == [("05 03", "t", "hand", "erroneous")]
    assert [flag.reason for flag in screened.flags(Stretch.of(MARCH))] == ["a hailstorm, seen"]
    assert np.isnan(screened.sound("t")[0, screened.grid.column(MARCH.days[4], 3)])


def test_of_two_decisions_about_a_value_the_later_counts() -> None:
    erroneous, suspect = _override(verdict="erroneous"), _override(verdict="suspect", reason="better so")
    screened = made_screened(SPIKE, overrides=[erroneous, suspect, _override()])
    assert flagged(screened) == [("05 06", "t", "E2", "good"), ("05 06", "t", "hand", "suspect")]
    assert screened.flags(Stretch.of(MARCH))[1].reason == "better so"


def test_overrides_are_read_as_they_are_written() -> None:
    overrides = (_override(), _override(verdict="suspect", rule="*", reason='a "comma", too'))
    assert read_overrides(write_overrides(overrides)) == overrides


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"station_id": "7690"}, "'7690' is not a station"),
        ({"field": "cl"}, "'cl' is not a field"),
        ({"rule": "E9"}, "'E9' is not a rule"),
        ({"verdict": "fine"}, "'fine' is not a verdict"),
        ({"reason": " "}, "the reason or the person is missing"),
        ({"last": "2023-03-04T06:00"}, "is not a period"),
        ({"first": "yesterday"}, "is not a period"),
    ],
)
def test_a_wrong_override_is_refused_with_its_line(changes: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=f"Line 2: .*{says}"):
        _override(**changes)


def test_another_file_is_refused_as_a_file_of_overrides() -> None:
    with pytest.raises(BadInput, match="first line"):
        read_overrides("numer_sta,date\n07690,2023")


def test_every_rule_flags_fields_of_the_grid() -> None:
    assert {field for rule in RULES.values() for field in rule.fields} <= set(GRID_FIELDS)


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from([f"05 {h:02d}" for h in range(24)]),
        st.dictionaries(st.sampled_from([f for f in GRID_FIELDS if f != "rr_trace"]), st.integers(-30, 60)),
        min_size=1,
    )
)
def test_screening_changes_no_value(reports: dict[str, dict[str, float]]) -> None:
    screened = made_screened(reports)
    kept = made_screened(reports).grid.values
    for field in GRID_FIELDS:
        assert np.array_equal(screened.grid.values[field], kept[field], equal_nan=True)
        sound, given_values = screened.sound(field), kept[field]
        assert np.all(np.isnan(sound) | (sound == given_values))
