"""Bring the stack up, load it, ingest both ways, read, look, break it in every way, back up, restore, upgrade, end.

Every figure is compared with the same months loaded in this process without any server. Ends with 1 at the first thing
that is not as it should be, and leaves nothing behind.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

from weather_platform.domain.months import Month, parse_months
from weather_platform_tests.containers.faults import (
    DISK_MB,
    back_up_and_restore,
    fill_the_disk_of_mysql,
    kill_in_turn,
    nothing_is_open,
    pause_redis,
    put_mysql_on,
    restart_under_load,
    small_disk,
    two_clients,
    upgrade_under_load,
)
from weather_platform_tests.containers.looks import (
    look_at_the_site,
    look_at_what_strangers_see,
    try_commands_of,
    watching_memory,
)
from weather_platform_tests.containers.reference import Reference, compare, sample_file
from weather_platform_tests.containers.stack import PORTS, PROJECT, NotAsItShouldBe, Stack, say

COMPOSE_FILE = "docker-compose.yml"
OURS = ("worker", "dagster-daemon", "dagster-webserver", "api", "code-server", "site")


def three_each(first: str) -> Iterator[list[Month]]:
    """Two months to load, then one that is left for a file."""
    month = Month.parse(first)
    while True:
        yield [month, month.next]
        month = month.next.next.next


def ingest_years(stack: Stack, reference: Reference, folder: Path) -> None:
    for way, first in (("/ingest-fast", "2018-01"), ("/ingest", "2019-01")):
        file = sample_file(folder / f"{first}.json", Month.parse(first), stations=62, months=12)
        began = time.monotonic()
        receipt = stack.ingest(file, way)
        read = sum(month["read"] for month in receipt["outcome"])
        size_mb = file.stat().st_size / 1e6
        say(f"a year by {way}: {size_mb:.0f} MB, {read:,} records, {time.monotonic() - began:.0f} s")
        reference.receive(file)
        file.unlink()
    compare(stack, reference)


def backfill_on_two_workers(stack: Stack, reference: Reference) -> None:
    stack.up("--scale", "worker=2", "--no-recreate")
    months = parse_months("2015-01..2015-06")
    began = time.monotonic()
    runs = stack.load(*months)
    stack.wait_for_runs(runs)
    took_s = time.monotonic() - began
    logs = [stack.compose("logs", "--no-log-prefix", "--index", str(index), "worker") for index in (1, 2)]
    shares = [sum(run_id in log for run_id in runs) for log in logs]
    say(f"two workers, one run per month: 6 months in {took_s:.0f} s, {shares[0]} and {shares[1]} of the runs")
    if not all(shares):
        raise NotAsItShouldBe("one of the two workers had nothing to do")
    reference.load(months)
    compare(stack, reference)


def upgrade(stack: Stack, reference: Reference, folder: Path) -> None:
    began = time.monotonic()
    stack.script("deploy/upgrade.sh", folder / "before-upgrade")
    say(f"deploy/upgrade.sh, with all data in place: {time.monotonic() - began:.0f} s")
    compare(stack, reference)


def story(stack: Stack, folder: Path, disk: Path, *, quick: bool) -> None:
    reference = Reference(folder / "reference")
    stack.up()
    stack.first_load()
    reference.load(parse_months("2023-12"))
    reference.receive(Path("data/ingestion/2024.json"))
    small = sample_file(folder / "small.json", Month.parse("2022-05"), stations=10)
    receipt = stack.ingest(small, "/ingest")
    say(f"/ingest through a Dagster run: {receipt['state']}, {receipt['outcome'][0]['read']:,} records")
    if not receipt["links"]["run"].startswith(stack.dagster.url):
        raise NotAsItShouldBe(f"a receipt links to {receipt['links']['run']}")
    reference.receive(small)
    compare(stack, reference)
    look_at_the_site()
    try_commands_of(stack, Path("docs/first-hour-operator.md"))
    look_at_what_strangers_see(stack)
    months = three_each("2004-01")
    two_clients(stack, reference, months, folder)
    pause_redis(stack, reference, months, folder)
    fill_the_disk_of_mysql(stack, reference, months, folder, disk)
    upgrade_under_load(stack, reference, months, folder)
    restart_under_load(stack, reference, months, folder)
    kill_in_turn(stack, reference, months, folder)
    backfill_on_two_workers(stack, reference)
    if not quick:
        ingest_years(stack, reference, folder)
    nothing_is_open(stack)
    upgrade(stack, reference, folder)
    back_up_and_restore(stack, folder)
    compare(stack, reference)
    nothing_is_open(stack)


def with_localstack(env_file: Path) -> None:
    stack = Stack(env_file, COMPOSE_FILE, "docker-compose.localstack.yml")
    say("the same with LocalStack")
    try:
        stack.up()
        stack.first_load()
    finally:
        stack.compose("down", "--volumes")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the years and LocalStack")
    quick = parser.parse_args().quick
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that it leaves nothing behind then either
    with tempfile.TemporaryDirectory() as place, small_disk(Path(place) / "mysql.img", DISK_MB) as disk:
        folder = Path(place)
        env_file = folder / "env"
        subprocess.run(["deploy/make-env.sh", env_file], check=True)
        with env_file.open("a") as file:
            file.write(f"\nWEATHER_SOURCE=sample\nWEATHER_RUNS_AT_ONCE=4\nWEATHER_DAGSTER_LOGIN=try:{token_hex(16)}\n")
            file.writelines(f"{name}={port}\n" for name, port in PORTS.items())
        stack = Stack(env_file, COMPOSE_FILE)
        stack.compose("down", "--volumes")
        put_mysql_on(disk)
        try:
            with watching_memory() as peaks:
                story(stack, folder, disk, quick=quick)
        except NotAsItShouldBe as found:
            say(f"NOT AS IT SHOULD BE: {found}")
            say(stack.compose("ps", "--all"))
            say(stack.compose("logs", "--tail", "40", *OURS))
            return 1
        finally:
            stack.compose("down", "--volumes")
        say("down -v")
        for name, peak_mb in sorted(peaks.items()):
            say(f"    {name.removeprefix(PROJECT + '-'):24} {peak_mb:6.0f} MB at most")
        if not quick:
            with_localstack(env_file)
    say("The whole story went as it should.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
