"""Months of the synthetic sample as their publishers would write them: without the mark, each made once a test run.

Tests of forms, pages and flows read these, so that they run in any clone. The results are read-only.
"""

import gzip
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from weather_platform.domain.months import Month
from weather_platform.domain.record_files import cut
from weather_platform.domain.staging import StagedMonth, stage
from weather_platform.sources.sample import SampleSource
from weather_platform_tests.domain import forms
from weather_platform_tests.real_months import Record, raw_object

Stations = tuple[str, ...] | None
"""Their numbers; None means the 62 of the reference table."""


@cache
def records(month: str, stations: Stations = None) -> list[Record]:
    """The month as flat v2.1 records."""
    made: list[Record] = json.loads(SampleSource().fetch(Month.parse(month), stations).body)
    return [{name: value for name, value in record.items() if name != "synthetic"} for record in made]


@cache
def archive(month: str, stations: Stations = None) -> bytes:
    """The month in the form of the monthly archive, unpacked."""
    return forms.monthly_csv(records(month, stations))


def write_archive(folder: Path, month: str, stations: Stations = None) -> Path:
    """The month's file in a folder of the monthly archive."""
    path = folder / f"synop.{month.replace('-', '')}.csv.gz"
    path.write_bytes(gzip.compress(archive(month, stations), 1, mtime=0))
    return path


def publish(folder: Path, months: Iterable[str], stations: Stations = None) -> Path:
    """The folder, with archive files of these months where the real data have theirs."""
    (folder / "meteofrance-monthly").mkdir(parents=True)
    for month in months:
        write_archive(folder / "meteofrance-monthly", month, stations)
    return folder


@cache
def staged(month: str, stations: Stations = None) -> StagedMonth:
    """The month as its archive file says it."""
    return stage([(raw_object(month), cut(archive(month, stations)))])
