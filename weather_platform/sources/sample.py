"""The sample: synthetic observations of any month and number of stations, in the format of OpenDataSoft's v2.1 export.

Provenance marks them as synthetic, and so does ``"synthetic": true`` in every record, because a file uploaded later has
no provenance beside it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from gzip import GzipFile
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np

from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS
from weather_platform.sources.port import Payload, Provenance
from weather_platform.sources.selection import station_numbers
from weather_platform.sources.synthetic.climate import Places, places_of
from weather_platform.sources.synthetic.noise import Floats
from weather_platform.sources.synthetic.reports import Reports, month_of_reports

SEED: Final = 1
"""The seed of the files in ``data/``."""
LICENCE: Final = "Synthetic, not a measurement; CC0 1.0"

# Stations generated at once: a month of 64 takes 20 MB as JSON and as much in arrays.
_BLOCK: Final = 64

_INTEGERS: Final = frozenset({"pmer", "dd", "u"})
_TEXTS: Final = frozenset({"cod_tend", "ww", "etat_sol"})
_CELSIUS: Final = {"tc": "t", **{f"{name}c": name for name in ("tn12", "tn24", "tx12", "tx24", "tminsol")}}

FIELDS: Final = (
    *"""
    numer_sta date pmer tend cod_tend dd ff t td u vv ww w1 w2 n nbas hbas cl cm ch pres niv_bar geop tend24
    tn12 tn24 tx12 tx24 tminsol sw tw raf10 rafper per etat_sol ht_neige ssfrai perssfrai
    rr1 rr3 rr6 rr12 rr24 phenspe1 phenspe2 phenspe3 phenspe4
    """.split(),  # noqa: SIM905  # eighty names are read more easily without their quotes
    *(f"{name}{layer}" for layer in range(1, 5) for name in ("nnuage", "ctype", "hnuage")),
    *"""
    coordonnees nom type_de_tendance_barometrique temps_passe_1 temps_present tc tn12c tn24c tx12c tx24c tminsolc
    latitude longitude altitude libgeo codegeo nom_epci code_epci nom_dept code_dep nom_reg code_reg mois_de_l_annee
    synthetic
    """.split(),  # noqa: SIM905
)
"""The 82 fields of the dataset in its order, and the mark."""
_Record: Final = msgspec.defstruct("_Record", [(name, Any) for name in FIELDS])
"""A struct: encoded three times as fast as a dictionary."""


class SampleSource:
    """Generated observations; month, station and seed determine every byte of a record."""

    name = "sample"
    grows_daily = False

    def __init__(self, seed: int = SEED) -> None:
        self._seed = seed

    def newest(self) -> datetime | None:
        """None: generated observations are never late."""
        return None

    def station_list(self) -> tuple[bytes, Provenance] | None:
        """None: this source has no list of stations."""
        return None

    def fetch(self, month: Month, stations: Collection[str] | None = None) -> Payload:
        """The month's records, by time and station (64 stations after another). BadInput for an invalid WMO number."""
        chosen = station_numbers(stations)
        blocks = _blocks([month], chosen or tuple(STATIONS), self._seed, days_of_month=None)
        return Payload(
            body=b"[" + b",\n".join(blocks) + b"]",
            provenance=Provenance(
                source=self.name,
                name=f"sample:{month}?seed={self._seed}" + (f"&stations={','.join(chosen)}" if chosen else ""),
                licence=LICENCE,
                synthetic=True,
            ),
        )


def write_sample(
    target: Path | BinaryIO,
    months: Iterable[Month],
    stations: Sequence[str] | None = None,
    seed: int = SEED,
    *,
    days_of_month: int | None = None,
) -> int:
    """Write months of stations (None: the 62 of the reference table) as one JSON array; a ``.gz`` path is gzipped.

    ``days_of_month`` keeps the first days of each month only. Returns the number of bytes before gzip. A stream:
    memory does not grow with the months, nor with the stations past 64. Records are in the order of the months,
    within a month 64 stations after another, and by time and station among these.
    """
    chosen = station_numbers(stations) or tuple(STATIONS)
    written, before = 0, b"["
    with _opened(target) as out:
        for block in _blocks(months, chosen, seed, days_of_month=days_of_month):
            written += out.write(before) + out.write(block)
            before = b",\n"
        written += out.write(b"[]" if before == b"[" else b"]")
    return written


