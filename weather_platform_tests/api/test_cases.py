"""Files as people post them, each with what is right: rows in staging, documents, and the receipt.

No value here was measured.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from weather_platform_tests.api.serving import Api, served, settings_at

ORLY, BORDEAUX, NICE, BREST = "07149", "07510", "07690", "07110"
FEWER = (
    b"numer_sta;date;pmer;ff;t;rr3\n07149;20230310120000;100870;5.2;284.35;1.4\n",
    b"numer_sta;date;ff;t\n07149;20230310120000;5.2;284.35\n",
)
COMPLETING = (
    b"numer_sta;date;t;pmer;rr3;tn12;rr12\n07510;20230412060000;281.25;101640;0.6;279.45;mq\n",
    b"numer_sta;date;t;pmer;rr3;tn12;rr12\n07510;20230412060000;281.25;101640;mq;mq;2.2\n",
)
COMPLETED = {"t": 281.25, "pmer": 101640.0, "rr3": 0.6, "tn12": 279.45, "rr12": 2.2}
WORDS = b"""numer_sta;date;t;rr3;pmer
07149;2021-01-03T00:00:00Z;272.75;NA;NaN
07149;2021-01-03T03:00:00Z;ND;0.0;-
07149;2021-01-03T06:00:00Z;271.15;None;101320
"""
NO_NUMBERS = b"""[{"numer_sta":"07149","date":"2021-01-04T00:00:00Z","t":272.75,"rr3":NaN},
{"numer_sta":"07149","date":"2021-01-04T03:00:00Z","t":Infinity,"rr3":0.0}]"""
COLLECTION = b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[7.2,43.6]},"properties":{"numer_sta":"07690","date":"2019-02-03T09:00:00+00:00","t":285.45}}]}'  # noqa: E501
MONGOEXPORT = b'{"_id":{"$oid":"5f0c"},"numer_sta":"07690","date":{"$date":"2019-02-04T09:00:00Z"},"t":{"$numberDouble":"286.15"},"rr3":{"$numberInt":"0"}}\n'  # noqa: E501


def zipped(members: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return packed.getvalue()


class Case(NamedTuple):
    files: Sequence[tuple[str, bytes]]
    station: str
    day: str
    rows: Mapping[str, Mapping[str, float | None]]
    """By time of day, the fields that have to be so."""
    counts: Mapping[str, Any] = {"kept": 1}
    """Of the last receipt, those that are not 0."""
    look: Mapping[str, Any] = {}
    """Of its first look."""


CASES = {
    "a file with fewer columns": Case(
        [("1.csv", FEWER[0]), ("2.csv", FEWER[1])],
        ORLY,
        "2023-03-10",
        {"12:00": {"pmer": 100870.0, "rr3": 1.4, "t": 284.35}},
        {"unchanged": 1},
    ),
    "messages that complete each other": Case(
        [("1.csv", COMPLETING[0]), ("2.csv", COMPLETING[1])],
        BORDEAUX,
        "2023-04-12",
        {"06:00": COMPLETED},
        {"completed": 1, "missing": {"rr3": 1, "tn12": 1}},
    ),
    "the same the other way round": Case(
        [(f"{n}.csv", COMPLETING[n].replace(b"202304", b"202305")) for n in (1, 0)],
        BORDEAUX,
        "2023-05-12",
        {"06:00": COMPLETED},
        {"completed": 1, "missing": {"rr12": 1}},
    ),
    "degrees Celsius": Case(
        [
            (
                "c.json",
                b'[{"numer_sta":"07690","date":"2018-07-02T12:00:00+00:00","nom":"NICE","tc":27.4,"tx12c":28.9,"u":63}]',
            )
        ],
        NICE,
        "2018-07-02",
        {"12:00": {"t": 300.55, "tx12": 302.05, "u": 63.0}},
    ),
    "labels in degrees Celsius": Case(
        [("l.csv", "ID OMM station;Date;Température (°C)\n07690;2018-07-03T14:00:00+02:00;27.4\n".encode())],
        NICE,
        "2018-07-03",
        {"12:00": {"t": 300.55}},
    ),
    "commas": Case(
        [("comma.csv", b"numer_sta,date,t,rr3\n07149,2021-01-02T00:00:00+00:00,272.75,0.2\n")],
        ORLY,
        "2021-01-02",
        {"00:00": {"t": 272.75, "rr3": 0.2}},
    ),
    "tabs": Case(
        [("tab.tsv", b"numer_sta\tdate\tt\n07149\t2021-02-02T03:00:00+00:00\t272.15\n")],
        ORLY,
        "2021-02-02",
        {"03:00": {"t": 272.15}},
    ),
    "decimal commas": Case(
        [("decimal.csv", b"numer_sta;date;t;rr3\n07149;2021-03-02T06:00:00+00:00;271,95;0,4\n")],
        ORLY,
        "2021-03-02",
        {"06:00": {"t": 271.95, "rr3": 0.4}},
    ),
    "the index column of pandas": Case(
        [("pandas.csv", b",numer_sta,date,t\n0,7149.0,2021-04-02 09:00:00+00:00,272.05\n")],
        ORLY,
        "2021-04-02",
        {"09:00": {"t": 272.05}},
    ),
    "words for what is missing": Case(
        [
            (
                "words.csv",
                WORDS,
            )
        ],
        ORLY,
        "2021-01-03",
        {
            "00:00": {"t": 272.75, "rr3": None, "pmer": None},
            "03:00": {"t": None, "rr3": 0.0, "pmer": None},
            "06:00": {"t": 271.15, "rr3": None, "pmer": 101320.0},
        },
        {"kept": 3, "missing": {"pmer": 2, "t": 1, "rr3": 2}},
    ),
    "NaN and Infinity in JSON": Case(
        [
            (
                "nan.json",
                NO_NUMBERS,
            )
        ],
        ORLY,
        "2021-01-04",
        {"00:00": {"t": 272.75, "rr3": None}, "03:00": {"t": None, "rr3": 0.0}},
        {"kept": 2, "missing": {"t": 1, "rr3": 1}},
    ),
    "GeoJSON": Case([("f.geojson", COLLECTION)], NICE, "2019-02-03", {"09:00": {"t": 285.45}}),
    "mongoexport": Case(
        [("m.json", MONGOEXPORT)],
        NICE,
        "2019-02-04",
        {"09:00": {"t": 286.15, "rr3": 0.0}},
        look={"unused_columns": ["_id"]},
    ),
    "UTF-16": Case(
        [("utf16.csv", "numer_sta;date;t\n07690;20190205090000;285.95\n".encode("utf-16"))],
        NICE,
        "2019-02-05",
        {"09:00": {"t": 285.95}},
    ),
    "a number for a station, any name for a file": Case(
        [("x.txt", b'[{"numer_sta":7149,"date":"2021-05-02T00:00:00Z","t":272.75}]')],
        ORLY,
        "2021-05-02",
        {"00:00": {"t": 272.75}},
    ),
    "a zip with other files": Case(
        [
            (
                "z.zip",
                zipped(
                    {
                        "months/README.txt": b"Observations of February 2019\n",
                        "months/postesSynop.csv": b"ID;Nom;Latitude\n07690;NICE;43.65\n",
                        "months/a.csv": b"numer_sta;date;t\n07690;20190206090000;284.15\n",
                    }
                ),
            )
        ],
        NICE,
        "2019-02-06",
        {"09:00": {"t": 284.15}},
    ),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One platform for all cases, each of another day."""
    with served(settings_at(tmp_path_factory.mktemp("cases"))) as api:
        yield api


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_file_becomes_what_is_right(shared: Api, case: Case) -> None:
    *_, receipt = [shared.ingest("/ingest-fast", body, name) for name, body in case.files]
    query = {"from": case.day, "to": case.day}
    rows = shared.get(f"/staging/cities/{case.station}", params=query).json()["data"]
    found = {row["date"][11:16]: row for row in rows}
    assert {time: {name: found[time][name] for name in case.rows[time]} for time in found} == case.rows
    (outcome,) = receipt["outcome"]
    counted = {name: count for name, count in outcome.items() if count and not name.startswith(("documents_", "read"))}
    assert {name: counted[name] for name in counted if name not in ("month", "catalogue")} == case.counts
    assert {name: receipt["first_look"][name] for name in case.look} == case.look


