"""The same flat v2.1 records written in every form in which SYNOP observations are published."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from weather_platform_tests.real_months import Record

Write = Callable[[list[Record]], bytes]

MEASURED = 59
"""Columns of the monthly archive; the first ones of every CSV form, in one order."""
EXPORT_HEADER = (
    "ID OMM station;Date;Pression au niveau mer;Variation de pression en 3 heures;Type de tendance barométrique;"
    "Direction du vent moyen 10 mn;Vitesse du vent moyen 10 mn;Température;Point de rosée;Humidité;"
    "Visibilité horizontale;Temps présent;Temps passé 1;Temps passé 2;Nebulosité totale;"
    "Nébulosité  des nuages de l' étage inférieur;Hauteur de la base des nuages de l'étage inférieur;"
    "Type des nuages de l'étage inférieur;Type des nuages de l'étage moyen;Type des nuages de l'étage supérieur;"
    "Pression station;Niveau barométrique;Géopotentiel;Variation de pression en 24 heures;"
    "Température minimale sur 12 heures;Température minimale sur 24 heures;Température maximale sur 12 heures;"
    "Température maximale sur 24 heures;Température minimale du sol sur 12 heures;"
    "Méthode de mesure Température du thermomètre mouillé;Température du thermomètre mouillé;"
    "Rafale sur les 10 dernières minutes;Rafales sur une période;Periode de mesure de la rafale;Etat du sol;"
    "Hauteur totale de la couche de neige, glace, autre au sol;Hauteur de la neige fraîche;"
    "Periode de mesure de la neige fraiche;Précipitations dans la dernière heure;"
    "Précipitations dans les 3 dernières heures;Précipitations dans les 6 dernières heures;"
    "Précipitations dans les 12 dernières heures;Précipitations dans les 24 dernières heures;Phénomène spécial 1;"
    "Phénomène spécial 2;Phénomène spécial 3;Phénomène spécial 4;Nébulosité couche nuageuse 1;Type nuage 1;"
    "Hauteur de base 1;Nébulosité couche nuageuse 2;Type nuage 2;Hauteur de base 2;Nébulosité couche nuageuse 3;"
    "Type nuage 3;Hauteur de base 3;Nébulosité couche nuageuse 4;Type nuage 4;Hauteur de base 4;Coordonnees;Nom;"
    "Type de tendance barométrique;Temps passé 1;Temps présent;Température (°C);"
    "Température minimale sur 12 heures (°C);Température minimale sur 24 heures (°C);"
    "Température maximale sur 12 heures (°C);Température maximale sur 24 heures (°C);"
    "Température minimale du sol sur 12 heures (en °C);Latitude;Longitude;Altitude;communes (name);"
    "communes (code);EPCI (name);EPCI (code);department (name);department (code);region (name);region (code);"
    "mois_de_l_annee"
).encode()
"""The 82 French labels of OpenDataSoft's CSV export, as a real one has them (three occur twice), without BOM."""
_ANNUAL_PLACE = ("lat", "lon", "geo_id_wmo", "geo_id_wigos", "name", "reference_time", "insert_time", "validity_time")
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


def export_csv(records: list[Record]) -> bytes:
    """OpenDataSoft's CSV with French labels and Paris time."""
    return b"\xef\xbb\xbf" + b"".join(line + b"\r\n" for line in (EXPORT_HEADER, *map(_export_line, records)))


def spreadsheet_csv(line_end: bytes) -> Write:
    """The same after a spreadsheet on a Mac: its encoding, no BOM, leading zeros lost."""

    def write(records: list[Record]) -> bytes:
        rows = (EXPORT_HEADER, *(_export_line(record).removeprefix(b"0") for record in records))
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


def annual_csv(records: list[Record]) -> bytes:
    """The annual archive: codes may come as ``18.0``."""
    header = ";".join((*_ANNUAL_PLACE, *list(records[0])[2:MEASURED])).encode()
    return b"".join(line + b"\n" for line in (header, *map(_annual_line, records)))


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


FORMS: dict[str, Write] = {
    "v2.1 export": v21_export,
    "v2.1 answer": v21_answer,
    "v2.0 answer": v20_answer,
    "v1 download": v1_download,
    "v1 answer": v1_answer,
    "a record a line": lines,
    "export CSV": export_csv,
    "spreadsheet CSV, CRLF": spreadsheet_csv(b"\r\n"),
    "spreadsheet CSV, CR": spreadsheet_csv(b"\r"),
    "GeoJSON": feature_collection,
    "mongoexport": mongoexport,
    "JSON of pandas": json_of_pandas,
    "degrees Celsius alone": celsius_only,
    "v2.1 answers in an array": pages(v21_answer, b",", b"[]"),
    "v2.0 answers, one per line": pages(v20_answer, b"\n"),
    "v1 answers, one after the other": pages(v1_answer, b""),
    "CSV with commas": technical_csv(",", missing="NaN"),
    "CSV with tabs": technical_csv("\t", missing="NA"),
    "CSV with decimal commas": technical_csv(";", missing=" ", decimal=","),
    "CSV in UTF-16": technical_csv("\t", encoding="utf-16"),
    "monthly archive": monthly_csv,
    "annual archive": annual_csv,
}
"""Every form by name."""


def zipped(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in files.items():
            file.writestr(name, body)
    return archive.getvalue()
