"""What posting a year costs, by part: one process, real servers.

    PYTHONPATH=. .venv/bin/python benchmarks/posting.py [MONTHS] [--times N] [--profile FILE]

The least of the turns, each on empty stores: processor seconds of the thread that does the part, and seconds by the
clock. Parts of several threads overlap, so only the processor's add up. What the second process makes is told in all.
"""

import argparse
import cProfile
import functools
import os
import resource
import secrets
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.bench import Servers, peak_mb, servers, write_file
from weather_platform import intake, many_months, pipeline
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.settings import Settings
from weather_platform.storage.raw import RawStore
from weather_platform.storage.staging import StagingStore

PARTS: tuple[tuple[str, Any, str], ...] = (
    ("sort the file by month", intake.Intake, "add"),
    ("keep it raw", RawStore, "put"),
    ("stage", pipeline, "staged"),
    ("write staging", pipeline, "store_staged"),
    ("read, screen, add up", StagingStore, "daily"),
    ("make and write documents", pipeline, "store_documents"),
    ("make and write sheets", pipeline, "store_sheets"),
)


class Spent:
    """Processor and clock seconds by part, without those of the parts within."""

    def __init__(self) -> None:
        self.by_part: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._within = threading.local()

    def timed(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(work)
        def wrapped(*args: Any, **named: Any) -> Any:
            outer, self._within.spent = getattr(self._within, "spent", [0.0, 0.0]), [0.0, 0.0]
            cpu, clock = time.thread_time(), time.perf_counter()
            try:
                return work(*args, **named)
            finally:
                whole = [time.thread_time() - cpu, time.perf_counter() - clock]
                for which in (0, 1):
                    self.by_part[part][which] += whole[which] - self._within.spent[which]
                    outer[which] += whole[which]
                self._within.spent = outer

        return wrapped


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("months", nargs="?", type=int, default=12, choices=(1, 12))
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--profile", type=Path, help="where cProfile's figures of one more turn go")
    options = parser.parse_args()
    spent = Spent()
    for part, owner, name in PARTS:
        setattr(owner, name, spent.timed(part, getattr(owner, name)))
    turns = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "posted.json"
        records = write_file(file, options.months)
        with servers(Path(folder)) as at:
            for _ in range(options.times):
                spent.by_part.clear()
                cpu, others, clock = time.process_time(), children_s(), time.perf_counter()
                posted(file, at, Path(folder))
                clock = time.perf_counter() - clock
                spent.by_part["all in this process"] = [time.process_time() - cpu, clock]
                spent.by_part["all in the second"] = [children_s() - others, clock]
                turns.append({part: tuple(each) for part, each in spent.by_part.items()})
            if options.profile:
                profile = cProfile.Profile()
                profile.runcall(posted, file, at, Path(folder))
                profile.dump_stats(options.profile)
    print(f"{records:,} records, the least of {options.times} turns; peak {peak_mb(os.getpid()):.0f} MB")
    print(f"{'part':<28}{'processor s':>12}{'clock s':>10}")
    for part in turns[0]:
        cpu, clock = (min(turn.get(part, (0.0, 0.0))[which] for turn in turns) for which in (0, 1))
        print(f"{part:<28}{cpu:>12.2f}{clock:>10.2f}")


def children_s() -> float:
    """Processor seconds of the processes that have ended: the second one, which makes half of the months."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def posted(file: Path, at: Servers, home: Path) -> None:
    """From the file to documents and sheets, on empty stores."""
    with at.mariadb.fresh_database() as staging, at.mongodb.fresh_database() as curated:
        settings = Settings.from_environment(
            {
                **at.environment,
                "WEATHER_HOME": str(home / secrets.token_hex(4)),
                "WEATHER_RAW_URL": f"s3://bench-{secrets.token_hex(4)}/raw",
                "WEATHER_STAGING_URL": staging,
                "WEATHER_CURATED_URL": curated,
            }
        )
        stores = pipeline.open_stores(settings)
        with intake.Intake(Partitions(settings.first_month)) as sorting:
            with file.open("rb") as body:
                sorting.add(file.name, body)
            stored = sorting.keep(stores.raw, Provenance(source="upload", name="", licence=ETALAB))
        months = sorted({Month.parse(each.object.partition) for each in stored})
        parsed = {each.object.name: each.parsed for each in stored if each.parsed}
        for _ in many_months.make_months(stores, months, parsed):
            pass


if __name__ == "__main__":
    main()
