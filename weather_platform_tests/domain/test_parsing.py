"""How records are read, and why broken ones are refused."""

import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from weather_platform.domain.columns import CELSIUS, Columns
from weather_platform.domain.fields import MEASURED
from weather_platform.domain.parsing import Parsed, Reason, Refusal, columns_of, parse
from weather_platform.domain.record_files import cut
from weather_platform_tests.domain.broken import GOOD, record

MIDNIGHT = datetime(2023, 12, 1, tzinfo=UTC).replace(tzinfo=None)


def one(body: bytes) -> Parsed | Refusal:
    (item,) = parse(cut(body))
    return item


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2023-12-01T00:00:00+00:00", MIDNIGHT),
        ("2023-12-01T00:00:00Z", MIDNIGHT),
        ("2023-12-01T00:00:00.000Z", MIDNIGHT),
        ("2023-12-01T01:00:00+01:00", MIDNIGHT),
        ("2023-11-30T20:00:00-04:00", MIDNIGHT),
        ("2023-12-01T00:00", MIDNIGHT),
        (" 2023-12-01 00:00:00 ", MIDNIGHT),
        ("2023-12-01T00", MIDNIGHT),
        ("20231201000000", MIDNIGHT),
        ("20231201000000.0", MIDNIGHT),
        (20231201000000, MIDNIGHT),
        (20231201000000.0, MIDNIGHT),
        ({"$date": "2023-12-01T00:00:00Z"}, MIDNIGHT),
        ({"$date": 1701388800000}, MIDNIGHT),
        ({"$date": {"$numberLong": "1701388800000"}}, MIDNIGHT),
        ("20231201T000000Z", MIDNIGHT),
        ("2023-07-01T02:00:00+02:00", datetime(2023, 7, 1, tzinfo=UTC)),
        ("2023-10-29T02:00:00+01:00", datetime(2023, 10, 29, 1, tzinfo=UTC)),
        ("2024-02-29T21:00:00Z", datetime(2024, 2, 29, 21, tzinfo=UTC)),
        ("1996-01-01T00:00:00Z", datetime(1996, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_to_utc(written: object, time: datetime) -> None:
    item = one(record(date=written))
    assert isinstance(item, Parsed)
    assert item.place == ("07690", time.replace(tzinfo=None))


@pytest.mark.parametrize(
    "written",
    [
        "2023-12-01",
        "20231201",
        "2023120100",
        "202312010000",
        "2023120112345",
        "2,0231201E+13",
        "1701388800",
        "01/12/2023 00:00",
        "2023-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2023-12-01T25:00:00Z",
        "2023-12-01T00:00:00+99:00",
        "2023-12-01T03:00:00+00:00:30",
        "2023-12-01T03:00:61Z",
        {"$date": "soon"},
        {"$date": {"$numberLong": "soon"}},
        {"$oid": "5f0c1d2e3a4b5c6d7e8f9a0b"},
        "NaT",
        "9999-12-31T23:00:00-05:00",
        "0001-01-01T00:00:00+05:00",
        "1700-01-01T00:00:00Z",
        "yesterday afternoon",
        "",
        202312010000,
        1701388800.0,
        ["2023-12-01T00:00:00Z"],
        True,
        None,
        ...,
    ],
)
def test_a_date_that_is_none_or_lacks_the_hour_is_refused(written: object) -> None:
    item = one(record(date=written))
    assert isinstance(item, Refusal)
    assert (item.reason, item.time) == (Reason.NO_TIME, None)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("07690", "07690"),
        ("7690", "07690"),
        (7690, "07690"),
        (7690.0, "07690"),
        (" 07690 ", "07690"),
        ("7690.0", "07690"),
        ("07690.", "07690"),
        ({"$numberInt": "7690"}, "07690"),
        ({"$numberDouble": "7690.0"}, "07690"),
        ("81401", "81401"),
    ],
)
def test_a_station_number_gets_its_leading_zeros_back(written: object, number: str) -> None:
    item = one(record(numer_sta=written))
    assert isinstance(item, Parsed)
    assert item.place.station_id == number


