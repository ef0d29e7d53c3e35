"""Posting and backfilling beside the fair floor and what others would take: one run, one table.

    make bench [TIMES=5] [QUICK=1]

The file is a real month, and a year of real months, where the real data is beside the checkout (the months that are not
there are made of their neighbours, shifted in time), else synthetic. Starts everything itself: MariaDB, mongod and an
S3 server (those of the tests), Dagster's servers and the API, each in a process of its own; then the same embedded.
Each posting finds its months empty: every turn is another year. Writes `benchmarks/results/bench.json`, the table
beside it and `docs/images/performance.svg`, also where a way or a peer breaks: it is named in its row.
"""

import argparse
import json
import os
import platform as machine
import statistics
import subprocess
import sys
import tempfile
import time
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx2 as httpx

from weather_platform import names
from weather_platform.domain.months import Month, month_range
from weather_platform_tests import real_months
from weather_platform_tests.conftest import REAL_DATA
from weather_platform_tests.runtime.processes import command, descendants
from weather_platform_tests.runtime.serving import Script, wait_for
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.process import free_port
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PLOT = HERE.parent / "docs" / "images" / "performance.svg"
PEERS_PYTHON = HERE.parent / ".venv-bench" / "bin" / "python"
SIZES = {"month": 1, "year": 12}
STORING = ("bulk", "by_row", "dlt")
"""Peers that store a year once, whatever the number of turns: 30 to 60 s each."""
MOST_TIMES = 5
YEARS = {
    "year": range(2024, 2004, -2),  # apart, so that no posting has a neighbour
    "month": range(2025, 2005, -2),  # its November, two months from those
    "backfill": range(2004, 1994, -2),
}
_NEIGHBOUR = {"02": "01", "03": "01", "04": "05", "07": "08"}
DAGSTER = {"webserver": "runtime.webserver", "daemon": "dagster_patches.daemon", "code server": "api grpc"}
"""Dagster's servers, and what their commands have."""
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


COLUMNS = (
    *("stores", "file", "way", "turns", "seconds", "least", "most", "of the floor", "CPU s"),
    *("servers' CPU s", "rows per s", "API peak MB", "worker peak MB", "Dagster peak MB", "own peak MB", "load"),
)


class Turn(NamedTuple):
    """One measurement."""

    seconds: float
    cpu_s: float
    """Of the Python processes."""
    servers_cpu_s: float
    """Of MariaDB, mongod and the S3 server."""
    peaks_mb: dict[str, float]
    """By process; of the worker, the largest child."""


class Servers(NamedTuple):
    """MariaDB, mongod and an S3 server."""

    mariadb: MariaDB
    mongodb: MongoDB
    pids: list[int]
    environment: dict[str, str]


class Platform(NamedTuple):
    """A running platform on stores of its own."""

    api: httpx.Client
    graphql: str
    processes: dict[str, list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=5, choices=range(1, MOST_TIMES + 1), help="median of so many")
    parser.add_argument(
        "--quick", action="store_true", help="peers that store, and embedded stores, with the month alone"
    )
    options = parser.parse_args()
    table = Table(options.times)
    with tempfile.TemporaryDirectory() as folder:
        files = {size: Path(folder) / f"{size}.json" for size in SIZES}
        records = {size: write_file(files[size], months) for size, months in SIZES.items()}
        with servers(Path(folder)) as at:
            for size, file in files.items():
                table.measure("servers", size, "fair floor", partial(floor, file, at), records[size])
            with running(Path(folder) / "on-servers", at) as tried:
                ways(table, "servers", tried, files, records, at.pids)
            for size, file in files.items():
                for peer in ("duckdb", "polars", *STORING):
                    stores = peer in STORING
                    if not (options.quick and size == "year" and stores):
                        once = 1 if size == "year" and stores else None
                        table.measure(
                            "servers" if stores else "none",
                            size,
                            peer,
                            partial(peers, peer, file, at),
                            records[size],
                            once,
                        )
        with running(Path(folder) / "embedded", None) as tried:
            some = {"month": files["month"]} if options.quick else files
            ways(table, "embedded", tried, some, records, [])


