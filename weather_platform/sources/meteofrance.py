"""Météo-France's own archive: a file a year, or a file a month (the form before it).

A month is cut out of its year line by line; every line stays as it was published.
"""

import gzip
import re
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from weather_platform.domain.errors import BadInput, EmptyMonth, SourceUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.sources.port import ETALAB, Payload, Provenance
from weather_platform.sources.selection import station_numbers
from weather_platform.sources.shelves import shelf
from weather_platform.sources.transport import Interrupted, Patience

FIRST_MONTH: Final = Month(1996, 1)

_BOM: Final = b"\xef\xbb\xbf"
_YEAR_AND_MONTH: Final = re.compile(rb"\d{4}-\d{2}")


class ArchiveForm(NamedTuple):
    """How one of the two archives names its files and the two columns that a cut looks at."""

    file_name: str
    time_column: bytes
    station_column: bytes


# Times as 2026-01-01T00:00:00Z; about 60 stations to 2024, 190 since.
ANNUAL: Final = ArchiveForm("synop_{year:04d}.csv.gz", b"validity_time", b"geo_id_wmo")
MONTHLY: Final = ArchiveForm("synop.{year:04d}{month:02d}.csv.gz", b"date", b"numer_sta")


class MeteoFranceSource:
    """The archive at a web address or in a folder; of the two forms, whichever has the month.

    The annual file comes first: it alone is kept up, and for a whole year it is fetched once and
    then only revalidated, while asking in vain for either costs one small request.
    """

    name = "meteofrance"

    def __init__(self, archive_url: str, cache_folder: Path, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._shelf = shelf(archive_url, cache_folder, check_gzip, self._patience)

    @property
    def grows_daily(self) -> bool:
        """True of the archive itself; a folder holds what its owner put there."""
        return self._shelf.complete

    def newest(self) -> datetime | None:
        """The latest time in the newest annual file, of this year or, in its first days, of the one before."""
        this_year = self._patience.now().year
        for year in (this_year, this_year - 1):
            name = ANNUAL.file_name.format(year=year)
            if path := self._shelf.find(name):
                with _gzip_lines(path, self._shelf.address(name)) as lines:
                    times = (line.split(b";", 8)[7] for line in lines if line.count(b";") > 8)
                    latest = max((time for time in times if _YEAR_AND_MONTH.match(time)), default=b"")
                if latest:
                    return datetime.fromisoformat(latest.decode()).astimezone(UTC)
        return None

    def fetch(self, month: Month, stations: Collection[str] | None = None) -> Payload:
        """The month's lines under their header. Errors as the port says.

        A whole monthly file is given as published (gzip); lines cut out of an annual file, or chosen
        by station, as plain CSV.
        """
        chosen = station_numbers(stations)
        names = [form.file_name.format(year=month.year, month=month.number) for form in (ANNUAL, MONTHLY)]
        for form, name in zip((ANNUAL, MONTHLY), names, strict=True):
            path = self._shelf.find(name)
            if path:
                address = self._shelf.address(name)
                return Payload(
                    body=_read(path, address, form, month, chosen),
                    provenance=Provenance(source=self.name, name=address, licence=ETALAB),
                )
        raise self._without(month, [self._shelf.address(name) for name in names])

    def _without(self, month: Month, addresses: list[str]) -> WeatherError:
        cause = f"The archive has neither {' nor '.join(addresses)}."
        if not self._shelf.complete:
            return EmptyMonth(cause, "Put one of them into its folder, or choose a month that is there.")
        if FIRST_MONTH <= month < Month.of(self._patience.now()):
            return SourceUnavailable(
                cause, "They were published, so the archive has moved: correct its address, or try again tomorrow."
            )
        return EmptyMonth(cause, f"It begins with {FIRST_MONTH} and grows day by day: choose a month in between.")


def cut(lines: Iterable[bytes], form: ArchiveForm, month: Month | None, stations: Collection[str] | None) -> bytes:
    """The header and the lines of a month and of some stations (None: of all), as they are; b"" where there is none.

    A line whose month cannot be read goes along with every cut, so that parsing refuses it aloud
    instead of its being lost here. BadInput where the header lacks a column, EOFError without one.
    """
    rest = iter(lines)
    header = next(rest, None)
    if header is None:
        raise EOFError("the file is empty")
    columns = header.removeprefix(_BOM).rstrip(b"\r\n").split(b";")
    if not {form.time_column, form.station_column} <= set(columns):
        raise BadInput(
            f"The file begins with {header[:60]!r}, not with the columns of a SYNOP archive.",
            f"Look for the file whose header names {form.station_column.decode()} and {form.time_column.decode()}.",
        )
    time_at, station_at = columns.index(form.time_column), columns.index(form.station_column)
    cells_needed = max(time_at, station_at) + 1
    mark = str(month).encode() if month else b""
    wanted = {number.encode() for number in stations} if stations else None

    def belongs(line: bytes) -> bool | None:
        """None where the line does not tell."""
        cells = line.split(b";", cells_needed)
        if len(cells) < cells_needed:
            return None if line.strip() else False
        if not cells[time_at].startswith(mark):
            return False if _YEAR_AND_MONTH.match(cells[time_at]) else None
        return not wanted or cells[station_at].strip().zfill(5) in wanted

    kept, found = [header], False
    for line in rest:
        verdict = belongs(line)
        if verdict is not False:
            kept.append(line)
            found |= bool(verdict)
    return b"".join(kept) if found else b""


def check_gzip(path: Path, address: str) -> None:
    """Interrupted where the file is not whole gzip; reads it once, in constant memory."""
    with _gzip_lines(path, address) as lines:
        while lines.read(1024**2):
            pass


@contextmanager
def _gzip_lines(path: Path, address: str) -> Iterator[gzip.GzipFile]:
    try:
        with gzip.open(path) as lines:
            yield lines
    except (OSError, EOFError, zlib.error) as error:
        raise Interrupted(f"{address} cannot be read to its end: {error}.") from error


def _read(path: Path, address: str, form: ArchiveForm, month: Month, stations: tuple[str, ...] | None) -> bytes:
    with _gzip_lines(path, address) as lines:
        body = cut(lines, form, month if form is ANNUAL else None, stations)
    if not body:
        of_stations = f" of {', '.join(stations)}" if stations else ""
        raise EmptyMonth(f"{address} has no observation for {month}{of_stations}.", "Choose another month.")
    return path.read_bytes() if form is MONTHLY and not stations else body
