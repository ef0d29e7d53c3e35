"""Requests per second that the API answers on one core: a city's year, whole and unchanged; first byte of a long CSV.

    PYTHONPATH=. .venv/bin/python benchmarks/reading.py [--servers] [--years N] [--cities …] [--seconds S]

Loads synthetic years into embedded stores, or into MariaDB and mongod, serves the API as a process on one core, and
asks it from another. Prints the table of `benchmarks/reading.md`; the first answer of each is read from the stores.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx

from weather_platform_tests.runtime.serving import Script, wait_for
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.process import free_port

CONNECTIONS = 8
YEAR = "/curated/cities/nice?from=2023-01-01&to=2023-12-31&limit=400"
ASKED = (
    ("a city's year as JSON", YEAR, ""),
    ("the same compressed", YEAR, "Accept-Encoding: gzip\r\n"),
    ("the same, unchanged (304)", YEAR, "If-None-Match: *\r\n"),
    ("`/climate/months` of a city, a year", "/climate/months?city=nice&from=2023-01&to=2023-12", ""),
    ("`/climate/ranking` of all stations", "/climate/ranking?figure=rr.total&year=2023&period=12", ""),
    ("`/stations`", "/stations", ""),
    ("`/livez`", "/livez", ""),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--years", type=int, default=1, help="synthetic years to load, to 2023")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each is asked")
    parser.add_argument("--servers", action="store_true", help="MariaDB and mongod, with its smallest cache")
    parser.add_argument("--cities", nargs="*", default=[], help="these alone, NICE among them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        first = f"{2024 - options.years}-01"
        variables = {"WEATHER_HOME": str(home / "data"), "WEATHER_API_PORT": str(free_port())}
        variables["WEATHER_FIRST_MONTH"] = first
        if options.servers:
            mariadb = stack.enter_context(MariaDB(home / "mariadb"))
            mongodb = stack.enter_context(MongoDB(home / "mongodb", replica_set=True))
            variables["WEATHER_STAGING_URL"] = stack.enter_context(mariadb.fresh_database())
            variables["WEATHER_CURATED_URL"] = stack.enter_context(mongodb.fresh_database())
        load(f"{first}..2023-12", options.cities, variables)
        served = Script("from api.__main__ import main; main()", home, **variables)
        try:
            os.sched_setaffinity(served.process.pid, {0})
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
            base = f"http://127.0.0.1:{variables['WEATHER_API_PORT']}"
            wait_for(lambda: answers(base), "the API")
            print("| asked | bytes | first ms | alone ms | requests per second | of its processor time | p99 ms |")
            print("|---|---|---|---|---|---|---|")
            for what, path, header in ASKED:
                measure(base, served.process.pid, what, path, header, options.seconds)
            first_byte(base)
        finally:
            served.interrupt()


def load(months: str, cities: list[str], variables: dict[str, str]) -> None:
    chosen = [word for city in cities for word in ("--city", city)]
    command = [sys.executable, "-m", "weather_platform", "load", months, "--source", "sample", *chosen]
    subprocess.run(command, check=True, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)


def answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/livez").status_code == 200
    except httpx.HTTPError:
        return False


def measure(base: str, pid: int, what: str, path: str, header: str, seconds: float) -> None:
    headers = dict([header.strip().split(": ")]) if header else {"Accept-Encoding": "identity"}
    first_ms = []
    for _ in range(3):  # an answer is remembered from its second request on
        began = time.perf_counter()
        httpx.get(base + path, headers=headers)
        first_ms.append((time.perf_counter() - began) * 1000)
    alone = asyncio.run(ask(base, path, header, connections=1, seconds=seconds / 3))
    worked = worked_s(pid)
    found = asyncio.run(ask(base, path, header, connections=CONNECTIONS, seconds=seconds))
    worked = worked_s(pid) - worked
    taken = sorted(found.taken_ms)
    print(
        f"| {what} | {found.size:,} | {first_ms[0]:.0f} | {statistics.median(alone.taken_ms):.2f} "
        f"| {len(taken) / found.seconds:,.0f} | {len(taken) / worked:,.0f} | {taken[int(len(taken) * 0.99)]:.1f} |",
        flush=True,
    )


def worked_s(pid: int) -> float:
    """Processor time of a process, which other work on the machine does not change."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Found:
    """What some seconds of asking found."""

    def __init__(self) -> None:
        self.taken_ms: list[float] = []
        self.size = 0
        self.seconds = 0.0


async def ask(base: str, path: str, header: str, *, connections: int, seconds: float) -> Found:
    """Ask again and again over kept connections, which costs the asker little."""
    found, address = Found(), urlsplit(base)
    request = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{header}\r\n".encode()
    started = time.perf_counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**22)
        while (begun := time.perf_counter()) < started + seconds:
            writer.write(request)
            found.size = await answered(reader)
            found.taken_ms.append((time.perf_counter() - begun) * 1000)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    found.seconds = time.perf_counter() - started
    return found


async def answered(reader: asyncio.StreamReader) -> int:
    """Read one answer with a length; the bytes of its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = head.split(maxsplit=2)[1]
    assert status in ("200", "304"), head
    length = next((int(line[16:]) for line in head.splitlines() if line.startswith("content-length: ")), 0)
    await reader.readexactly(length if status == "200" else 0)
    return length


def first_byte(base: str) -> None:
    """Of all days of a city as CSV."""
    taken, sizes = [], []
    for _ in range(5):
        started = time.perf_counter()
        with httpx.stream("GET", f"{base}/curated?city=nice&format=csv") as answer:
            pieces = answer.iter_raw()
            begun = len(next(pieces))
            taken.append((time.perf_counter() - started) * 1000)
            sizes.append(begun + sum(map(len, pieces)))
    size, (cold, *_), warm = sizes[-1], taken, statistics.median(taken)
    print(f"| first byte of all days as CSV | {size:,} | {cold:.0f} | {warm:.1f} | – | – | – |")


if __name__ == "__main__":
    main()