def ways(
    table: "Table",
    stores: str,
    tried: Platform,
    files: dict[str, Path],
    records: dict[str, int],
    servers_pids: list[int],
) -> None:
    """Both doors for each file, then twelve months from the UI."""
    left = {what: iter(years) for what, years in YEARS.items()}

    def post(way: str, size: str) -> Turn:
        shifted = in_year(files[size], next(left[size]))
        try:
            return turn(tried, servers_pids, partial(posted, tried.api, way, shifted))
        finally:
            shifted.unlink()

    for size in files:
        for way in ("/ingest-fast", "/ingest?wait=300"):
            table.measure(stores, size, way.partition("?")[0], partial(post, way, size), records[size])
    table.measure(
        stores,
        "year of the sample",
        "backfill of 12 months",
        lambda: turn(tried, servers_pids, partial(backfilled, tried.graphql, next(left["backfill"]))),
        None,
    )


def turn(tried: Platform, servers_pids: list[int], work: Callable[[], float]) -> Turn:
    """What the work takes, by process."""
    everyone = [pid for pids in tried.processes.values() for pid in pids]
    for pid in everyone:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # its peak begins here
    before, theirs = sum(map(cpu_s, everyone)), sum(map(cpu_s, servers_pids))
    seconds = work()
    peaks = {name: max(map(peak_mb, pids)) for name, pids in tried.processes.items()}
    return Turn(seconds, sum(map(cpu_s, everyone)) - before, sum(map(cpu_s, servers_pids)) - theirs, peaks)


def posted(api: httpx.Client, way: str, file: Path) -> float:
    """Seconds until the documents are readable."""
    started = time.perf_counter()
    with file.open("rb") as body:
        answer = api.post(way, files={"file": (file.name, body)})
    receipt = answer.raise_for_status().json()
    seconds = time.perf_counter() - started
    assert receipt["state"] == "done", receipt["trouble"]
    return seconds


_LAUNCH = """mutation($p: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $p) { ... on LaunchBackfillSuccess { backfillId } }
}"""
_RUNS = "query($t:[ExecutionTag!]){runsOrError(filter:{tags:$t}){...on Runs{results{status endTime}}}}"


def backfilled(graphql: str, year: int) -> float:
    """Seconds from the click on twelve months to the end of the last run."""

    def ask(query: str, **variables: Any) -> Any:
        answer = httpx.post(graphql, json={"query": query, "variables": variables}, timeout=60)
        return next(iter(answer.raise_for_status().json()["data"].values()))

    clicked, months = time.time(), list(map(str, month_range(Month(year, 1), Month(year, 12))))
    assets = [{"path": [name]} for name in names.ASSETS]
    made = ask(_LAUNCH, p={"assetSelection": assets, "partitionNames": months})
    tags = [{"key": "dagster/backfill", "value": made["backfillId"]}]

    def ended() -> list[dict[str, Any]] | None:
        runs: list[dict[str, Any]] = ask(_RUNS, t=tags)["results"]
        return runs if len(runs) == len(months) and all(run["endTime"] for run in runs) else None

    runs = wait_for(ended, "the backfill", timeout_s=600)
    assert {run["status"] for run in runs} == {"SUCCESS"}, runs
    return float(max(run["endTime"] for run in runs)) - clicked


def floor(file: Path, at: Servers) -> Turn:
    s3 = (at.environment["WEATHER_S3_ENDPOINT_URL"], ACCESS_KEY, SECRET_KEY)
    return child([sys.executable, str(HERE / "floor.py"), str(file)], at, *s3)


def peers(peer: str, file: Path, at: Servers) -> Turn:
    return child([str(PEERS_PYTHON), str(HERE / "peers.py"), peer, str(file)], at)


def child(script: Sequence[str], at: Servers, *more: str) -> Turn:
    """A script on empty databases, which measures itself."""
    with at.mariadb.fresh_database() as mysql, at.mongodb.fresh_database() as mongo:
        before = sum(map(cpu_s, at.pids))
        done = subprocess.run([*script, mysql, mongo, *more], check=True, capture_output=True, text=True, timeout=600)
        theirs = sum(map(cpu_s, at.pids)) - before
    result = json.loads(done.stdout.splitlines()[-1])
    return Turn(result["total"], result["cpu"], theirs, {"own": result["peak_mb"]})


