"""What the API holds up under: memory with slow readers, first bytes, hang-ups, Dagster down, an overlapping zip.

    PYTHONPATH=. .venv/bin/python benchmarks/doors.py [--servers] [--months 13]

Loads synthetic months of 62 cities into embedded stores, or into MariaDB and mongod, serves the API as a process, and
asks it from this one. Prints the figures of `docs/doors.md`.
"""

import argparse
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
import sqlalchemy as sa

from weather_platform.domain.stations import STATIONS
from weather_platform_tests.domain.test_unpacking import overlapping
from weather_platform_tests.runtime.serving import Script, wait_for
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.process import free_port

READERS = 32
LIVE_READERS = 150
CITIES = ",".join(sorted(STATIONS))
FORMS = ("ndjson", "csv", "parquet", "xlsx", "json&limit=100000")
LAYERS = {"observations": f"/staging?city={CITIES}&format=", "documents": "/curated?format="}
FIRST_BYTES = {
    "a city's observations, all": "/staging/cities/nice?format=",
    "all cities' observations of a year": "/observations?from=2023-01-01&to=2023-12-31&format=",
    "a city's documents, all": "/curated/cities/nice?format=",
    "all cities' documents of a year": "/curated?from=2023-01-01&to=2023-12-31&format=",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--servers", action="store_true", help="MariaDB and mongod in place of files")
    parser.add_argument("--months", type=int, default=13, help="synthetic months, to December 2023")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, stores(Path(folder), servers=options.servers) as variables:
        first = 12 * 2024 - options.months
        load(f"{first // 12}-{first % 12 + 1:02d}..2023-12", variables)
        served = Script("from api.__main__ import main; main()", Path(folder), **variables)
        try:
            base = f"http://127.0.0.1:{variables['WEATHER_API_PORT']}"
            wait_for(lambda: answers(base), "the API")
            print("| what | figure |\n|---|---|", flush=True)
            memory(base, served.process.pid)
            first_bytes(base, served.process.pid)
            alive(base)
            if options.servers:
                hang_ups(base, variables["WEATHER_STAGING_URL"])
            without_dagster(base)
            bomb(base)
        finally:
            served.interrupt()


@contextlib.contextmanager
def stores(home: Path, *, servers: bool) -> Iterator[dict[str, str]]:
    """The settings of the stores; their servers end with the block."""
    variables = {
        "WEATHER_HOME": str(home / "data"),
        "WEATHER_API_PORT": str(free_port()),
        "WEATHER_DAGSTER_URL": "http://127.0.0.1:9",
        "WEATHER_API_STREAMS": str(READERS),
    }
    with contextlib.ExitStack() as stack:
        if servers:
            mariadb = stack.enter_context(MariaDB(home / "mariadb"))
            mongodb = stack.enter_context(MongoDB(home / "mongodb", replica_set=True))
            variables["WEATHER_STAGING_URL"] = stack.enter_context(mariadb.fresh_database())
            variables["WEATHER_CURATED_URL"] = mongodb.url("doors")
        yield variables


def load(months: str, variables: dict[str, str]) -> None:
    command = [sys.executable, "-m", "weather_platform", "load", months, "--source", "sample"]
    environment = {**os.environ, **variables}
    del environment["WEATHER_DAGSTER_URL"]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/livez").status_code == 200
    except httpx.HTTPError:
        return False


def tell(what: str, figure: str) -> None:
    print(f"| {what} | {figure} |", flush=True)


def resident_mb(pid: int, which: str = "VmRSS") -> int:
    return int(re.search(rf"{which}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) // 1_024  # type: ignore[index]


@contextlib.contextmanager
def peak(pid: int) -> Iterator[list[int]]:
    """The most memory, in MB, that the process held within the block."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    found: list[int] = []
    yield found
    found.append(resident_mb(pid, "VmHWM"))


@contextlib.contextmanager
def readers(base: str, path: str, count: int) -> Iterator[list[socket.socket]]:
    """Callers that asked for a download and have read nothing yet."""
    address = urlsplit(base)
    with contextlib.ExitStack() as stack:
        callers = []
        for _ in range(count):
            caller = stack.enter_context(socket.socket())
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            caller.connect((address.hostname, address.port))
            caller.settimeout(60)
            caller.sendall(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
            callers.append(caller)
        yield callers


def memory(base: str, pid: int) -> None:
    """Of so many readers that take some kilobytes, wait, and go on."""
    tell("memory of the API at rest", f"{resident_mb(pid)} MB")
    for layer, path in LAYERS.items():
        for form in FORMS:
            with peak(pid) as most, readers(base, path + form, READERS) as callers:
                for _ in range(20):
                    for caller in callers:
                        caller.recv(16_384)
                    time.sleep(0.2)
            tell(f"{READERS} slow readers of all {layer}, {form.partition('&')[0]}", f"{most[0]} MB at most")
            wait_for(lambda: is_free(base), "the streams to end")
    time.sleep(2)
    tell("memory of the API afterwards", f"{resident_mb(pid)} MB")


def is_free(base: str) -> bool:
    return httpx.head(f"{base}/curated?format=ndjson", timeout=60).status_code == 200


def first_bytes(base: str, pid: int) -> None:
    for what, path in FIRST_BYTES.items():
        for form in FORMS:
            taken, sizes = [], []
            with peak(pid) as most:
                for _ in range(3):
                    started = time.perf_counter()
                    with httpx.stream(
                        "GET", base + path + form, timeout=120, headers={"accept-encoding": ""}
                    ) as answer:
                        pieces = answer.iter_raw()
                        begun = len(next(pieces))
                        taken.append((time.perf_counter() - started) * 1_000)
                        sizes.append(begun + sum(map(len, pieces)))
            tell(
                f"first byte, {what}, {form.partition('&')[0]}",
                f"{statistics.median(taken):.0f} ms of {sizes[-1] / 1e6:.1f} MB, {most[0]} MB at most",
            )


def alive(base: str) -> None:
    seconds = []
    with readers(base, LAYERS["observations"] + "csv", LIVE_READERS):
        for _ in range(30):
            started = time.perf_counter()
            assert httpx.get(f"{base}/livez", timeout=60).status_code == 200
            seconds.append(time.perf_counter() - started)
    tell(f"`/livez` while {LIVE_READERS} ask for downloads", f"{max(seconds):.2f} s at most")
    wait_for(lambda: is_free(base), "the streams to end")


def hang_ups(base: str, url: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with readers(base, LAYERS["observations"] + "ndjson", 10) as callers:
        for caller in callers:
            caller.recv(1_024)
        time.sleep(0.5)
        during = _transactions(engine)
    left = time.perf_counter()
    while _transactions(engine):
        time.sleep(0.3)  # InnoDB's own view is that old
        assert time.perf_counter() < left + 120, "transactions stay open"
    taken = time.perf_counter() - left
    tell("10 downloads cut off", f"{during} open transactions; none {taken:.1f} s later")


def _transactions(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT COUNT(*) FROM information_schema.innodb_trx").scalar_one())


def without_dagster(base: str) -> None:
    """150 small posts, while nothing listens where Dagster should be."""
    seconds = []
    for n in range(150):
        time_of = datetime(2021, 1, 1, tzinfo=UTC) + timedelta(hours=3 * n)
        body = json.dumps([{"numer_sta": "07690", "date": time_of.isoformat(), "t": 285.0}]).encode()
        started = time.perf_counter()
        answer = httpx.post(
            f"{base}/ingest-fast", content=body, headers={"content-type": "application/json"}, timeout=60
        )
        seconds.append(time.perf_counter() - started)
        assert answer.status_code == 200, answer.text
    ordered = sorted(seconds)
    tell(
        "150 small posts to `/ingest-fast`, Dagster down",
        f"median {statistics.median(ordered):.2f} s, p90 {ordered[134]:.2f} s, most {ordered[-1]:.2f} s",
    )


def bomb(base: str) -> None:
    body = overlapping(900, 10_000_000)
    started = time.perf_counter()
    answer = httpx.post(f"{base}/ingest-fast", content=body, headers={"content-type": "application/zip"}, timeout=120)
    taken = time.perf_counter() - started
    tell(f"zip of {len(body) / 1e3:.0f} kB, 900 entries that overlap", f"{answer.status_code} after {taken:.2f} s")


if __name__ == "__main__":
    main()
