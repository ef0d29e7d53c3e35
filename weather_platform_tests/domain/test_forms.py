"""Every published form of the same observations is read to the same observations."""

import gzip
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from weather_platform.domain.fields import MEASURED, RAIN_FIELDS, SKY_HIDDEN_PERCENT, Observation
from weather_platform.domain.parsing import Parsed, parse
from weather_platform.domain.record_files import cut
from weather_platform.domain.staging import stage
from weather_platform.domain.unpacking import unpack
from weather_platform_tests import real_months, sample_months
from weather_platform_tests.domain import forms
from weather_platform_tests.real_months import Record, raw_object


def read(body: bytes) -> dict[str, list[Observation]]:
    """The observations in a file, independent of its name; every record must be readable."""
    files = [cut(b"".join(member.chunks)) for member in unpack("nothing-to-go-by", io.BytesIO(body))]
    assert {type(item) for file in files for item in parse(file)} == {Parsed}
    return stage((raw_object(), file) for file in files).rows


@pytest.fixture(scope="module")
def a_winter_and_a_summer_day() -> list[Record]:
    """All stations on the last day of 2023 and on 15 August, with every slot from 21 UTC on, under a sky of clouds."""
    days = ("2023-12-31", "2023-08-15", "2023-08-14T21")
    months = [*sample_months.records("2023-12"), *sample_months.records("2023-08")]
    return [
        under_a_sky(n, record)
        for n, record in enumerate(record for record in months if record["date"].startswith(days))
    ]


def under_a_sky(n: int, record: Record) -> Record:
    """The record with the clouds, weather and codes that the sample leaves out: none, few, many and a hidden sky."""
    sky = {
        "n": (None, 0, 75, SKY_HIDDEN_PERCENT)[n % 4],
        "w1": "2",
        "w2": "0",
        "nbas": 6,
        "hbas": 600,
        "cl": "35",
        "cm": "20",
        "ch": "10",
        "nnuage1": 1,
        "ctype1": "6",
        "hnuage1": 660,
        "phenspe1": "90760",
        "tw": 281.4,
        "sw": "0",
    }
    return {**record, **(sky if n % 4 else {"n": sky["n"]})}


def as_observed(record: Record) -> tuple[Any, ...]:
    """What the flat record says by column: codes are numbers, a gust's period has no sign, traces and skies a flag."""
    values = {field.name: record[field.name] for field in MEASURED}
    for code in ("cod_tend", "ww"):
        values[code] = None if values[code] is None else int(values[code])
    values["per"] = None if values["per"] is None else abs(values["per"])
    traces = [values[name] == -0.1 for name in RAIN_FIELDS]
    values |= {name: 0 for name, trace in zip(RAIN_FIELDS, traces, strict=True) if trace}
    hidden = values["n"] == SKY_HIDDEN_PERCENT
    values["n"] = None if hidden else values["n"]
    values["date"] = datetime.fromisoformat(record["date"]).replace(tzinfo=None)
    values |= {"n_hidden": hidden, "rr_trace": sum(1 << bit for bit, trace in enumerate(traces) if trace)}
    values |= {"numer_sta": record["numer_sta"], "raw_object": raw_object().name}
    return tuple(values[name] for name in Observation._fields)


@pytest.mark.parametrize("form", forms.FORMS)
def test_every_form_is_read_to_the_same_observations(form: str, a_winter_and_a_summer_day: list[Record]) -> None:
    expected: dict[str, list[tuple[Any, ...]]] = {}
    for record in sorted(a_winter_and_a_summer_day, key=lambda record: (record["numer_sta"], record["date"])):
        expected.setdefault(record["numer_sta"], []).append(as_observed(record))
    body = forms.FORMS[form](a_winter_and_a_summer_day)
    for as_sent in (body, gzip.compress(body, 1)):
        assert read(as_sent) == expected


