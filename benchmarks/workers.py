"""What a second worker saves: twelve months of 62 stations, one run per month, on one worker and on two.

    PYTHONPATH=. .venv/bin/python benchmarks/workers.py

Starts MariaDB, mongod, an S3 server, Redis and the platform, as the distributed test does. Seconds go from the first
launch to the last success; each worker has executed a run before, and has one slot.
"""

import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dagster import DagsterRunStatus, RunsFilter

from weather_platform.domain.months import Month, parse_months
from weather_platform.runtime.prepare import OWNER, prepare_mysql
from weather_platform.runtime.service import any_free_port
from weather_platform_tests.deploy.hosts import FirstHost, SecondHost
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.process import LOOPBACK
from weather_platform_tests.servers.redis import Redis
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server

WARM_UP = parse_months("2022-11..2022-12")
MONTHS = parse_months("2023-01..2023-12")


def main() -> None:
    print("| workers | seconds | load average |")
    print("|---|---|---|")
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as place, hosts(Path(place), workers) as first:
            load(first, WARM_UP)
            began = time.monotonic()
            load(first, MONTHS)
            print(f"| {workers} | {time.monotonic() - began:.1f} | {os.getloadavg()[0]:.1f} |", flush=True)


def load(host: FirstHost, months: list[Month]) -> None:
    """Launch one run per month, and wait until all have succeeded."""
    run_ids = [host.load(month, []) for month in months]
    good = RunsFilter(run_ids=run_ids, statuses=[DagsterRunStatus.SUCCESS])
    wait_for(lambda: host.instance.get_runs_count(good) == len(run_ids), f"{len(run_ids)} runs", timeout_s=600)


@contextmanager
def hosts(place: Path, workers: int) -> Iterator[FirstHost]:
    """The servers, the first host and, for two workers, the second."""
    with ExitStack() as stack:
        mariadb = stack.enter_context(MariaDB(place / "mariadb"))
        mongodb = stack.enter_context(MongoDB(place / "mongodb", replica_set=True))
        redis = stack.enter_context(Redis(place / "redis"))
        s3 = stack.enter_context(S3Server())
        names = [f"bench_{secrets.token_hex(4)}" for _ in range(2)]
        urls = [f"mysql+pymysql://{name}:a1@{LOOPBACK}:{mariadb.port}/{name}?ssl_disabled=true" for name in names]
        prepare_mysql(mariadb.url("mysql"), dict.fromkeys(urls, OWNER))
        environment = {
            "WEATHER_SOURCE": "sample",
            "WEATHER_FIRST_MONTH": "2022-11",
            "WEATHER_RAW_URL": f"s3://{stack.enter_context(s3.fresh_bucket())}",
            "WEATHER_S3_ENDPOINT_URL": s3.endpoint_url,
            "WEATHER_S3_ACCESS_KEY": ACCESS_KEY,
            "WEATHER_S3_SECRET_KEY": SECRET_KEY,
            "WEATHER_S3_REGION": REGION,
            "WEATHER_STAGING_URL": urls[0],
            "WEATHER_CURATED_URL": mongodb.url("curated"),
            "WEATHER_DAGSTER_STORAGE_URL": urls[1],
            "WEATHER_BROKER_URL": redis.url,
            "WEATHER_WORKER_SLOTS": "1",
            "WEATHER_RUNS_AT_ONCE": str(workers),
        }
        first = FirstHost(place / "first", any_free_port(), environment)
        stack.callback(first.interrupt)
        first.wait_until_printed("ready", timeout_s=150)
        if workers == 2:
            second = SecondHost(place / "second", environment)
            stack.callback(second.kill)
            second.wait_until_ready()
        yield first


if __name__ == "__main__":
    main()
