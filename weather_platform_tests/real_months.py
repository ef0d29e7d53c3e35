"""The real months as the platform reads them, each read once per test run; the results are read-only."""

import gzip
import importlib.util
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.fields import Observation
from weather_platform.domain.months import Month
from weather_platform.domain.provenance import ETALAB, Provenance, RawObject
from weather_platform.domain.record_files import cut
from weather_platform.domain.staging import StagedMonth, stage
from weather_platform_tests.domain.climate import archive as climate_archive

Record = dict[str, Any]

PROVENANCE = Provenance(source="meteofrance", name="synop.csv.gz", licence=ETALAB)
RECEIVED = datetime(2026, 11, 1, tzinfo=UTC)


def raw_object(partition: str = "2023-12", name: str = "00000000000000aa", *, synthetic: bool = False) -> RawObject:
    """What the raw store would say of an object."""
    return RawObject(
        partition=partition,
        name=name,
        form="json",
        size_bytes=0,
        records=0,
        sha256=name * 4,
        received=RECEIVED,
        provenance=Provenance(source="upload", name="file.json", licence=ETALAB, synthetic=synthetic),
    )


def archive_path(real_data: Path, month: str) -> Path:
    """The monthly archive file of ``2023-12``."""
    return real_data / "meteofrance-monthly" / f"synop.{month.replace('-', '')}.csv.gz"


@cache
def archive(real_data: Path, month: str) -> bytes:
    """A month of the monthly archive, unpacked."""
    return gzip.decompress(archive_path(real_data, month).read_bytes())


@cache
def records(real_data: Path, month: str) -> list[Record]:
    """The month as flat v2.1 records, made of the archive by the tool beside the real data."""
    make: Callable[[list[str], Path], Iterator[Record]] = _tool(real_data).records
    return list(make([month.replace("-", "")], real_data / "meteofrance-monthly"))


def as_v1(real_data: Path, record: Record) -> Record:
    """A flat record in the form of the API before v2."""
    wrapped: Record = _tool(real_data).as_v1(record)
    return wrapped


@cache
def staged(real_data: Path, month: str) -> StagedMonth:
    """The month as the archive says it."""
    return stage([(raw_object(month), cut(archive(real_data, month)))])


def erroneous(real_data: Path, months: Iterable[str]) -> dict[tuple[str, datetime], list[str]]:
    """Fields by station and time that `docs/quality.md` judges to be wrong: each of its hits there is looked at."""
    found: dict[tuple[str, datetime], list[str]] = {}
    for month in months:
        for flag in climate_archive.screened(real_data, month).flags(Stretch.of(Month.parse(month))):
            if flag.verdict == "erroneous" and flag.field in Observation._fields:
                found.setdefault((flag.station_id, flag.time), []).append(flag.field)
    return found


@cache
def _tool(real_data: Path) -> Any:
    spec = importlib.util.spec_from_file_location("shapes", real_data.parents[1] / "tools" / "to_opendatasoft_json.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
