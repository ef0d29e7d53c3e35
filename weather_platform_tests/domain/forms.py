"""The same records written in every form in which SYNOP observations are published."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from weather_platform_tests.real_months import Record

Write = Callable[[list[Record]], bytes]

MEASURED = 59
"""Columns of the monthly archive; the first ones of every CSV form, in one order."""
_PARIS = ZoneInfo("Europe/Paris")
_CODES = ("cod_tend", "ww", "w1", "w2", "cl", "cm", "ch", "etat_sol", "ctype1", "ctype2", "ctype3", "ctype4")


def v21_export(records: list[Record]) -> bytes:
    return json.dumps(records, ensure_ascii=False).encode()


def v21_answer(records: list[Record]) -> bytes:
    return json.dumps({"total_count": len(records), "results": records}).encode()


def v20_answer(records: list[Record]) -> bytes:
    wrapped = [
        {
            "links": [{"rel": "self", "href": "https://example.org/1"}, {"rel": "dataset", "href": "x"}],
            "record": {"id": str(n), "timestamp": record["date"], "size": 900, "fields": record},
        }
        for n, record in enumerate(records)
    ]
    return json.dumps({"total_count": len(records), "links": [{"rel": "self"}], "records": wrapped}).encode()


def v1_records(records: list[Record]) -> list[Record]:
    """Null fields are absent, the position is ``[lat, lon]``, keys in no order."""
    wrapped = []
    for n, record in enumerate(records):
        fields = {
            name: value for name, value in sorted(record.items(), key=lambda item: item[0][::-1]) if value is not None
        }
        fields["coordonnees"] = [record["latitude"], record["longitude"]]
        wrapped.append(
            {
                "datasetid": "donnees-synop-essentielles-omm",
                "recordid": f"{n:040x}",
                "fields": fields,
                "geometry": {"type": "Point", "coordinates": [record["longitude"], record["latitude"]]},
                "record_timestamp": "2018-10-03T13:47:00+00:00",
            }
        )
    return wrapped


def v1_download(records: list[Record]) -> bytes:
    return json.dumps(v1_records(records), indent=2).encode()


def v1_answer(records: list[Record]) -> bytes:
    answer = {
        "nhits": len(records),
        "parameters": {"dataset": "donnees-synop-essentielles-omm", "rows": 10_000, "format": "json"},
        "records": v1_records(records),
        "facet_groups": [{"name": "nom", "facets": [{"count": 1, "path": "NICE"}]}],
    }
    return json.dumps(answer).encode()


def lines(records: list[Record]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def feature_collection(records: list[Record]) -> bytes:
    """OpenDataSoft's GeoJSON: a record's point is its geometry."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [record["longitude"], record["latitude"]]},
            "properties": {name: value for name, value in record.items() if name != "coordonnees"},
        }
        for record in records
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def mongoexport(records: list[Record]) -> bytes:
    """One document per line, in MongoDB's extended JSON with a type to each number."""
    documents = []
    for n, record in enumerate(records):
        typed = {name: _in_mongo(value) for name, value in record.items()}
        documents.append({"_id": {"$oid": f"{n:024x}"}, **typed, "date": {"$date": record["date"]}})
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def _in_mongo(value: Any) -> Any:
    if isinstance(value, float):
        return {"$numberDouble": str(value)}
    return {"$numberInt": str(value)} if isinstance(value, int) else value


def json_of_pandas(records: list[Record]) -> bytes:
    """Numbers without their zeros, NaN for what is missing."""
    rows = [
        {
            name: float(value) if name == "numer_sta" else float("nan") if value is None else value
            for name, value in record.items()
        }
        for record in records
    ]
    return json.dumps(rows).encode()


def pages(write: Write, separator: bytes, brackets: bytes = b"") -> Write:
    """Answers of the API, of 40 records each, one after the other in one file."""

    def joined(records: list[Record]) -> bytes:
        answers = [write(records[at : at + 40]) for at in range(0, len(records), 40)]
        return brackets[:1] + separator.join(answers) + brackets[1:]

    return joined


def celsius_only(records: list[Record]) -> bytes:
    """v2.1 without the fields in K that have a copy in °C."""
    kept = [{name: value for name, value in record.items() if f"{name}c" not in record} for record in records]
    return v21_export(kept)


def technical_csv(separator: str, missing: str = "", decimal: str = ".", encoding: str = "utf-8") -> Write:
    """OpenDataSoft's CSV with the fields' own names, as it is and as tables of Python and R are written again."""

    def write(records: list[Record]) -> bytes:
        names = [name for name in records[0] if name != "coordonnees"]
        rows = [["" if missing else "row", *names]]
        for n, record in enumerate(records):
            values = (record[name] for name in names)
            rows.append([str(n), *(_cell(value, missing, decimal) for value in values)])
        text = io.StringIO()
        csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
        return text.getvalue().encode(encoding)

    return write