BROKEN: list[tuple[dict[str, Any], Reason, str]] = [
    ({"numer_sta": None}, Reason.NO_STATION, "the record has no station number"),
    ({"numer_sta": ...}, Reason.NO_STATION, "the record has no station number"),
    ({"numer_sta": "NICE"}, Reason.NO_STATION, "'NICE' is not a WMO station number of five digits"),
    ({"numer_sta": "076900"}, Reason.NO_STATION, "'076900' is not a WMO station number of five digits"),
    ({"numer_sta": 0}, Reason.NO_STATION, "'0' is not a WMO station number of five digits"),
    ({"numer_sta": "00000"}, Reason.NO_STATION, "'00000' is not a WMO station number of five digits"),
    ({"numer_sta": "7690.5"}, Reason.NO_STATION, "'7690.5' is not a WMO station number of five digits"),
    ({"numer_sta": "NA"}, Reason.NO_STATION, "the record has no station number"),
    ({"numer_sta": -7690}, Reason.NO_STATION, "'-7690' is not a WMO station number of five digits"),
    ({"numer_sta": "٠٧٦٩٠"}, Reason.NO_STATION, "'٠٧٦٩٠' is not a WMO station number of five digits"),
    ({"numer_sta": "x`; --"}, Reason.NO_STATION, "'x`; --' is not a WMO station number of five digits"),
    ({"numer_sta": True}, Reason.NO_STATION, "numer_sta is True"),
    ({"numer_sta": ["07690"]}, Reason.NO_STATION, "numer_sta is ['07690']"),
    ({"date": "soon"}, Reason.NO_TIME, "'soon' has no time of day"),
    ({"date": 5}, Reason.NO_TIME, "'5' has no time of day"),
    ({"date": True}, Reason.NO_TIME, "date is True"),
    ({"t": "warm"}, Reason.NOT_A_NUMBER, "t is 'warm'"),
    ({"t": "287,15"}, Reason.NOT_A_NUMBER, "t is '287,15'"),
    ({"t": "2_87"}, Reason.NOT_A_NUMBER, "t is '2_87'"),
    ({"t": True}, Reason.NOT_A_NUMBER, "t is True"),
    ({"t": [287.15]}, Reason.NOT_A_NUMBER, "t is [287.15]"),
    ({"t": {}}, Reason.NOT_A_NUMBER, "t is {}"),
    ({"ww": "fog"}, Reason.NOT_A_NUMBER, "ww is 'fog'"),
    ({"ww": False}, Reason.NOT_A_NUMBER, "ww is False"),
    ({"ww": "1_0"}, Reason.NOT_A_NUMBER, "ww is '1_0'"),
    ({"synthetic": "perhaps"}, Reason.NOT_A_NUMBER, "synthetic is 'perhaps'"),
    ({"t": 14.0}, Reason.IMPOSSIBLE, "t is 14.0, outside 183.15 to 333.15 K"),
    ({"t": "14"}, Reason.IMPOSSIBLE, "t is 14, outside 183.15 to 333.15 K"),
    ({"t": None, "tc": 60.01}, Reason.IMPOSSIBLE, "tc is 60.01, outside -90 to 60 °C"),
    ({"t": "NA", "tc": "-91"}, Reason.IMPOSSIBLE, "tc is -91, outside -90 to 60 °C"),
    ({"pmer": 1013}, Reason.IMPOSSIBLE, "pmer is 1013, outside 86000 to 110000 Pa"),
    ({"rr3": -0.2}, Reason.IMPOSSIBLE, "rr3 is -0.2, outside -0.1 to 800 mm"),
    ({"rr3": -1}, Reason.IMPOSSIBLE, "rr3 is -1, outside -0.1 to 800 mm"),
    ({"n": 102}, Reason.IMPOSSIBLE, "n is 102, outside 0 to 101 %"),
    ({"dd": 361}, Reason.IMPOSSIBLE, "dd is 361, outside 0 to 360 °"),
    ({"dd": 10**30}, Reason.IMPOSSIBLE, f"dd is {10**30}, outside 0 to 360 °"),
    ({"ww": "2.5"}, Reason.IMPOSSIBLE, "ww is 2.5, outside 0 to 511"),
    ({"ww": -1}, Reason.IMPOSSIBLE, "ww is -1, outside 0 to 511"),
]


