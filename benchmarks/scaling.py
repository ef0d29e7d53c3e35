"""What months and years cost by store, on real servers, as years and stations grow: time, bytes, memory.

    PYTHONPATH=. .venv/bin/python benchmarks/scaling.py --stations 1000 5000 12000
    PYTHONPATH=. .venv/bin/python benchmarks/scaling.py --years 31 --year-stations 62 190 --trim

JSON lines on standard output, each written when its step or its year is done; runs are recorded in docs/scaling.md.
Seconds are per month: by the clock, of the processor (`cpu`, with the second process), and of that of the
servers. A line of a year has the mean of its twelve months.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pymysql
from pymongo import MongoClient
from sqlalchemy import make_url

from weather_platform import many_months
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import Provenance
from weather_platform.intake import Intake
from weather_platform.many_months import make_months
from weather_platform.month_report import Door, Links, StoredMonth, judge_month, staged_metadata
from weather_platform.pipeline import Stores, curate_month, open_stores, stage_month
from weather_platform.settings import Settings
from weather_platform.sources.sample import LICENCE, sample_stations, write_sample
from weather_platform.storage.curated import Query
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.process import Server

FIRST = Month.parse("1990-01")
_SAMPLE = Provenance(source="sample", name="sample", licence=LICENCE, synthetic=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=31)
    parser.add_argument("--year-stations", type=int, nargs="*", default=[])
    parser.add_argument("--stations", type=int, nargs="*", default=[])
    parser.add_argument("--cache-gb", type=float, default=0.25, help="MongoDB's; that of docker-compose.yml by default")
    parser.add_argument("--embedded", action="store_true", help="SQLite instead of MariaDB and MongoDB")
    parser.add_argument("--trim", action="store_true", help="delete raw objects of a finished year, for a small disk")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, _ends)
    spawned = multiprocessing.get_context("spawn")
    for work, count in (*((one_month, n) for n in asked.stations), *((many_years, n) for n in asked.year_stations)):
        process = spawned.Process(target=work, args=(count, asked))  # so that peak memory is this plan's own
        process.start()
        try:
            process.join()
        finally:  # interrupted: its servers end with it
            process.terminate()
            process.join()


def _ends(signum: int, _frame: object) -> None:
    sys.exit(128 + signum)


@contextmanager
def opened(asked: argparse.Namespace) -> Iterator[tuple[Settings, Stores, dict[str, Server]]]:
    signal.signal(signal.SIGTERM, _ends)
    with ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory())
        variables, servers = {"WEATHER_HOME": f"{place}/home"}, dict[str, Server]()
        if not asked.embedded:
            mariadb = stack.enter_context(MariaDB(Path(place) / "mariadb"))
            mongodb = stack.enter_context(MongoDB(Path(place) / "mongodb", replica_set=True, cache_gb=asked.cache_gb))
            servers = {"mariadb": mariadb, "mongod": mongodb}
            variables["WEATHER_STAGING_URL"] = stack.enter_context(mariadb.fresh_database())
            variables["WEATHER_CURATED_URL"] = stack.enter_context(mongodb.fresh_database())
        settings = Settings.from_environment(variables)
        yield settings, open_stores(settings), servers


def one_month(count: int, asked: argparse.Namespace) -> None:
    """Load one month, layer by layer; then again, when nothing has changed."""
    with opened(asked) as (settings, stores, servers):
        (file,) = months_of_year(settings.home, sample_stations(count), [FIRST])
        steps: dict[str, Callable[[], Any]] = {
            "raw": lambda: post(stores, [file]),
            "staging": lambda: stage_month(stores, FIRST),
            "curated": lambda: curate_month(stores, FIRST),
            "report": lambda: report(settings, stores),
            "staging_again": lambda: stage_month(stores, FIRST),
            "curated_again": lambda: curate_month(stores, FIRST),
        }
        line: dict[str, Any] = {"stations": count}
        for name, step in steps.items():
            line |= {**timed(name, step, servers), f"{name}_peak_mb": peak_mb("self")}
            print(json.dumps(line), flush=True)
        print(json.dumps({**line, **reading(stores, FIRST), **held(settings, servers)}), flush=True)


def many_years(count: int, asked: argparse.Namespace) -> None:
    """Load years one after the other, each as one posting of twelve months; a line per year."""
    with opened(asked) as (settings, stores, servers):
        began, raw_mb = time.perf_counter(), 0.0
        first_year = [Month(FIRST.year, number) for number in range(1, 13)]
        written = months_of_year(settings.home, sample_stations(count), first_year)
        for year in range(FIRST.year, FIRST.year + asked.years):
            months = [Month(year, number) for number in range(1, 13)]
            files = [in_year(year, file) for file in written]
            line = timed("raw", partial(post, stores, files), servers, 12)
            second = SecondPeak()
            made = make_months(stores, months)
            line |= timed("made", partial(second.look_after_each, made), servers, 12)
            sized = held(settings, servers)
            if asked.trim:
                raw_mb = sized["raw_mb"] = round(raw_mb + sized["raw_mb"], 1)
                for path in (settings.home / "raw").rglob("*.json"):
                    if "meta" not in path.suffixes and not path.name.endswith(".meta.json"):
                        path.unlink()
            told = {"stations": count, "years": year - FIRST.year + 1, "all_s": round(time.perf_counter() - began)}
            print(
                json.dumps({**told, **line, **reading(stores, months[-1]), **sized, "second_peak_mb": second.mb}),
                flush=True,
            )


def timed(name: str, step: Callable[[], Any], servers: dict[str, Server], parts: int = 1) -> dict[str, float]:
    """Seconds of a step, made of so many parts: by the clock, of this process with its children, and of the servers."""
    began, worked, served = time.perf_counter(), sum(os.times()[:4]), sum(map(cpu_s, servers.values()))
    step()
    return {
        f"{name}_s": round((time.perf_counter() - began) / parts, 2),
        f"{name}_cpu_s": round((sum(os.times()[:4]) - worked) / parts, 2),
        f"{name}_servers_s": round((sum(map(cpu_s, servers.values())) - served) / parts, 2),
    }


def cpu_s(server: Server) -> float:
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime of proc(5)


def months_of_year(folder: Path, stations: Sequence[str], months: Sequence[Month]) -> list[Path]:
    """A file per month of these stations, written by another process: its memory is not that of loading."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{month}.json" for month in months]
    writer = multiprocessing.get_context("spawn").Process(target=_write, args=(files, months, stations))
    writer.start()
    writer.join()
    return files