def test_a_zip_of_several_forms_is_read_whole(a_winter_and_a_summer_day: list[Record]) -> None:
    write = forms.FORMS
    winter = [r for r in a_winter_and_a_summer_day if r["date"].startswith("2023-12")]
    summer = [r for r in a_winter_and_a_summer_day if r["date"].startswith("2023-08")]
    archive = forms.zipped(
        {
            "winter.txt": write["v1 answer"](winter),
            "summer/list.json": gzip.compress(write["monthly archive"](summer)),
            "__MACOSX/._winter.txt": b"\0\x05\x16\x07",
            ".DS_Store": b"\0",
        }
    )
    assert read(archive) == read(write["v2.1 export"](a_winter_and_a_summer_day))


def test_the_headers_of_the_forms_are_those_of_real_files(real_data: Path) -> None:
    with gzip.open(real_data / "opendatasoft-export" / "ods-export-nice-2023-07-to-2025-08.csv.gz") as file:
        assert file.readline().strip().removeprefix(b"\xef\xbb\xbf") == forms.EXPORT_HEADER
    real = (real_data / "samples" / "meteofrance-annual-synop_2026-two-rows.csv").read_bytes().splitlines()[0]
    assert forms.annual_csv(sample_months.records("2023-12", ("07690",))).splitlines()[0] == real
    real = real_months.archive(real_data, "2023-12").splitlines()[0]
    assert sample_months.archive("2023-12", ("07690",)).splitlines()[0] == real


def test_a_real_export_equals_the_archive_in_every_field(real_data: Path) -> None:
    path = real_data / "opendatasoft-export" / "ods-export-nice-2023-07-to-2025-08.csv.gz"
    exported = {row.date: row for row in read(path.read_bytes())["07690"]}
    assert len(exported) == 6_231
    months = ("2023-08", "2023-09", "2023-10", "2023-11", "2023-12")
    archived = [row for month in months for row in real_months.staged(real_data, month).rows["07690"]]
    common = [row for row in archived if row.date in exported]
    assert common == [exported[row.date] for row in common]
    assert len(common) == 1_223  # with July 2023 and December 2024, whose archive files are not here, it was 1,711


def test_the_record_of_an_old_api_is_read_in_every_field(real_data: Path) -> None:
    body = (real_data / "samples" / "ods-v1-record-tours-2010-12-21T18.json").read_bytes()
    (observation,) = read(body)["07240"]
    assert observation._asdict() == {
        **dict.fromkeys(Observation._fields),
        "numer_sta": "07240",
        "date": observation.date,
        "raw_object": raw_object().name,
        "n_hidden": 0,
        "rr_trace": 0,
        "pmer": 100030,
        "tend": -30,
        "cod_tend": 5,
        "dd": 70,
        "ff": 2.1,
        "t": 279.65,
        "td": 279.05,
        "u": 96,
        "vv": 5000,
        "ww": 2,
        "n": 100,
        "pres": 98690,
        "tn12": 279.55,
        "tx12": 280.35,
        "rafper": 3.1,
        "per": 10,
        "rr1": 0,
        "rr3": 0.4,
        "rr12": 4,
    }
    assert observation.date.isoformat() == "2010-12-21T18:00:00"


def test_two_rows_of_the_annual_archive_are_read_in_every_field(real_data: Path) -> None:
    rows = read((real_data / "samples" / "meteofrance-annual-synop_2026-two-rows.csv").read_bytes())["07510"]
    measured = [field.name for field in MEASURED]
    expected = {
        **dict.fromkeys(measured),
        "pmer": 102150,
        "tend": -110,
        "cod_tend": 8,
        "dd": 130,
        "ff": 2.9,
        "t": 270.45,
        "td": 270.15,
        "u": 98,
        "vv": 150,
        "ww": 49,
        "pres": 101530,
        "raf10": 4.4,
        "rafper": 4.4,
        "per": 10,
        "ht_neige": 0,
        "rr1": 0,
        "rr3": 0,
        "rr6": 0,
        "rr12": 0,
        "rr24": 0.2,
    }
    assert {name: getattr(rows[0], name) for name in measured} == expected
    assert [(row.date.isoformat(), row.n, row.n_hidden) for row in rows] == [
        ("2026-01-01T00:00:00", None, 1),
        ("2026-01-01T03:00:00", None, 1),
    ]