@pytest.mark.parametrize(("change", "reason", "detail"), BROKEN)
@pytest.mark.parametrize("wrap", ["flat", "v1", "v2.0"])
def test_a_broken_record_is_set_aside_alone(change: dict[str, Any], reason: Reason, detail: str, wrap: str) -> None:
    """First and in the middle, since the first record tells what shape the file has."""
    broken, good = (_wrapped(r, wrap) for r in (record(**change), record()))
    file = cut(b"[" + b",".join([broken, good, broken, good]) + b"]")
    items = list(parse(file))
    time = None if "date" in change else MIDNIGHT
    assert [items[0], items[2]] == [Refusal(n, reason, detail, broken, time) for n in (1, 3)]
    assert [(item.position, item.place.station_id) for item in items if isinstance(item, Parsed)] == [
        (2, "07690"),
        (4, "07690"),
    ]


def _wrapped(raw: bytes, wrap: str) -> bytes:
    if wrap == "v1":
        return b'{"datasetid": "x", "fields": ' + raw + b', "geometry": {}}'
    return b'{"links": [], "record": {"id": "x", "fields": ' + raw + b"}}" if wrap == "v2.0" else raw


@pytest.mark.parametrize(
    ("broken", "detail"),
    [
        (b'{"t":', "no JSON: Input data was truncated"),
        (b'{"t":Nan}', "no JSON: JSON is malformed: invalid character (byte 5)"),
        (b'{"t":1e999}', "no JSON: Number out of range - at `$[...]`"),
        (b'{"nom":"\xff"}', "no JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (
            b'{"x":' + b"[" * 9_999 + b"]" * 9_999 + b"}",
            "no JSON: maximum recursion depth exceeded while deserializing an object",
        ),
        (b"5", "a JSON int instead of a record"),
        (b"null", "a JSON NoneType instead of a record"),
        (b'"NICE"', "a JSON str instead of a record"),
    ],
    ids=lambda value: value[:12].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_an_invalid_record_is_refused_alone(broken: bytes, detail: str) -> None:
    items = list(parse(cut(b"[" + b",".join([record(), broken, record()]) + b"]")))
    assert items[1] == Refusal(2, Reason.NOT_A_RECORD, detail, broken, None)
    assert [type(item) for item in items] == [Parsed, Refusal, Parsed]


def test_records_of_every_shape_may_stand_in_one_file() -> None:
    shapes = [_wrapped(record(t=280 + n), wrap) for n, wrap in enumerate(("flat", "v1", "v2.0", "flat"))]
    items = list(parse(cut(b"\n".join(shapes))))
    assert [item.record.t for item in items if isinstance(item, Parsed)] == [280, 281, 282, 283]


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("t", 287, 287),
        ("t", "287.15", 287.15),
        ("t", "", None),
        ("t", "mq", None),
        ("t", None, None),
        ("t", ..., None),
        ("rr3", -0.1, -0.1),
        ("rr3", "-0.100000", -0.1),
        ("per", -10.0, -10),
        ("n", 101, 101),
        ("ww", "2", 2),
        ("ww", 2, 2),
        ("ww", "18.0", 18),
        ("ww", "", None),
        ("cod_tend", 5.0, 5),
    ],
)
def test_numbers_come_as_numbers_or_text_and_stay_null_where_missing(
    field: str, value: object, read: float | None
) -> None:
    item = one(record(**{field: value}))
    assert isinstance(item, Parsed)
    assert getattr(item.record, field) == read


