"""What references over decades cost, and how soon `/climate/*` answers, over monthly sheets of many stations.

    PYTHONPATH=. .venv/bin/python benchmarks/climate.py [--stations N] [--years N]

Stores made-up sheets in SQLite (one real shape, other numbers), makes the references as the asset does, and asks the
API in this process's own server. Times are processor time where the line says so, else the clock.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.stations import STATIONS, station_for
from weather_platform.usual import store_references
from weather_platform_tests.api.serving import served, settings_at
from weather_platform_tests.storage.sheets import sheet

LAST_YEAR = 2025
ASKED = (
    ("months, a city's year", "/climate/months?city=nice&from=2025-01&to=2025-12"),
    ("comparisons, a city", "/climate/comparisons?city=nice&year=2025&period=12"),
    ("reference, a city", "/climate/reference?city=nice&period=12"),
    ("records, a city", "/climate/records?city=nice&period=12"),
    ("months, all stations", "/climate/months?from=2025-12&to=2025-12"),
    ("comparisons, all stations", "/climate/comparisons?year=2025&period=12&figure=rr.total"),
    ("ranking, all stations", "/climate/ranking?figure=rr.total&year=2025&period=12"),
)
_TRIES = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stations", type=int, default=190)
    parser.add_argument("--years", type=int, default=31)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(settings_at(Path(folder))) as api:
        stores = api.services.layers
        stores.staging.ensure()
        numbers = [*STATIONS, *(f"{99000 + n}" for n in range(options.stations))][: options.stations]
        for month in month_range(Month(LAST_YEAR + 1 - options.years, 1), Month(LAST_YEAR, 12)):
            stores.monthly.replace(month, _sheets(numbers, month))
        cpu_before, clock_before = time.process_time(), time.perf_counter()
        made = store_references(stores)
        cpu, clock = time.process_time() - cpu_before, time.perf_counter() - clock_before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{made}: {cpu:.1f} s of processor time, {clock:.1f} s, peak of this process {peak} MB")
        for what, path in ASKED:
            begun = time.perf_counter()
            answer = api.get(path)
            first = time.perf_counter() - begun
            assert answer.status_code == 200, answer.text
            warm = _best(partial(api.get, path))
            print(f"{what}: first {first * 1000:.0f} ms, then {warm * 1000:.0f} ms, {len(answer.content):,} bytes")
        changed = Month(LAST_YEAR, 11)
        stores.monthly.replace(changed, _sheets(numbers[1:], changed))
        cpu_before, clock_before = time.process_time(), time.perf_counter()
        assert api.get(ASKED[5][1].replace("period=12", "period=11")).status_code == 200
        cpu, clock = time.process_time() - cpu_before, time.perf_counter() - clock_before
        print(f"{ASKED[5][0]}, after a month changed: {cpu * 1000:.0f} ms of processor time, {clock * 1000:.0f} ms")


def _sheets(numbers: list[str], month: Month) -> Iterator[MonthDocument]:
    shape, chance = sheet(month=str(month)), random.Random(str(month))  # noqa: S311
    for number in numbers:
        station = STATIONS.get(number) or station_for(number, f"STATION {number}")
        total = round(chance.uniform(0, 200), 1)
        yield msgspec.structs.replace(
            shape,
            document_id=f"{number}:{month}",
            station_id=number,
            city=station.name,
            slug=station.slug,
            revision=f"{chance.getrandbits(64):016x}",
            tn=msgspec.structs.replace(shape.tn, status="complete", mean=round(chance.gauss(5, 3), 2)),
            tx=msgspec.structs.replace(shape.tx, status="complete", mean=round(chance.gauss(15, 3), 2)),
            rr=msgspec.structs.replace(shape.rr, status="complete", total=total),
        )


def _best(ask: Callable[[], object]) -> float:
    times = []
    for _ in range(_TRIES):
        begun = time.perf_counter()
        ask()
        times.append(time.perf_counter() - begun)
    return min(times)


if __name__ == "__main__":
    main()
