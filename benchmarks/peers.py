"""What a user would take otherwise, doing the same work on the same servers; run by `bench.py` in a venv of its own.

    .venv-bench/bin/python benchmarks/peers.py PEER FILE MYSQL_URL MONGODB_URL

`by_row`: the replaced system's way, a pandas frame inserted row by row, grouped by day, documents inserted one by one.
`bulk`: the same with inserts of many rows. `dlt`: the records by dlt into one SQL table, figures by one GROUP BY.
`duckdb` and `polars`: parse the file and add up the days alone, nothing stored. None keeps the file, checks or explains
anything, or can be run twice. Prints seconds, processor time, peak memory, records and documents as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEASURED = ("t", "pmer", "ff", "raf10", "rafper", "rr3", "u", "ht_neige")


def main() -> None:
    peer, file, mysql, mongodb = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    work = PEERS[peer]
    __import__({"by_row": "pandas", "bulk": "pandas"}.get(peer, peer))  # a warm process, as the platform's are
    started, busy = time.perf_counter(), time.process_time()
    records, documents = work(file, mysql, mongodb)
    spent = {"total": time.perf_counter() - started, "cpu": time.process_time() - busy}
    status = Path("/proc/self/status").read_text()
    peak_mb = float(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    print(json.dumps({**spent, "peak_mb": peak_mb, "records": records, "documents": documents}))


def by_row(file: Path, mysql: str, mongodb: str) -> tuple[int, int]:
    import sqlalchemy as sa

    frame, engine = _frame(file), sa.create_engine(mysql)
    for city, rows in frame.groupby("numer_sta"):
        rows[:0].to_sql(f"s{city}", engine, index=False)
        marks = ", ".join(f":{name}" for name in rows.columns)
        insert = sa.text(f"INSERT INTO `s{city}` ({', '.join(rows.columns)}) VALUES ({marks})")  # noqa: S608
        with engine.begin() as connection:
            for row in rows.astype(object).where(rows.notna(), None).to_dict("records"):
                connection.execute(insert, row)
    documents = _documents(frame)
    with _collection(mongodb) as collection:
        for document in documents:
            collection.insert_one(document)
    return len(frame), len(documents)


def bulk(file: Path, mysql: str, mongodb: str) -> tuple[int, int]:
    import sqlalchemy as sa

    frame, engine = _frame(file), sa.create_engine(mysql)
    for city, rows in frame.groupby("numer_sta"):
        rows.to_sql(f"s{city}", engine, index=False, method="multi", chunksize=1000)
    documents = _documents(frame)
    with _collection(mongodb) as collection:
        collection.insert_many(documents, ordered=False)
    return len(frame), len(documents)


def by_dlt(file: Path, mysql: str, mongodb: str) -> tuple[int, int]:
    import dlt
    import sqlalchemy as sa

    wanted = ("numer_sta", "date", *MEASURED)
    records = ({name: record.get(name) for name in wanted} for record in json.loads(file.read_bytes()))
    pipeline = dlt.pipeline(
        "bench", destination=dlt.destinations.sqlalchemy(mysql), dataset_name=mysql.rpartition("/")[2]
    )
    pipeline.run(records, table_name="observations")
    sums = ", ".join(f"COUNT({name}), AVG({name}), MIN({name}), MAX({name})" for name in MEASURED)
    query = f"SELECT numer_sta, DATE(date), COUNT(*), {sums} FROM observations GROUP BY numer_sta, DATE(date)"  # noqa: S608
    with sa.create_engine(mysql).connect() as connection:
        days = [[str(value) for value in row] for row in connection.execute(sa.text(query))]
        (count,) = connection.execute(sa.text("SELECT COUNT(*) FROM observations")).one()
    with _collection(mongodb) as collection:
        collection.insert_many([{"_id": f"{day[0]}:{day[1]}", "figures": day[2:]} for day in days], ordered=False)
    return count, len(days)


def by_duckdb(file: Path, _mysql: str, _mongodb: str) -> tuple[int, int]:
    import duckdb

    sums = ", ".join(f"count({name}), avg({name}), min({name}), max({name})" for name in MEASURED)
    columns = ", ".join(f"{name}: 'DOUBLE'" for name in MEASURED)
    found = duckdb.sql(
        f"SELECT numer_sta, substr(date, 1, 10), count(*), {sums} FROM read_json('{file}', format = 'array', "  # noqa: S608
        f"columns = {{numer_sta: 'VARCHAR', date: 'VARCHAR', {columns}}}) GROUP BY ALL"
    ).fetchall()
    return sum(row[2] for row in found), len(found)


def by_polars(file: Path, _mysql: str, _mongodb: str) -> tuple[int, int]:
    import polars as pl

    schema = {"numer_sta": pl.String, "date": pl.String, **dict.fromkeys(MEASURED, pl.Float64)}
    frame = pl.read_json(file, schema=schema)
    sums = [
        getattr(pl.col(name), of)().alias(f"{name}_{of}") for name in MEASURED for of in ("count", "mean", "min", "max")
    ]
    days = frame.group_by("numer_sta", pl.col("date").str.slice(0, 10)).agg(pl.len(), *sums)
    return frame.height, days.height


PEERS: dict[str, Callable[[Path, str, str], tuple[int, int]]] = {
    "by_row": by_row,
    "bulk": bulk,
    "dlt": by_dlt,
    "duckdb": by_duckdb,
    "polars": by_polars,
}


def _frame(file: Path) -> Any:
    import pandas as pd

    frame = pd.read_json(file, dtype={"numer_sta": str})[["numer_sta", "date", *MEASURED]]
    return frame.assign(date=pd.to_datetime(frame["date"]).dt.tz_localize(None))


def _documents(frame: Any) -> list[dict[str, Any]]:
    grouped = frame.groupby(["numer_sta", frame["date"].dt.date])[list(MEASURED)]
    days = grouped.agg(["count", "mean", "min", "max"])
    return [
        {"_id": f"{station}:{day}", "figures": [float(value) for value in row]}
        for (station, day), row in zip(days.index, days.to_numpy(), strict=True)
    ]


def _collection(mongodb: str) -> Any:
    from contextlib import contextmanager

    from pymongo import MongoClient

    @contextmanager
    def opened() -> Any:
        with MongoClient(mongodb) as client:  # type: ignore[var-annotated]
            yield client.get_default_database()["peer"]

    return opened()


if __name__ == "__main__":
    main()
