"""What months and years cost by store, on real servers, as years and stations grow: time, bytes, memory.

    PYTHONPATH=. .venv/bin/python benchmarks/scaling.py [--stations …] [--years 20] [--year-stations …]

A quarter of an hour; JSON lines on standard output, one run is recorded in scaling.md. Seconds by layer are those of
the last month alone: they tell whether a month costs more where many are stored already.
"""

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pymysql
from pymongo import MongoClient
from sqlalchemy import make_url

from weather_platform.domain.months import Month, Partitions, parse_months
from weather_platform.intake import receive
from weather_platform.pipeline import Stores, curate_month, open_stores, stage_month
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource, sample_stations
from weather_platform.storage.curated import Query
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB

FIRST = Month.parse("2000-01")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--year-stations", type=int, nargs="*", default=[62])
    parser.add_argument("--stations", type=int, nargs="*", default=[62, 190, 1000, 5000])
    parser.add_argument("--cache-gb", type=float, default=0.25, help="MongoDB's; a month is one transaction in it")
    asked = parser.parse_args()
    months = parse_months(f"{FIRST}..{FIRST.year + asked.years - 1}-12")
    spawned = multiprocessing.get_context("spawn")
    plans = [
        *((count, months[:1], asked.cache_gb) for count in asked.stations),
        *((count, months, asked.cache_gb) for count in asked.year_stations),
    ]
    for plan in plans:
        process = spawned.Process(target=measure, args=plan)  # so that peak memory is this plan's own
        process.start()
        process.join()


def measure(count: int, months: Sequence[Month], cache_gb: float) -> None:
    """Load the months one after the other; a line after the first and after every year."""
    with (
        tempfile.TemporaryDirectory() as place,
        MariaDB(Path(place) / "mariadb") as mariadb,
        MongoDB(Path(place) / "mongodb", replica_set=True, cache_gb=cache_gb) as mongodb,
        mariadb.fresh_database() as staging_url,
        mongodb.fresh_database() as curated_url,
    ):
        settings = Settings.from_environment(
            {"WEATHER_HOME": f"{place}/home", "WEATHER_STAGING_URL": staging_url, "WEATHER_CURATED_URL": curated_url}
        )
        stores = open_stores(settings)
        stations = sample_stations(count)
        began = time.perf_counter()
        for done, month in enumerate(months, start=1):
            seconds = load(stores, month, stations)
            if done == 1 or done % 12 == 0:
                seconds["all_s"] = round(time.perf_counter() - began, 1)
                read = reading(stores, month, stations[0])
                line = {
                    "stations": count,
                    "months": done,
                    **seconds,
                    **read,
                    **sizes(settings),
                    "load": os.getloadavg()[0],
                }
                print(json.dumps(line), flush=True)


def load(stores: Stores, month: Month, stations: Sequence[str]) -> dict[str, float]:
    payload = SampleSource().fetch(month, stations)
    began = time.perf_counter()
    receive(stores.raw, payload.body, payload.provenance, Partitions(FIRST))
    received = time.perf_counter()
    stage_month(stores, month)
    staged = time.perf_counter()
    curate_month(stores, month)
    return {
        "raw_s": round(received - began, 2),
        "staging_s": round(staged - received, 2),
        "curated_s": round(time.perf_counter() - staged, 2),
    }


def reading(stores: Stores, month: Month, station: str) -> dict[str, float]:
    """Milliseconds to read what a page of the site asks for: a station's year, and the coverage of a month."""
    began = time.perf_counter()
    list(stores.curated.find(Query(stations=[station], first=date(month.year, 1, 1), last=month.last_day)))
    found = time.perf_counter()
    stores.curated.coverage(month.first_day, month.last_day)
    return {"year_ms": round((found - began) * 1000, 1), "month_ms": round((time.perf_counter() - found) * 1000, 1)}


def sizes(settings: Settings) -> dict[str, Any]:
    """Megabytes by store, and the most memory that this process held."""
    raw = sum(path.stat().st_size for path in (settings.home / "raw").rglob("*") if path.is_file())
    url = make_url(settings.staging_url)
    with pymysql.connect(host=url.host, port=url.port, user=url.username, password=url.password) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = %s",
            url.database,
        )
        (staging,) = cursor.fetchone()
    with MongoClient[dict[str, Any]](settings.curated_url) as client:
        client.admin.command("fsync")  # sizes are those of the last checkpoint
        stats = client.get_default_database().command("dbStats")
    return {
        "raw_mb": round(raw / 1e6, 1),
        "staging_mb": round(float(staging) / 1e6, 1),
        "curated_mb": round(stats["totalSize"] / 1e6, 1),
        "documents": int(stats["objects"]),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    main()