@pytest.mark.parametrize(
    "word",
    ["NA", "na", "NaN", "nan", "ND", "None", "null", "NULL", "-", " ", "mq", "MQ", "N/A", "<NA>", "Infinity", "-inf"],
)
def test_a_word_for_a_missing_value_is_none(word: str) -> None:
    line = f"07690;2023-12-01T00:00:00Z;287.15;{word};{word};{word}".encode()
    item = one(b"numer_sta;date;t;rr3;ww;tc\n" + line)
    assert isinstance(item, Parsed)
    assert (item.record.t, item.record.rr3, item.record.ww) == (287.15, None, None)
    item = one(record(rr3=word, ww=word))
    assert isinstance(item, Parsed)
    assert (item.record.t, item.record.rr3, item.record.ww) == (287.15, None, None)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "nan", "NA", "None"])
@pytest.mark.parametrize("wrap", ["flat", "v1", "v2.0"])
def test_a_number_that_no_json_may_hold_is_missing(number: str, wrap: str) -> None:
    spoilt = record(rr3=0.2, u=7, nom="NaN, Infinity").replace(b'"u": 7', f'"u": {number}'.encode())
    file = cut(b"[" + _wrapped(spoilt, wrap) + b" , " + _wrapped(record(), wrap) + b"]")
    assert file.is_whole
    assert file.records[0] == _wrapped(spoilt, wrap)
    items = list(parse(file))
    assert [type(item) for item in items] == [Parsed, Parsed]
    assert (items[0].record.u, items[0].record.rr3, items[0].record.nom) == (None, 0.2, "NaN, Infinity")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("values", "kelvin"),
    [
        ({"tc": 27.4}, 300.55),
        ({"tc": 27}, 300.15),
        ({"t": None, "tc": 10.100000000000023}, 283.25),
        ({"t": "NA", "tc": "27.4"}, 300.55),
        ({"t": 280.15, "tc": 27.4}, 280.15),
        ({"t": 280.15, "tc": 999}, 280.15),
        ({"t": 280.15, "tc": "warm"}, 280.15),
        ({"t": 280.15, "tc": None}, 280.15),
        ({"tc": None}, None),
    ],
)
def test_a_temperature_in_celsius_counts_where_there_is_none_in_kelvin(
    values: dict[str, Any], kelvin: float | None
) -> None:
    item = one(record(**{"t": ..., **values}))
    assert isinstance(item, Parsed)
    assert item.record.t == kelvin
    names, cells = ("\t".join(map(str, some)).encode() for some in (values, values.values()))
    item = one(b"numer_sta\tdate\t" + names + b"\n07690\t20231201000000\t" + cells)
    assert isinstance(item, Parsed)
    assert item.record.t == kelvin


def test_every_published_copy_in_celsius_is_read() -> None:
    for name, field in CELSIUS.items():
        item = one(record(**{"t": ..., name: 1.5}))
        assert isinstance(item, Parsed)
        assert getattr(item.record, field.name) == 274.65
    assert set(CELSIUS) >= {"tc", "tn12c", "tn24c", "tx12c", "tx24c"}


@pytest.mark.parametrize(
    ("cell", "read"),
    [("271,95", 271.95), ("271.95", 271.95), (" 271,95 ", 271.95), ('"271,95"', 271.95), ("272", 272)],
)
@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_decimal_comma_is_read_where_commas_part_no_cells(cell: str, read: float, separator: str) -> None:
    item = one(separator.join(["numer_sta", "date", "t\n07149", "2021-01-02T06:00:00Z", cell]).encode())
    assert isinstance(item, Parsed)
    assert item.record.t == read


