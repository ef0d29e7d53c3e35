"""The fair floor: the least that turning a file into rows and documents can cost here, without a platform around it.

    .venv/bin/python benchmarks/floor.py FILE MYSQL_URL MONGODB_URL S3_ENDPOINT ACCESS_KEY SECRET_KEY

The file's bytes are hashed and put into S3, as the platform keeps them; msgspec decodes the columns that the platform
keeps, LOAD DATA loads one TSV per city, one GROUP BY per table adds up the days, insert_many writes the documents.
Nothing is checked, nothing explained: no provenance, no quarantine, no transaction, no second run. Prints seconds by
part, as JSON.
"""

import hashlib
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import msgspec
import pymysql
from pymongo import MongoClient

from weather_platform.domain.fields import MEASURED

COLUMNS = tuple(field.name for field in MEASURED)
Record: Any = msgspec.defstruct(
    "Record",
    [("numer_sta", str), ("date", str), *((name, str | float | None, None) for name in COLUMNS)],
    gc=False,
)
FIGURES = """
SELECT DATE(date), COUNT(*), COUNT(t), AVG(t), MIN(t), MAX(t), COUNT(pmer), AVG(pmer), MIN(pmer), MAX(pmer),
  COUNT(ff), AVG(ff), MAX(ff), MAX(raf10), MAX(rafper), COUNT(rr3), SUM(GREATEST(rr3, 0)), MAX(rr3)
FROM `{table}` GROUP BY DATE(date)
"""


def main() -> None:
    file, mysql, mongodb, *s3 = Path(sys.argv[1]), urlsplit(sys.argv[2]), sys.argv[3], *sys.argv[4:]
    connection = pymysql.connect(
        host=mysql.hostname or "",
        port=mysql.port or 3306,
        user=mysql.username or "",
        password=unquote(mysql.password or ""),
        database=mysql.path[1:],
        local_infile=True,
    )
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb)
    documents = client.get_default_database()["floor"]
    raw = boto3.client(
        "s3", endpoint_url=s3[0], aws_access_key_id=s3[1], aws_secret_access_key=s3[2], region_name="eu-west-3"
    )
    bucket = f"floor-{os.getpid()}"
    raw.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    spent: dict[str, float] = {}
    started = clock = time.perf_counter()

    def lap(part: str) -> None:
        nonlocal clock
        spent[part], clock = time.perf_counter() - clock, time.perf_counter()

    body = file.read_bytes()
    key = hashlib.sha256(body).hexdigest()
    raw.put_object(Bucket=bucket, Key=key, Body=body)
    lap("keep raw")
    records = msgspec.json.Decoder(list[Record]).decode(body)
    lap("parse")
    with tempfile.TemporaryDirectory() as folder:
        tables = written(records, Path(folder))
        lap("write")
        with connection.cursor() as cursor:
            for table, path in tables.items():
                columns = ", ".join(f"`{name}` DOUBLE" for name in COLUMNS)
                cursor.execute(f"CREATE TABLE `{table}` (numer_sta CHAR(5), date DATETIME PRIMARY KEY, {columns})")
                cursor.execute(f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE `{table}`")
            connection.commit()
            lap("load")
            found = []
            for table in tables:
                cursor.execute(FIGURES.format(table=table))
                found += [{"_id": f"{table}:{row[0]}", "figures": [str(value) for value in row]} for row in cursor]
        lap("add up")
        documents.insert_many(found, ordered=False)
        lap("insert")
    spent["total"] = time.perf_counter() - started
    spent["cpu"] = time.process_time()
    spent["peak_mb"] = peak_mb()
    client.close()
    raw.delete_object(Bucket=bucket, Key=key)  # moto keeps it in memory
    print(json.dumps({**spent, "records": len(records), "documents": len(found)}))


def written(records: list[Any], folder: Path) -> dict[str, Path]:
    """A TSV file a station."""
    lines: dict[str, list[str]] = defaultdict(list)
    for record in records:
        cells = ["\\N" if value is None else str(value) for value in msgspec.structs.astuple(record)]
        cells[1] = cells[1][:19]
        lines[f"s{cells[0]}"].append("\t".join(cells))
    paths = {}
    for table, rows in lines.items():
        paths[table] = folder / f"{table}.tsv"
        paths[table].write_text("\n".join(rows) + "\n")
    return paths


def peak_mb() -> float:
    """Of this process alone; `ru_maxrss` begins with its parent's."""
    status = Path("/proc/self/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    main()
