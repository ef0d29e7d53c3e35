"""What posting a month and a year costs, from the first byte sent to documents readable, beside the bare floor.

    .venv/bin/python benchmarks/ingest.py [--year] [--times N]

Real months where the real data is beside the checkout (the months that are not there are made of their neighbours,
shifted in time), else synthetic ones. Starts everything itself: MariaDB, mongod and an S3 server (those of the tests),
Dagster's servers and the API, each in a process of its own. Prints the table of `benchmarks/ingest.md`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from calendar import monthrange
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

from weather_platform_tests import real_months
from weather_platform_tests.conftest import REAL_DATA
from weather_platform_tests.runtime.serving import Script, wait_for
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.process import free_port
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY

HERE = Path(__file__).parent
MONTHS = ("01", "05", "06", "08", "09", "10", "11", "12")
_NEIGHBOUR = {"02": "01", "03": "01", "04": "05", "07": "08"}
_S3 = """
import time
from moto.server import ThreadedMotoServer
ThreadedMotoServer("127.0.0.1", {port}, verbose=False).start()
print("ready")
while True:
    time.sleep(60)
"""
_UP = """
from weather_platform.runtime.up import up
from weather_platform.settings import Settings
up(Settings.from_environment(), report=print, when_ready=lambda: print("ready"))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--year", action="store_true", help="a year of 175,000 records too")
    parser.add_argument("--times", type=int, default=3, help="the median of so many")
    options = parser.parse_args()
    print("| file | way | seconds | of the floor | CPU s (Python) | API peak MB | worker peak MB | load average |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        sizes = {"month": 1, **({"year": 12} if options.year else {})}
        for size, months in sizes.items():
            file = Path(folder) / f"{size}.json"
            write_file(file, months)
            measure(file, size, options.times if months == 1 else 1, Path(folder) / size)


def measure(file: Path, size: str, times: int, home: Path) -> None:
    """One file by all ways; each ingestion finds empty stores."""
    home.mkdir()
    with servers(home) as (mariadb, mongodb, environment):
        floors = [floor(file, mariadb, mongodb) for _ in range(times)]
        least = statistics.median(result["total"] for result in floors)
        cpu = statistics.median(result["cpu"] for result in floors)
        row(f"{size}, {floors[0]['records']:,} records", "floor", least, least, cpu, {})
        for way in ("/ingest-fast", "/ingest"):
            seconds, spent, peaks = [], [], {}
            for turn in range(times):
                with platform(home / f"{way[1:]}-{turn}", mariadb, mongodb, environment) as (api, processes):
                    everyone = [pid for pids in processes.values() for pid in pids]
                    before = sum(map(cpu_s, everyone))
                    seconds.append(posted(api, way, file))
                    spent.append(sum(map(cpu_s, everyone)) - before)
                    peaks = {name: max(map(peak_mb, pids)) for name, pids in processes.items()}
            row(size, way, statistics.median(seconds), least, statistics.median(spent), peaks)


def row(what: str, way: str, seconds: float, least: float, cpu: float, peaks: dict[str, float]) -> None:
    memory = " | ".join(f"{peaks[name]:.0f}" if name in peaks else "–" for name in ("api", "worker"))
    print(
        f"| {what} | {way} | {seconds:.2f} | {seconds / least:.2f} | {cpu:.2f} | {memory} | {os.getloadavg()[0]:.1f} |",
        flush=True,
    )


def posted(api: httpx.Client, way: str, file: Path) -> float:
    """Seconds until the documents are readable; a small file of another month went before, to warm everything."""
    started = time.perf_counter()
    with file.open("rb") as body:
        answer = api.post(way, files={"file": (file.name, body)})
    receipt = answer.raise_for_status().json()
    while receipt["state"] not in ("done", "failed"):
        time.sleep(0.05)
        receipt = api.get(f"/ingestions/{receipt['id']}").json()
    seconds = time.perf_counter() - started
    assert receipt["state"] == "done", receipt["trouble"]
    return seconds


def floor(file: Path, mariadb: MariaDB, mongodb: MongoDB) -> dict[str, float]:
    with mariadb.fresh_database() as mysql, mongodb.fresh_database() as mongo:
        command = [sys.executable, str(HERE / "floor.py"), str(file), mysql, mongo]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


@contextmanager
def servers(home: Path) -> Iterator[tuple[MariaDB, MongoDB, dict[str, str]]]:
    """MariaDB, mongod and an S3 server, each a process."""
    port = free_port()
    with ExitStack() as stack:
        mariadb = stack.enter_context(MariaDB(home / "mariadb"))
        mongodb = stack.enter_context(MongoDB(home / "mongodb", replica_set=True))
        s3 = Script(_S3.format(port=port), home)
        stack.callback(s3.process.kill)
        s3.wait_until_printed("ready")
        yield (
            mariadb,
            mongodb,
            {
                "WEATHER_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "WEATHER_S3_ACCESS_KEY": ACCESS_KEY,
                "WEATHER_S3_SECRET_KEY": SECRET_KEY,
                "WEATHER_S3_REGION": REGION,
            },
        )


@contextmanager
def platform(
    home: Path, mariadb: MariaDB, mongodb: MongoDB, environment: dict[str, str]
) -> Iterator[tuple[httpx.Client, dict[str, list[int]]]]:
    """Dagster and the API on empty stores, warmed by one small file; the client, and the pids to watch."""
    home.mkdir()
    with mariadb.fresh_database() as staging, mongodb.fresh_database() as curated:
        variables = {
            **environment,
            "WEATHER_HOME": str(home),
            "WEATHER_RAW_URL": f"s3://{home.name.replace('_', '-')}-{free_port()}/raw",
            "WEATHER_STAGING_URL": staging,
            "WEATHER_CURATED_URL": curated,
            "WEATHER_DAGSTER_PORT": str(free_port()),
            "WEATHER_API_PORT": str(free_port()),
        }
        dagster = Script(_UP, home, **variables)
        api_home = home / "api"
        api_home.mkdir()
        served = Script("from api.__main__ import main; main()", api_home, **variables)
        try:
            dagster.wait_until_printed("ready", timeout_s=180)
            with httpx.Client(base_url=f"http://127.0.0.1:{variables['WEATHER_API_PORT']}", timeout=600) as api:
                wait_for(lambda: answers(api), "the API")
                warm(api)
                yield api, {"api": [served.process.pid], "worker": workers(dagster.process.pid)}
        finally:
            served.interrupt()
            dagster.interrupt()


def answers(api: httpx.Client) -> bool:
    try:
        return bool(api.get("/health").json()["status"] == "healthy")
    except httpx.HTTPError:
        return False


def warm(api: httpx.Client) -> None:
    record = {"numer_sta": "07690", "t": 285.15}
    for way, month in (("/ingest-fast", "2022-05"), ("/ingest?wait=120", "2022-06")):
        body = json.dumps([{**record, "date": f"{month}-01T00:00:00Z"}])
        api.post(way, content=body, headers={"content-type": "application/json"}).raise_for_status()


def workers(supervisor: int) -> list[int]:
    """The worker's processes; one executes the run."""
    from weather_platform_tests.runtime.processes import command, descendants

    return [found.pid for found in descendants(supervisor) if "runtime.worker" in command(found)]


def cpu_s(pid: int) -> float:
    """What a process has computed so far, as a user and in the kernel; another measure than a busy machine's clock."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def write_file(path: Path, months: int) -> None:
    """November 2023, or all of that year, as one v2.1 JSON array."""
    names = [f"{number:02d}" for number in range(1, 13)] if months == 12 else ["11"]
    with path.open("w") as out:
        out.write("[")
        for position, number in enumerate(names):
            lines = [json.dumps(record, ensure_ascii=False) for record in month_of_records(number)]
            out.write((",\n" if position else "") + ",\n".join(lines))
        out.write("]")


def month_of_records(number: str) -> Iterator[dict[str, Any]]:
    """The real month, or its neighbour's days with its own number; synthetic without the real data."""
    if not REAL_DATA.is_dir():
        from weather_platform.domain.months import Month
        from weather_platform.sources.sample import SampleSource

        yield from json.loads(SampleSource().fetch(Month(2023, int(number))).body)
        return
    days = monthrange(2023, int(number))[1]
    for record in real_months.records(REAL_DATA, f"2023-{_NEIGHBOUR.get(number, number)}"):
        if int(record["date"][8:10]) <= days:
            yield {**record, "date": f"2023-{number}{record['date'][7:]}", "mois_de_l_annee": int(number)}


if __name__ == "__main__":
    main()