def test_a_comma_in_a_number_of_a_file_with_commas_is_refused() -> None:
    item = one(b'numer_sta,date,pmer\n07149,2021-01-02T06:00:00Z,"101,560"')
    assert isinstance(item, Refusal)
    assert (item.reason, item.detail) == (Reason.NOT_A_NUMBER, "pmer is '101,560'")


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("NUMER_STA;DATE;T;RR3;WW;TN12", "07690;20231201000000;287.15;0.2;61;280.15"),
        ("geo_id_wmo;name;validity_time;t;rr3;ww;tn12", "07690;NICE;2023-12-01T00:00:00Z;287.15;0.2;61.0;280.15"),
        (
            (
                "ID OMM station;Date;Température;Précipitations dans les 3 dernières heures;Temps présent;"
                "Température minimale sur 12 heures"
            ),
            "07690;2023-12-01T01:00:00+01:00;287.15;0.2;61;280.15",
        ),
        (
            (
                "ID OMM station;Date;Température (°C);Précipitations dans les 3 dernières heures;Temps présent;"
                "Temps présent;Température minimale sur 12 heures (°C)"
            ),
            "07690;2023-12-01T01:00:00+01:00;14.0;0.2;61;Pluie faible;7.0",
        ),
        (
            (
                "ID OMM station;Date;Temps présent;Temps présent;Température....C.;"
                "Precipitations dans les 3 dernieres heures;temperature minimale sur 12 heures"
            ),
            "7690;2023-12-01T01:00:00+01:00;Pluie faible;61;14.0;0.2;280.15",
        ),
        (
            "\ufeffid omm station,Temps passé 1,Temps présent,date,Température,rr3,tn12,tn12c",
            '7690.0,Pluie,61,2023-12-01 00:00:00,287.15,0.2,280.15,"7,0 environ"',
        ),
    ],
    ids=["capitals", "annual archive", "labels", "labels in °C", "labels as R writes them", "mixed"],
)
def test_every_name_of_a_column_is_read(header: str, line: str) -> None:
    item = one(f"{header}\n{line}\n".encode())
    assert isinstance(item, Parsed)
    record = item.record
    assert item.place == ("07690", MIDNIGHT)
    assert (record.t, record.rr3, record.ww, record.tn12) == (287.15, 0.2, 61, 280.15)
    names, values = header.split(";"), line.split(";")
    if len(set(names)) == len(names) > 1:
        item = one(json.dumps([dict(zip(names, values, strict=True))]).encode())
        assert isinstance(item, Parsed)
        assert (item.place, item.record.t) == (("07690", MIDNIGHT), 287.15)


@pytest.mark.parametrize("label", ["Pluie faible", "", "Brouillard"])
def test_the_words_of_a_code_cost_no_measurement(label: str) -> None:
    """An export of chosen columns may hold what a code means, under the label that the code has too, without it."""
    item = one(f"ID OMM station;Date;Temps présent;Température\n07690;20231201000000;{label};287.15\n".encode())
    assert isinstance(item, Parsed)
    assert (item.record.ww, item.record.t) == (None, 287.15)


def test_the_number_of_a_row_is_not_the_cloud_cover() -> None:
    item = one("N°;numer_sta;date;t\n50;07690;20231201000000;287.15".encode())
    assert isinstance(item, Parsed)
    assert (item.record.n, item.record.t) == (None, 287.15)