def _cell(value: Any, missing: str, decimal: str) -> str:
    if value is None:
        return missing
    return str(value).replace(".", decimal) if isinstance(value, float) else str(value)


def export_csv(header: bytes) -> Write:
    """OpenDataSoft's CSV with French labels and Paris time, under the header of a real export."""

    def write(records: list[Record]) -> bytes:
        return b"\xef\xbb\xbf" + b"".join(line + b"\r\n" for line in (header, *map(_export_line, records)))

    return write


def spreadsheet_csv(header: bytes, line_end: bytes) -> Write:
    """The same after a spreadsheet on a Mac: its encoding, no BOM, leading zeros lost."""

    def write(records: list[Record]) -> bytes:
        rows = (header, *(_export_line(record).removeprefix(b"0") for record in records))
        return b"".join(line.decode().encode("mac_roman", "replace") + line_end for line in rows)

    return write


def _export_line(record: Record) -> bytes:
    values = list(record.values())[:MEASURED]
    values[1] = datetime.fromisoformat(record["date"]).astimezone(_PARIS).isoformat()
    named = (
        f"{record['latitude']}, {record['longitude']}",
        record["nom"],
        "En baisse ou stationnaire",
        "",
        "État du ciel",
    )
    celsius = [record[name] for name in ("tc", "tn12c", "tn24c", "tx12c", "tx24c", "tminsolc")]
    place = (
        record["latitude"],
        record["longitude"],
        record["altitude"],
        "Nice",
        "06088",
        "Côte d'Azur",
        *[""] * 5,
        "12",
    )
    return ";".join(_written([*values, *named, *celsius, *place])).encode()


def monthly_csv(records: list[Record]) -> bytes:
    """The monthly archive: ``mq`` is missing, a separator ends each line."""
    rows = [list(records[0])[:MEASURED]]
    for record in records:
        values = list(record.values())[:MEASURED]
        values[1] = datetime.fromisoformat(record["date"]).strftime("%Y%m%d%H%M%S")
        rows.append([text or "mq" for text in _written(values)])
    return b"".join(";".join([*row, "\n"]).encode() for row in rows)


def annual_csv(header: bytes) -> Write:
    """The annual archive: codes may come as ``18.0``."""

    def write(records: list[Record]) -> bytes:
        return b"".join(line + b"\n" for line in (header, *map(_annual_line, records)))

    return write


def _annual_line(record: Record) -> bytes:
    codes = {name: f"{record[name]}.0" for name in _CODES if record[name] is not None}
    measured = list({**record, **codes}.values())[2:MEASURED]
    place = (
        record["latitude"],
        record["longitude"],
        record["numer_sta"],
        "0-20000-0-" + record["numer_sta"],
        record["nom"],
    )
    times = ("", "", record["date"].replace("+00:00", "Z"))
    return ";".join(_written([*place, *times, *measured])).encode()


def _written(values: Iterable[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


def export_header(real_data: Path) -> bytes:
    """The 82 French labels, without BOM."""
    path = real_data / "opendatasoft-export" / "ods-export-nice-2023-07-to-2025-08.csv.gz"
    with gzip.open(path) as file:
        return file.readline().strip().removeprefix(b"\xef\xbb\xbf")


def annual_header(real_data: Path) -> bytes:
    return (real_data / "samples" / "meteofrance-annual-synop_2026-two-rows.csv").read_bytes().splitlines()[0]


def forms(real_data: Path) -> Iterator[tuple[str, Write]]:
    """Every form by name."""
    export, annual = export_header(real_data), annual_header(real_data)
    yield from (
        ("v2.1 export", v21_export),
        ("v2.1 answer", v21_answer),
        ("v2.0 answer", v20_answer),
        ("v1 download", v1_download),
        ("v1 answer", v1_answer),
        ("a record a line", lines),
        ("export CSV", export_csv(export)),
        ("spreadsheet CSV, CRLF", spreadsheet_csv(export, b"\r\n")),
        ("spreadsheet CSV, CR", spreadsheet_csv(export, b"\r")),
        ("GeoJSON", feature_collection),
        ("mongoexport", mongoexport),
        ("JSON of pandas", json_of_pandas),
        ("degrees Celsius alone", celsius_only),
        ("v2.1 answers in an array", pages(v21_answer, b",", b"[]")),
        ("v2.0 answers, one per line", pages(v20_answer, b"\n")),
        ("v1 answers, one after the other", pages(v1_answer, b"")),
        ("CSV with commas", technical_csv(",", missing="NaN")),
        ("CSV with tabs", technical_csv("\t", missing="NA")),
        ("CSV with decimal commas", technical_csv(";", missing=" ", decimal=",")),
        ("CSV in UTF-16", technical_csv("\t", encoding="utf-16")),
        ("monthly archive", monthly_csv),
        ("annual archive", annual_csv(annual)),
    )


def zipped(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in files.items():
            file.writestr(name, body)
    return archive.getvalue()
