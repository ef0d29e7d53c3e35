"""What loading a month and a year costs, by layer and by store, and as Dagster runs.

    .venv/bin/python benchmarks/load.py [--year]

Uses synthetic months of 62 stations (about 15,000 records, 19 MB each). Starts its own servers (those of the tests:
`make test` installs them) in a temporary folder. Prints the table of `benchmarks/load.md`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from weather_platform.domain.months import Month, month_range

YEAR = list(month_range(Month(2023, 1), Month(2023, 12)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--year", action="store_true", help="twelve months too")
    parser.add_argument("--child", choices=("pipeline", "dagster"))
    options = parser.parse_args()
    months = YEAR if options.year else YEAR[-1:]
    if options.child:
        print(json.dumps({"pipeline": by_layer, "dagster": by_dagster}[options.child](months)))
        return
    print("| stores | months | receive s | stage s | curate s | sum s | peak MB | Dagster run s | peak MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in ("embedded", "servers"):
        for year in (False, True)[: 1 + options.year]:
            with stores(name) as environment:
                layers = child("pipeline", environment, year=year)
            with stores(name) as environment:
                run = child("dagster", environment, year=year)
            total = sum(layers[layer] for layer in ("receive", "stage", "curate"))
            print(
                f"| {name} | {12 if year else 1} | {layers['receive']:.2f} | {layers['stage']:.2f} | "
                f"{layers['curate']:.2f} | {total:.2f} | {layers['peak_mb']:.0f} | "
                f"{run['run']:.2f} | {run['peak_mb']:.0f} |",
                flush=True,
            )


def child(what: str, environment: dict[str, str], *, year: bool) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", what, *(["--year"] if year else [])]
    done = subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def by_layer(months: list[Month]) -> dict[str, float]:
    """Seconds of each layer and of the checks, the latter not in the table; making the months is counted in `cpu`."""
    from weather_platform.domain.months import Partitions
    from weather_platform.intake import receive
    from weather_platform.month_report import month_checks
    from weather_platform.pipeline import curate_month, open_stores, stage_month
    from weather_platform.settings import Settings
    from weather_platform.sources.sample import SampleSource

    settings = Settings.from_environment()
    stores, source, begun = open_stores(settings), SampleSource(), time.process_time()
    spent = {"receive": 0.0, "stage": 0.0, "curate": 0.0, "report": 0.0}
    for month in months:
        payload = source.fetch(month)
        with timed(spent, "receive"):
            receive(stores.raw, payload.body, payload.provenance, Partitions(settings.first_month))
        del payload
        with timed(spent, "stage"):
            stage_month(stores, month)
        with timed(spent, "curate"):
            curate_month(stores, month)
        with timed(spent, "report"):
            month_checks(stores, month)
    return {**spent, "cpu": time.process_time() - begun, "peak_mb": peak_mb()}


def by_dagster(months: list[Month]) -> dict[str, float]:
    """Seconds of one Dagster run in this process, the code already imported; making the months is counted."""
    import weather_platform.definitions
    from weather_platform.runtime.in_process import load_in_process
    from weather_platform.settings import Settings

    settings = Settings.from_environment()
    weather_platform.definitions.defs()
    spent: dict[str, float] = {"run": 0.0}
    assert all(
        run.state == "loaded" for run in load_in_process(settings, [Month(2022, 6)], source="sample", cities=["NICE"])
    )  # what a warm worker has done before
    with timed(spent, "run"):
        assert all(run.state == "loaded" for run in load_in_process(settings, months, source="sample"))
    return {**spent, "peak_mb": peak_mb()}


@contextmanager
def timed(spent: dict[str, float], what: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    spent[what] += time.perf_counter() - start


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def stores(name: str) -> Iterator[dict[str, str]]:
    """Settings of fresh stores."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        environment = {"WEATHER_HOME": folder}
        if name == "servers":
            from weather_platform_tests.servers.mariadb import MariaDB
            from weather_platform_tests.servers.mongodb import MongoDB
            from weather_platform_tests.servers.s3 import ACCESS_KEY, SECRET_KEY, S3Server

            mariadb = stack.enter_context(MariaDB(Path(folder) / "mariadb"))
            mongodb = stack.enter_context(MongoDB(Path(folder) / "mongodb", replica_set=True))
            s3 = stack.enter_context(S3Server())
            environment |= {
                "WEATHER_RAW_URL": "s3://weather/raw",
                "WEATHER_S3_ENDPOINT_URL": s3.endpoint_url,
                "WEATHER_S3_ACCESS_KEY": ACCESS_KEY,
                "WEATHER_S3_SECRET_KEY": SECRET_KEY,
                "WEATHER_STAGING_URL": stack.enter_context(mariadb.fresh_database()),
                "WEATHER_CURATED_URL": mongodb.url("curated"),
            }
        yield environment


if __name__ == "__main__":
    main()
