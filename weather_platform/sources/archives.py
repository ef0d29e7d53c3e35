"""Finds an archive's files: below a web address, or anywhere in a folder."""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from weather_platform.domain.errors import BadSettings, SourceUnavailable
from weather_platform.domain.months import Month
from weather_platform.files import UNFINISHED, file_lock
from weather_platform.sources.archive_files import (
    ANNUAL,
    MONTHLY,
    MonthCut,
    check_gzip,
    cut_into_months,
    months_of_cut,
    whole_month,
)
from weather_platform.sources.downloads import Downloads
from weather_platform.sources.transport import RetryPolicy, web_address

STATION_LIST: Final = "postes_synop.geojson"
_SYNOP: Final = re.compile(r"synop[._-]?(\d{4})(0[1-9]|1[0-2])?(?!\d).*\.csv(?:\.gz)?", re.IGNORECASE)
"""File names of both formats, also as changed by copying: ``synop.202312 (1).csv``."""


class Held(NamedTuple):
    """A file that may contain a month."""

    address: str
    """Name in provenance and messages."""
    path: Path
    """A file with only the month's lines, for `archive_lines`."""
    month: MonthCut
    modified: float = 0


class Archive(Protocol):
    """Files of observations by month, and the list of stations."""

    @property
    def is_published(self) -> bool:
        """Whether a missing file that should be published is an error."""
        ...

    def months(self, month: Month) -> Iterator[Callable[[], Held | None]]:
        """Loaders of files that may contain the month; each returns None if its file has no row of it."""
        ...

    def newest(self, year: int) -> list[Callable[[], MonthCut]]:
        """Files to search for the newest observation, of that year or the latest year before."""
        ...

    def names(self, month: Month) -> list[str]:
        """The addresses at which the month was searched."""
        ...

    def station_list(self) -> tuple[str, bytes] | None:
        """Address and bytes of the list of stations; None without one."""
        ...


class WebArchive:
    """An archive below a web address, with the file names of Météo-France.

    The annual file comes first: only it is updated, and it serves twelve months.
    """

    is_published = True

    def __init__(self, url: str, cache: Path, retry_policy: RetryPolicy) -> None:
        self._url = web_address(url, "the archive (WEATHER_ARCHIVE_URL)")
        self._downloads = Downloads(cache, retry_policy)

    def months(self, month: Month) -> Iterator[Callable[[], Held | None]]:
        annual, monthly = self.names(month)
        yield lambda: self._of_year(annual, month)
        yield lambda: self._of_month(monthly, month)

    def names(self, month: Month) -> list[str]:
        files = (form.file_name.format(year=month.year, month=month.number) for form in (ANNUAL, MONTHLY))
        return [f"{self._url}/{name}" for name in files]

    def newest(self, year: int) -> list[Callable[[], MonthCut]]:
        def look() -> MonthCut:
            for each in (year, year - 1):
                folder = self._downloads.products(self.names(Month(each, 1))[0], _cut)
                if folder and (months := months_of_cut(folder)):
                    return max(months.values(), key=lambda month: month.newest)
            return MonthCut()

        return [look]

    def station_list(self) -> tuple[str, bytes] | None:
        address = f"{self._url}/{STATION_LIST}"
        folder = self._downloads.products(address, _keep)
        return (address, (folder / _KEPT).read_bytes()) if folder else None

    def _of_year(self, address: str, month: Month) -> Held | None:
        folder = self._downloads.products(address, _cut)
        found = months_of_cut(folder).get(str(month)) if folder else None
        if folder is None:
            return None
        return Held(address, folder / f"{month}.csv.gz", found or MonthCut())

    def _of_month(self, address: str, month: Month) -> Held | None:
        folder = self._downloads.products(address, _keep_month)
        return Held(address, folder / _KEPT, whole_month(folder / _KEPT, address, month)) if folder else None


_KEPT: Final = "file"


def _cut(path: Path, address: str, folder: Path) -> None:
    check_gzip(path, address)
    cut_into_months(path, address, folder)


def _keep(path: Path, address: str, folder: Path) -> None:  # noqa: ARG001  # one of several `Make`
    shutil.copyfile(path, folder / _KEPT)


