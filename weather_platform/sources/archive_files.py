"""The two formats of Météo-France's archive files, and how a year is split into months; lines stay as published.

`archives` finds the files, `meteofrance` chooses the one for a month.
"""

import gzip
import re
import zlib
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

import msgspec

from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month
from weather_platform.sources.transport import Interrupted

_BOM: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"
_ISO: Final = re.compile(rb"(\d{4})-?(\d{2})-?(\d{2})(?:T?(\d{2}))?")
_INDEX: Final = "months.json"
_LEVEL: Final = 1  # gzip level: 3 times as fast as level 6, one sixth larger; the files are only a cache


class ArchiveForm(NamedTuple):
    """File names of one format, and the two columns needed to split a file."""

    file_name: str
    time_column: bytes
    station_column: bytes


# Times as 2026-01-01T00:00:00Z; about 60 stations to 2024, 190 since.
ANNUAL: Final = ArchiveForm("synop_{year:04d}.csv.gz", b"validity_time", b"geo_id_wmo")
MONTHLY: Final = ArchiveForm("synop.{year:04d}{month:02d}.csv.gz", b"date", b"numer_sta")


class MonthCut(msgspec.Struct):
    """The rows of a month in a file."""

    rows: int = 0
    newest: datetime = datetime(1, 1, 1, tzinfo=UTC)


class _Columns(NamedTuple):
    """Positions of the two columns in a header."""

    header: bytes
    time: int
    station: int

    def cells(self, line: bytes) -> list[bytes] | None:
        """Values of the two columns; None for a line that is too short."""
        cells = line.split(b";", max(self.time, self.station) + 1)
        return cells if len(cells) > max(self.time, self.station) + 1 else None

    def time_of(self, line: bytes) -> datetime | None:
        """Time to the hour, UTC; None if it cannot be read."""
        cells = self.cells(line)
        found = _ISO.match(cells[self.time]) if cells else None
        try:
            return datetime(*(int(part or 0) for part in found.groups()), tzinfo=UTC) if found else None  # type: ignore[arg-type,misc]
        except ValueError:
            return None


def cut_into_months(path: Path, address: str, folder: Path) -> dict[str, MonthCut]:
    """Write each month of a file to ``folder/2023-12.csv.gz`` under the file's header; returns each month's content.

    A line whose month cannot be read goes into every month, so that parsing refuses it visibly and it is not lost
    here. Constant memory; 5 s for the largest year (2025, 190 stations).

    Raises:
        Interrupted: the file cannot be read to its end.
        BadInput: its header lacks a column of a SYNOP archive.
    """
    months: dict[str, MonthCut] = {}
    unplaced: list[bytes] = []
    with ExitStack() as open_files, archive_lines(path, address) as lines:
        columns = _columns(lines, address)
        out: dict[str, gzip.GzipFile] = {}
        last, month = b"", ""
        for line in lines:
            cells = line.split(b";", columns.time + 1)
            text = cells[columns.time] if len(cells) > columns.time + 1 else b""
            if text != last or not text:
                moment = columns.time_of(line)
                if moment is None:
                    last = b""
                    if line.strip():
                        unplaced.append(line)
                    continue
                last, month = text, f"{moment:%Y-%m}"
                if month not in out:
                    target = gzip.open(folder / f"{month}.csv.gz", "wb", compresslevel=_LEVEL)  # noqa: SIM115
                    out[month] = open_files.enter_context(target)
                    out[month].write(columns.header)
                    months[month] = MonthCut()
                months[month].newest = max(months[month].newest, moment)
            out[month].write(line)
            months[month].rows += 1
        for file in out.values():
            file.writelines(unplaced)
    (folder / _INDEX).write_bytes(msgspec.json.encode(months))
    return months


def months_of_cut(folder: Path) -> dict[str, MonthCut]:
    """The files that `cut_into_months` wrote in a folder."""
    return msgspec.json.decode((folder / _INDEX).read_bytes(), type=dict[str, MonthCut])


def whole_month(path: Path, address: str, month: Month) -> MonthCut:
    """The content of a file of one month. Errors as in `cut_into_months`."""
    found = MonthCut()
    with archive_lines(path, address) as lines:
        columns = _columns(lines, address)
        for line in lines:
            moment = columns.time_of(line)
            if moment is not None and Month.of(moment) == month:
                found.rows += 1
                found.newest = max(found.newest, moment)
    return found


def of_stations(path: Path, address: str, stations: Collection[str]) -> bytes:
    """The header, the lines of the given stations and lines without a readable station; b"" if there are none."""
    wanted = {number.encode() for number in stations}
    with archive_lines(path, address) as lines:
        columns = _columns(lines, address)
        kept, found = [columns.header], False
        for line in lines:
            cells = columns.cells(line)
            if cells is None:
                kept += [line] if line.strip() else []
            elif cells[columns.station].strip().zfill(5) in wanted:
                kept.append(line)
                found = True
    return b"".join(kept) if found else b""


@contextmanager
def archive_lines(path: Path, address: str) -> Iterator[IO[bytes]]:
    """The lines of a file, gzipped or not by its first bytes; Interrupted if it is truncated or damaged."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        with cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb") as lines:
            yield lines
    except (OSError, EOFError, zlib.error) as error:
        raise Interrupted(f"{address} is truncated or damaged: {error}.") from error


def check_gzip(path: Path, address: str) -> None:
    """Raise Interrupted if the file does not start as gzip: some servers send an HTML page instead of a file."""
    with path.open("rb") as file:
        begin = file.read(60)
    if not begin.startswith(_GZIP):
        raise Interrupted(f"{address} is not a gzip file: it starts with {begin!r}.")


def _columns(lines: IO[bytes], address: str) -> _Columns:
    header = lines.readline()
    if not header:
        raise EOFError("the file is empty")
    names = header.removeprefix(_BOM).rstrip(b"\r\n").split(b";")
    for form in (ANNUAL, MONTHLY):
        if {form.time_column, form.station_column} <= set(names):
            return _Columns(header, names.index(form.time_column), names.index(form.station_column))
    raise BadInput(
        f"{address} begins with {header[:60]!r}, not with the columns of a SYNOP archive.",
        "Use the file whose header has geo_id_wmo and validity_time, or numer_sta and date.",
    )