@pytest.mark.parametrize(
    ("body", "read", "unused"),
    [
        (b"numer_sta;date;t;vent;;t", {"numer_sta", "date", "t"}, ("vent",)),
        (
            "ID OMM station;Date;Etat du sol;Temps présent;Temps présent".encode(),
            {"numer_sta", "date", "ww"},
            ("Etat du sol",),
        ),
        (b'[{"numer_sta":"07690","date":"x","w1":"3"},{"geop":1,"w1":null}]', {"numer_sta", "date"}, ("w1", "geop")),
        (b'{"records":[{"recordid":"x","fields":{"numer_sta":"1","tc":1,"wind":2}}]}', {"numer_sta", "tc"}, ("wind",)),
        (b'{"type":"FeatureCollection","features":[{"properties":{"t":1,"a":2}}]}', {"t"}, ("a",)),
        (b'[{"t":', set(), ()),
        (b"[]", set(), ()),
    ],
)
def test_columns_that_are_not_used_are_told_from_the_others(
    body: bytes, read: set[str], unused: tuple[str, ...]
) -> None:
    assert columns_of(cut(body)) == Columns(frozenset(read), unused)


@pytest.mark.parametrize(
    "change", [{"nom": 5}, {"nom": ["NICE"]}, {"latitude": {}}, {"altitude": True}, {"insert_time": 7}, {"nom": None}]
)
def test_a_bad_description_costs_no_measurement(change: dict[str, Any]) -> None:
    item = one(record(**change))
    assert isinstance(item, Parsed)
    assert item.record.t == 287.15
    assert getattr(item.record, next(iter(change))) is None


def test_a_detail_is_short_for_any_value() -> None:
    item = one(record(t="x" * 100_000))
    assert isinstance(item, Refusal)
    assert len(item.detail) == 300
    assert item.record == record(t="x" * 100_000)


HEADER = b"numer_sta;date;ff;t;nom"


@pytest.mark.parametrize(
    ("header", "line", "found"),
    [
        (HEADER, b"07690;20231201000000;1;287.15;NICE", None),
        (HEADER, b"07690;20231201000000;1;287.15;NICE;", None),
        (HEADER, b'"07690";"20231201000000";"1";"287.15";"NI;CE"', None),
        (HEADER + b";", b"07690;20231201000000;1;287.15;NICE;", None),
        (HEADER + b";", b"07690;20231201000000;1;287.15;NICE", None),
        (HEADER, b"07690;20231201000000;1;287.15", "4 cells under a header of 5"),
        (HEADER + b";", b"07690;20231201000000;1;287.15", "4 cells under a header of 6"),
        (HEADER, b"07690;20231201000000;1;287.15;NI;CE", "6 cells under a header of 5"),
        (HEADER, b'"07690;20231201000000;1;287.15;NICE', "1 cells under a header of 5"),
        (HEADER, b"07690", "1 cells under a header of 5"),
    ],
)
def test_a_line_must_have_a_cell_for_each_column(header: bytes, line: bytes, found: str | None) -> None:
    broken, good = list(parse(cut(header + b"\n" + line + b"\n07690;20231201030000;mq;mq;NICE\n")))
    assert isinstance(good, Parsed)
    if found is None:
        assert isinstance(broken, Parsed)
        assert (broken.record.ff, broken.record.t) == (1, 287.15)
    else:
        assert broken == Refusal(1, Reason.NOT_A_RECORD, found, line, None)


def test_every_measured_field_is_read_from_json() -> None:
    values = {field.name: field.high if field.kind == "measure" else int(field.high) for field in MEASURED}
    item = one(json.dumps({**GOOD, **values}).encode())
    assert isinstance(item, Parsed)
    assert {name: getattr(item.record, name) for name in values} == values


def test_padded_dates_and_numbers_are_not_kept() -> None:
    """4,000 of them with 100 kB of blanks each once stayed in a cache for good."""
    blanks = " " * 100_000
    tracemalloc.start()
    for n in range(200):
        padded = record(numer_sta=f"{blanks}{n + 1}", date=f"{blanks}2023-12-01T{n % 24:02}:00:00Z", ww=f"{n}{blanks}")
        item = one(padded)
        assert isinstance(item, Parsed)
        assert (item.place.station_id, item.time.hour, item.record.ww) == (f"{n + 1:05}", n % 24, n)
        assert isinstance(one(record(date=blanks * 2 + "soon")), Refusal)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 1_000_000
