"""The real months as arrays, read straight from the archive's CSV, once per test run; read-only."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from weather_platform.domain.climate.columns import GRID_FIELDS, RAINS
from weather_platform.domain.climate.grid import Grid, Rows, grid_of
from weather_platform.domain.climate.screening import Screened, screen_month
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.fields import FIELDS
from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS

MONTHS = ("2023-01", "2023-05", "2023-06", "2023-08", "2023-09", "2023-10", "2023-11", "2023-12")


@cache
def table(real_data: Path, month: str) -> Any:
    """The fields of the grid as staged, NaN for missing; None for a month that is not there."""
    path = real_data / "meteofrance-monthly" / f"synop.{month.replace('-', '')}.csv.gz"
    wanted = [name for name in GRID_FIELDS if name != "rr_trace"]
    if not path.is_file():
        return None
    frame = pd.read_csv(
        path, sep=";", na_values=["mq"], dtype={"numer_sta": str, "date": str}, usecols=["numer_sta", "date", *wanted]
    )
    frame["seconds"] = pd.to_datetime(frame["date"], format="%Y%m%d%H%M%S").to_numpy("datetime64[s]").astype(np.int64)
    frame["rr_trace"] = sum((frame[name] == -0.1) * (1 << bit) for bit, name in enumerate(RAINS))
    for name in RAINS:
        frame[name] = frame[name].clip(lower=0)
    return frame


def rows(real_data: Path, month: str, *, neighbours: bool = True) -> Rows:
    """Of all stations of `STATIONS`: a month and, unless told otherwise, its neighbours."""
    of = Month.parse(month)
    months = [of.previous, of, of.next] if neighbours else [of]
    frame = pd.concat([frame for m in months if (frame := table(real_data, str(m))) is not None])
    frame = frame[frame["numer_sta"].isin(list(STATIONS))]
    return Rows(
        frame["numer_sta"].map({number: place for place, number in enumerate(STATIONS)}).to_numpy(np.int64),
        frame["seconds"].to_numpy(),
        {n: frame[n].to_numpy(float) for n in GRID_FIELDS},
    )


@cache
def grid(real_data: Path, month: str, *, neighbours: bool = True) -> Grid:
    of = rows(real_data, month, neighbours=neighbours)
    return grid_of(Stretch.of(Month.parse(month)), list(STATIONS.values()), of)


@cache
def screened(real_data: Path, month: str, *, neighbours: bool = True) -> Screened:
    return screen_month(grid(real_data, month, neighbours=neighbours), Month.parse(month))


@cache
def _export(real_data: Path) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Seconds and fields of OpenDataSoft's export of NICE, July 2023 to August 2025."""
    path = real_data / "opendatasoft-export" / "ods-export-nice-2023-07-to-2025-08.csv.gz"
    frame = pd.read_csv(path, sep=";", low_memory=False)
    time = pd.to_datetime(frame["Date"], utc=True).dt.tz_localize(None).to_numpy("datetime64[s]").astype(np.int64)
    named = {name: frame[FIELDS[name].label_fr] for name in GRID_FIELDS if name in FIELDS and FIELDS[name].label_fr}
    values = {name: column.to_numpy(float) for name, column in named.items()}
    values["rr_trace"] = np.sum([(values[name] == -0.1) * (1 << bit) for bit, name in enumerate(RAINS)], axis=0)
    return time, values | {name: np.maximum(values[name], 0) for name in RAINS}


def nice(real_data: Path, month: Month, before: str = "2026-01-01") -> Screened:
    """A month of NICE, with what the export has of its neighbours before a day."""
    time, values = _export(real_data)
    kept = time < pd.Timestamp(before).timestamp()
    columns = {name: column[kept] for name, column in values.items()}
    of = Rows(np.zeros(kept.sum(), dtype=np.int64), time[kept], columns)
    return screen_month(grid_of(Stretch.of(month), [STATIONS["07690"]], of), month)