def _write(files: Sequence[Path], months: Sequence[Month], stations: Sequence[str]) -> None:
    for file, month in zip(files, months, strict=True):
        write_sample(file, [month], stations)


def in_year(year: int, file: Path) -> Path:
    """A month of the first year as one of another: generating it takes as long as loading it.

    No 29 February, and every year has the values of the first.
    """
    target, ours = file.with_stem(f"posted-{year}{file.stem[4:]}"), f'"date":"{FIRST.year}-'.encode()
    with file.open("rb") as lines, target.open("wb") as out:
        out.writelines(line.replace(ours, f'"date":"{year}-'.encode(), 1) for line in lines)
    return target


def post(stores: Stores, files: Sequence[Path]) -> None:
    """Sort each file and keep it raw."""
    for path in files:
        with path.open("rb") as file, Intake(Partitions(FIRST)) as intake:
            intake.add(path.name, file)
            intake.keep(stores.raw, _SAMPLE)
        path.unlink()


def report(settings: Settings, stores: Stores) -> None:
    """What a run reports and checks of a month."""
    stored, door = StoredMonth(stores, FIRST), Door("replay", "benchmark")
    staged_metadata(stored, door, Links.of(settings))
    failed = [check.name for check, verdict in judge_month(stored) if not verdict.passed]
    assert not failed, failed


def reading(stores: Stores, month: Month) -> dict[str, float]:
    """Milliseconds to read what a page of the site asks for: a station's year, and the coverage of a month."""
    began = time.perf_counter()
    list(stores.curated.find(Query(stations=["07690"], first=date(month.year, 1, 1), last=month.last_day)))
    found = time.perf_counter()
    stores.curated.coverage(month.first_day, month.last_day)
    return {"year_ms": round((found - began) * 1000, 1), "month_ms": round((time.perf_counter() - found) * 1000, 1)}


def held(settings: Settings, servers: dict[str, Server]) -> dict[str, Any]:
    """Megabytes by store, and the most memory that each process held so far."""
    raw = sum(path.stat().st_size for path in (settings.home / "raw").rglob("*") if path.is_file())
    sized = {"raw_mb": round(raw / 1e6, 1)}
    if servers:
        sized |= on_servers(settings)
    else:
        sized |= {f"{path.name}_mb": round(path.stat().st_size / 1e6, 1) for path in settings.home.rglob("*.db")}
    peaks = {f"{name}_peak_mb": peak_mb(server.pid) for name, server in servers.items()}
    return {**sized, "peak_mb": peak_mb("self"), **peaks, "load": os.getloadavg()[0]}


class SecondPeak:
    """The most memory that the second process held (`many_months`)."""

    def __init__(self) -> None:
        self.mb = 0

    def look_after_each(self, steps: Iterable[object]) -> None:
        for _ in steps:
            self.look()

    def look(self) -> None:
        """While it runs: the usage that the system keeps of ended children counts this process's memory as theirs."""
        for children in Path("/proc/self/task").glob("*/children"):
            for pid in children.read_text().split():
                if many_months.__name__ in Path(f"/proc/{pid}/cmdline").read_text():
                    self.mb = max(self.mb, peak_mb(pid))


def peak_mb(pid: int | str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def on_servers(settings: Settings) -> dict[str, Any]:
    url = make_url(settings.staging_url)
    with pymysql.connect(
        host=url.host, port=url.port or 3306, user=url.username, password=url.password or ""
    ) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = %s",
            url.database,
        )
        ((staging,),) = cursor.fetchall()
        cursor.execute("SHOW GLOBAL STATUS WHERE Variable_name IN ('Opened_tables', 'Open_tables')")
        tables = {name.lower(): int(value) for name, value in cursor.fetchall()}
    with MongoClient[dict[str, Any]](settings.curated_url) as client:
        client.admin.command("fsync")  # sizes are those of the last checkpoint
        stats = client.get_default_database().command("dbStats")
    return {
        "staging_mb": round(float(staging) / 1e6, 1),
        "curated_mb": round(stats["totalSize"] / 1e6, 1),
        "documents": int(stats["objects"]),
        **tables,
    }


if __name__ == "__main__":
    main()