def _opened(target: Path | BinaryIO) -> AbstractContextManager[BinaryIO | GzipFile]:
    if not isinstance(target, Path):
        return nullcontext(target)
    # Without the time of writing, so the same sample gives the same file.
    return GzipFile(target, "wb", mtime=0) if target.suffix == ".gz" else target.open("wb")


def sample_stations(count: int) -> tuple[str, ...]:
    """The first `count` station numbers: the 62 of the reference table, then invented ones from 99999 downwards.

    WMO block 99 is not assigned, so up to 1,000 invented stations match no real one.
    """
    invented = (number for n in range(99_999, 999, -1) if (number := f"{n:05d}") not in STATIONS)
    return tuple(islice(chain(STATIONS, invented), count))


def _blocks(
    months: Iterable[Month], stations: Sequence[str], seed: int, *, days_of_month: int | None
) -> Iterator[bytes]:
    """Records as JSON, one per line, joined by commas, in blocks of one month and up to 64 stations."""
    for month in months:
        for start in range(0, len(stations), _BLOCK):
            reports = month_of_reports(places_of(stations[start : start + _BLOCK]), month, seed)
            lines = _lines(reports, month, days_of_month or 31)
            if lines:
                yield b",\n".join(lines)


def _lines(reports: Reports, month: Month, days: int) -> list[bytes]:
    """The reports as JSON, by time and station, with all fields in order."""
    kept = reports.sent.T & (reports.hours < reports.hours[0] + 24 * days)[:, None]
    slots, stations = (index.tolist() for index in np.nonzero(kept))
    columns: dict[str, Iterable[Any]] = {name: _plain(name, values.T[kept]) for name, values in reports.columns.items()}
    for celsius, kelvin in _CELSIUS.items():
        columns[celsius] = [None if value is None else value - 273.15 for value in columns[kelvin]]
    stamps = [f"{time}:00:00+00:00" for time in np.datetime_as_string(reports.hours.astype("datetime64[h]"))]
    described = _described(reports.places)
    columns |= {name: [described[station][name] for station in stations] for name in described[0]}
    columns |= {"date": [stamps[slot] for slot in slots]}
    columns |= {"mois_de_l_annee": repeat(month.number), "synthetic": repeat(True)}
    encode = msgspec.json.Encoder().encode
    return [encode(_Record(*row)) for row in zip(*(columns.get(name, repeat(None)) for name in FIELDS), strict=False)]


def _plain(name: str, values: Floats) -> list[Any]:
    """A field as the export writes it: whole numbers, decimals or codes as text, null if not reported."""
    silent = np.isnan(values)
    if name in _INTEGERS or name in _TEXTS:
        whole = np.where(silent, 0.0, values).astype(np.int64)
        plain = (whole.astype(np.str_) if name in _TEXTS else whole).astype(np.object_)
    else:
        plain = values.astype(np.object_)
    plain[silent] = None
    as_list: list[Any] = plain.tolist()
    return as_list


def _described(places: Places) -> list[dict[str, Any]]:
    """Station columns added by the portal; commune, EPCI and region code stay null."""
    positions = np.hstack((places.latitude_deg, places.longitude_deg, places.altitude_m)).tolist()
    return [
        {
            "numer_sta": station.station_id,
            "coordonnees": {"lon": longitude_deg, "lat": latitude_deg},
            "nom": station.name,
            "latitude": latitude_deg,
            "longitude": longitude_deg,
            "altitude": int(altitude_m),
            "nom_dept": station.department,
            "code_dep": station.department_code,
            "nom_reg": station.region,
        }
        for station, (latitude_deg, longitude_deg, altitude_m) in zip(places.stations, positions, strict=True)
    ]