def _keep_month(path: Path, address: str, folder: Path) -> None:
    check_gzip(path, address)
    whole_month(path, address, Month(1, 1))  # reads the whole file
    _keep(path, address, folder)


class FolderArchive:
    """An archive in a folder, at any depth: both formats, ``.csv`` or ``.csv.gz``, several copies of a month.

    Annual files are split into months once, in the cache, like those from the web.
    """

    is_published = False

    def __init__(self, path: Path, cache: Path) -> None:
        self._path = path
        self._cache = cache

    def months(self, month: Month) -> Iterator[Callable[[], Held | None]]:
        for path, year, number in self._files():
            if year == month.year and number in (None, month.number):
                yield lambda path=path, number=number: self._held(path, number, month)  # type: ignore[misc]

    def names(self, month: Month) -> list[str]:
        return [form.file_name.format(year=month.year, month=month.number) for form in (ANNUAL, MONTHLY)]

    def newest(self, year: int) -> list[Callable[[], MonthCut]]:
        """Of the latest year in the folder: every annual file, and the latest monthly one."""
        files = [each for each in self._files() if each[1] <= year]
        last = max((year for _, year, _ in files), default=None)
        of_last = [(path, number) for path, year, number in files if year == last]
        latest = max((number for _, number in of_last if number), default=None)
        return [
            lambda path=path, number=number: self._newest_of(path, last, number)  # type: ignore[misc]
            for path, number in of_last
            if number in (None, latest)
        ]

    def station_list(self) -> tuple[str, bytes] | None:
        found = [path for path in self._all() if path.name.lower() == STATION_LIST]
        newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
        return (self._address(newest), newest.read_bytes()) if newest else None

    def _all(self) -> list[Path]:
        if not self._path.is_dir():
            raise SourceUnavailable(
                f"The archive folder {self._path} is not there.",
                "Create or mount it, or correct the archive's address.",
            )
        return sorted(path for path in self._path.rglob("*") if path.is_file())

    def _files(self) -> Iterator[tuple[Path, int, int | None]]:
        for path in self._all():
            if match := _SYNOP.fullmatch(path.name):
                yield path, int(match[1]), int(match[2]) if match[2] else None

    def _address(self, path: Path) -> str:
        return path.relative_to(self._path).as_posix()

    def _held(self, path: Path, number: int | None, month: Month) -> Held | None:
        address, modified = self._address(path), path.stat().st_mtime
        if number is not None:
            return Held(address, path, whole_month(path, address, month), modified)
        folder = self._cut_once(path)
        found = months_of_cut(folder).get(str(month))
        return Held(address, folder / f"{month}.csv.gz", found or MonthCut(), modified)

    def _newest_of(self, path: Path, year: int | None, number: int | None) -> MonthCut:
        if number is not None:
            return whole_month(path, self._address(path), Month(year or 0, number))
        months = months_of_cut(self._cut_once(path)).values()
        return max(months, key=lambda month: month.newest, default=MonthCut())

    def _cut_once(self, path: Path) -> Path:
        """The months of an annual file, cached by path, size and modification time."""
        state = path.stat()
        key = f"{path.resolve()}\n{state.st_size}\n{state.st_mtime_ns}"
        folder = self._cache / "cut" / hashlib.sha256(key.encode()).hexdigest()[:16]
        folder.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(folder.with_suffix(".lock")):
            if not folder.exists():
                unfinished = folder.with_name(f"{UNFINISHED}{folder.name}")
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                cut_into_months(path, self._address(path), unfinished)
                unfinished.replace(folder)
        return folder


def open_archive(address: str, cache: Path, retry_policy: RetryPolicy) -> Archive:
    """The archive at an http(s) or file URL or a folder's path; BadSettings for any other address."""
    if address.lower().startswith(("http://", "https://")):
        return WebArchive(address, cache, retry_policy)
    parts = urlsplit(address)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return FolderArchive(Path(url2pathname(parts.path)), cache)
    if "://" in address or not address:
        raise BadSettings(
            f"The address of the archive (WEATHER_ARCHIVE_URL) is {address!r}.",
            "Write https://…, file:///folder or a folder's path.",
        )
    return FolderArchive(Path(address).expanduser(), cache)