def test_the_receipt_names_the_columns_that_are_not_there(shared: Api) -> None:
    body = b"numer_sta;date;ff;tc\n07149;20230311120000;5.2;11.2\n"
    absent = shared.ingest("/ingest-fast", body)["first_look"]["absent_columns"]
    assert {"pmer", "rr3", "tn12"} <= set(absent)
    assert not {"ff", "t", "numer_sta", "date"} & set(absent)


def test_every_value_names_the_object_that_gave_it(api: Api) -> None:
    first, second = (api.ingest("/ingest-fast", body) for body in COMPLETING)
    names = [receipt["raw_objects"][0]["key"][8:24] for receipt in (first, second)]
    (row,) = api.get("/provenance/07510:2023-04-12").json()["data"]
    assert {field: names.index(name) for field, name in row["sources"].items()} == {
        "t": 1,
        "pmer": 1,
        "rr3": 0,
        "tn12": 0,
        "rr12": 1,
    }


@pytest.mark.parametrize(
    ("records", "rain_mm", "observations"),
    [
        ([{"hour": hour, "rr1": 1.0, "rr3": 3.0} for hour in range(1, 25)], 24.0, 23),
        ([{"hour": 3, "rr3": 2.0}, {"hour": 3, "second": 30, "rr3": 2.0}], 2.0, 2),
    ],
    ids=["hourly", "twice within an hour"],
)
def test_sums_that_overlap_never_add_twice(
    api: Api, records: list[dict[str, float]], rain_mm: float, observations: int
) -> None:
    first = datetime(2022, 11, 5, tzinfo=UTC)
    body = [
        {
            "numer_sta": BREST,
            "date": (first + timedelta(hours=record.pop("hour"), seconds=record.pop("second", 0))).isoformat(),
            **record,
        }
        for record in json.loads(json.dumps(records))
    ]
    api.ingest("/ingest-fast", json.dumps(body).encode())
    (document,) = [each for each in api.documents() if each["period"] == "2022-11-05"]
    assert (document["metrics"]["rainfall"]["total"], document["extreme_events"]) == (rain_mm, [])
    assert (document["observations"], document["expected"]) == (observations, 8)


def test_a_reading_of_next_week_is_set_in_quarantine(api: Api) -> None:
    now = datetime.now(UTC)
    times = [now - timedelta(hours=3), now + timedelta(minutes=30)]
    body = [{"numer_sta": NICE, "date": time.isoformat(), "t": 285.15} for time in times]
    receipt = api.ingest("/ingest-fast", json.dumps(body).encode())
    refused = [month["refused"] for month in receipt["outcome"] if month["refused"]]
    assert refused == [{"from_the_future": 1}]
    assert sum(document["observations"] for document in api.documents()) == 1


def test_station_zero_is_none_and_an_empty_word_finds_nothing(api: Api) -> None:
    zero = api.post_file("/ingest-fast", b'[{"numer_sta":0,"date":"2019-02-08T12:00:00Z","t":287.15}]')
    assert (zero.status_code, zero.json()["detail"]) == (
        422,
        "None of the 1 records can be used: 1 no_station_number.",
    )
    empty = api.get("/curated", params={"city": "nice,,orly"})
    assert (empty.status_code, empty.json()["detail"]) == (404, "No station matches ''.")