class Table:
    """Rows as they are measured, each printed and written at once, with the machine beside them."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.rows: list[dict[str, Any]] = []
        self._floors: dict[str, float] = {}
        self.lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
        print(*self.lines, sep="\n", flush=True)

    def measure(
        self, stores: str, size: str, way: str, once: Callable[[], Turn], records: int | None, times: int | None = None
    ) -> None:
        """The turns of a way; one that cannot be installed or breaks is named in its row, and the next one follows."""
        try:
            turns = [once() for _ in range(times or self.times)]
        except (subprocess.SubprocessError, httpx.HTTPError, OSError, LookupError, ValueError, AssertionError) as error:
            told = str(getattr(error, "stderr", None) or error).strip().splitlines() or [type(error).__name__]
            self.rows.append(
                {**dict.fromkeys(COLUMNS), "stores": stores, "file": size, "way": f"{way}: {told[-1]}", "turns": 0}
            )
        else:
            self._add(stores, size, way, turns, records)
        self._print(self.rows[-1])
        self.write()

    def _add(self, stores: str, size: str, way: str, turns: Sequence[Turn], records: int | None) -> None:
        seconds = [turn.seconds for turn in turns]
        median = statistics.median(seconds)
        if way == "fair floor":
            self._floors[size] = median
        least = self._floors.get(size)
        peaks = {name: max(turn.peaks_mb[name] for turn in turns) for name in turns[0].peaks_mb}
        dagster = sum(peaks.get(name, 0) for name in DAGSTER)
        row = {
            **dict(zip(COLUMNS[:4], (stores, size, way, len(turns)), strict=True)),
            **dict(zip(COLUMNS[4:7], (median, min(seconds), max(seconds)), strict=True)),
            "of the floor": median / least if least else None,
            "CPU s": statistics.median(turn.cpu_s for turn in turns),
            "servers' CPU s": statistics.median(turn.servers_cpu_s for turn in turns),
            "rows per s": records and records / median,
            **dict(
                zip(
                    COLUMNS[11:15],
                    (peaks.get("api"), peaks.get("worker"), dagster or None, peaks.get("own")),
                    strict=True,
                )
            ),
            "load": os.getloadavg()[0],
            "peaks_mb": peaks,
        }
        self.rows.append(row)

    def _print(self, row: dict[str, Any]) -> None:
        self.lines.append(f"| {' | '.join(_cell(name, row[name]) for name in COLUMNS)} |")
        print(self.lines[-1], flush=True)

    def write(self) -> None:
        RESULTS.mkdir(exist_ok=True)
        told = {"machine": this_machine(), "times": self.times, "rows": self.rows}
        (RESULTS / "bench.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        (RESULTS / "bench.md").write_text("\n".join(self.lines) + "\n")
        PLOT.write_text(plot(self.rows))


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if "MB" in name or name == "rows per s" else f"{value:.2f}"
    return str(value)


def this_machine() -> dict[str, Any]:
    cpus = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "processor": cpus[0] if cpus else machine.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory.split()[1]) / 1024**2, 1),
        "system": machine.platform(),
        "python": machine.python_version(),
        "months": "real" if REAL_DATA.is_dir() else "synthetic",
    }


def plot(rows: Sequence[dict[str, Any]]) -> str:
    """Bars of what each way takes, in seconds, by file; as SVG."""
    drawn = [row for row in rows if row["seconds"] is not None]
    height, label, width = 22, 300, 900
    parts = []
    y = 10
    for size in dict.fromkeys(row["file"] for row in drawn):
        of_size = [row for row in drawn if row["file"] == size]
        most = max(row["seconds"] for row in of_size)
        parts.append(f'<text x="0" y="{y + 15}" font-weight="bold">{size}, seconds</text>')
        y += height + 4
        for row in of_size:
            length = max(1, (width - label - 80) * row["seconds"] / most)
            colour = (
                "#888"
                if row["way"] == "fair floor"
                else "#1f6fb2"
                if " " in row["way"] or "/" in row["way"]
                else "#c9862b"
            )
            parts.append(f'<text x="0" y="{y + 15}">{row["way"]} ({row["stores"]})</text>')
            parts.append(f'<rect x="{label}" y="{y + 3}" width="{length:.0f}" height="{height - 6}" fill="{colour}"/>')
            parts.append(f'<text x="{label + length + 6:.0f}" y="{y + 15}">{row["seconds"]:.2f}</text>')
            y += height
        y += 12
    style = "font-family='sans-serif' font-size='13' fill='#222'"
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" {style}>\n'
        f'<rect width="{width}" height="{y}" fill="#fff"/>\n{body}\n</svg>\n'
    )


@contextmanager
def servers(home: Path) -> Iterator[Servers]:
    """MariaDB, mongod and an S3 server, each a process."""
    port = free_port()
    with ExitStack() as stack:
        mariadb = stack.enter_context(MariaDB(home / "mariadb"))
        mongodb = stack.enter_context(MongoDB(home / "mongodb", replica_set=True))
        (home / "s3").mkdir()
        s3 = Script(_S3.format(port=port), home / "s3")
        stack.callback(s3.process.kill)
        s3.wait_until_printed("ready")
        environment = {
            "WEATHER_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "WEATHER_S3_ACCESS_KEY": ACCESS_KEY,
            "WEATHER_S3_SECRET_KEY": SECRET_KEY,
            "WEATHER_S3_REGION": REGION,
        }
        yield Servers(mariadb, mongodb, [mariadb.pid, mongodb.pid, s3.process.pid], environment)


@contextmanager
def running(home: Path, at: Servers | None) -> Iterator[Platform]:
    """Dagster and the API on empty stores, on servers or embedded, warmed by a small file."""
    home.mkdir()
    with ExitStack() as stack:
        variables = {
            "WEATHER_HOME": str(home),
            "WEATHER_SOURCE": "sample",
            **{f"WEATHER_{name}_PORT": str(free_port()) for name in ("DAGSTER", "API", "SITE")},
        }
        if at:
            variables |= {
                **at.environment,
                "WEATHER_RAW_URL": f"s3://bench-{free_port()}/raw",
                "WEATHER_STAGING_URL": stack.enter_context(at.mariadb.fresh_database()),
                "WEATHER_CURATED_URL": stack.enter_context(at.mongodb.fresh_database()),
            }
        dagster = Script(_UP, home, **variables)
        stack.callback(dagster.interrupt)
        api_home = home / "api"
        api_home.mkdir()
        served = Script("from api.__main__ import main; main()", api_home, **variables)
        stack.callback(served.interrupt)
        dagster.wait_until_printed("ready", timeout_s=180)
        api = stack.enter_context(
            httpx.Client(base_url=f"http://127.0.0.1:{variables['WEATHER_API_PORT']}", timeout=600)
        )
        wait_for(lambda: answers(api), "the API")
        warm(api)
        processes = {"api": [served.process.pid], "supervisor": [dagster.process.pid]}
        for found in descendants(dagster.process.pid):
            for name, module in {"worker": "runtime.worker", **DAGSTER}.items():
                if module in command(found):
                    processes.setdefault(name, []).append(found.pid)
        yield Platform(api, f"http://127.0.0.1:{variables['WEATHER_DAGSTER_PORT']}/graphql", processes)


def answers(api: httpx.Client) -> bool:
    try:
        return bool(api.get("/health").json()["status"] == "healthy")
    except httpx.HTTPError:
        return False


def warm(api: httpx.Client) -> None:
    record = {"numer_sta": "07690", "t": 285.15}
    for way, month in (("/ingest-fast", "2003-05"), ("/ingest?wait=120", "2003-09")):
        body = json.dumps([{**record, "date": f"{month}-01T00:00:00Z"}])
        api.post(way, content=body, headers={"content-type": "application/json"}).raise_for_status()


def cpu_s(pid: int) -> float:
    """What a process has computed so far, as a user and in the kernel; another measure than a busy machine's clock."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def write_file(path: Path, months: int) -> int:
    """November 2023, or all of that year, as one v2.1 JSON array; the number of records."""
    numbers = [f"{number:02d}" for number in range(1, 13)] if months == 12 else ["11"]
    records = 0
    with path.open("w") as out:
        out.write("[")
        for position, number in enumerate(numbers):
            lines = [json.dumps(record, ensure_ascii=False) for record in month_of_records(number)]
            out.write((",\n" if position else "") + ",\n".join(lines))
            records += len(lines)
        out.write("]")
    real_months.records.cache_clear()
    real_months.archive.cache_clear()
    return records


def in_year(file: Path, year: int) -> Path:
    """The file with all its dates in another year; 2023 has no 29 February."""
    shifted = file.with_name(f"{file.stem}-{year}.json")
    with file.open("rb") as lines, shifted.open("wb") as out:
        out.writelines(line.replace(b'"2023-', f'"{year}-'.encode()) for line in lines)
    return shifted


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
