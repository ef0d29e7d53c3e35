"""Where an archive's files stand: a folder, or a web address whose files are kept in a cache and revalidated.

A shelf finds whole files by name and knows nothing of what is in them.
"""

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final, Protocol
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

import httpx2 as httpx

from weather_platform.domain.errors import BadSettings, SourceUnavailable
from weather_platform.files import UNFINISHED, atomic_write
from weather_platform.sources.transport import Patience, get, unexpected, web_address

_WITHOUT_ETAG: Final = "without-etag"
_LONGEST_FILE_NAME: Final = 255
_UNUSED_AFTER_S: Final = 86400


class Shelf(Protocol):
    """Files by name."""

    complete: ClassVar[bool]
    """True where a file that should have been published and is not there means trouble."""

    def find(self, name: str) -> Path | None:
        """The file, good for reading now; None where the shelf is there and the file is not.

        SourceUnavailable where the shelf itself is not there or does not answer.
        """
        ...

    def address(self, name: str) -> str:
        """The file as provenance and messages call it."""
        ...


class Folder:
    """Files in a folder of this machine, of which its owner put there what they like."""

    complete: ClassVar = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, name: str) -> Path | None:
        if not self._path.is_dir():
            raise SourceUnavailable(
                f"The archive folder {self._path} is not there.",
                "Create or mount it, or correct the archive's address.",
            )
        path = self._path / name
        return path if path.is_file() else None

    def address(self, name: str) -> str:
        return name


class Website:
    """Files below a web address: each is fetched once, then asked for with If-None-Match.

    A kept file is named after its ETag and appears whole or not at all, so processes may share the
    cache; one without an ETag is fetched every time. `check` is given each fetched file and its
    address before the file is kept, and raises where it is not to be kept (Interrupted: fetch again).
    """

    complete: ClassVar = True

    def __init__(self, url: str, cache: Path, check: Callable[[Path, str], None], patience: Patience) -> None:
        self._url = web_address(url, "the archive (WEATHER_ARCHIVE_URL)")
        self._cache = cache
        self._check = check
        self._patience = patience

    def find(self, name: str) -> Path | None:
        url = self.address(name)
        kept = self._cache / hashlib.sha256(url.encode()).hexdigest()[:16]
        try:
            kept.mkdir(parents=True, exist_ok=True)
            return self._current(url, kept)
        except OSError as error:
            raise SourceUnavailable(
                f"{url} cannot be kept in {self._cache}: {error.strerror or error}.",
                "Make room there, or make it a folder that can be written.",
            ) from error

    def address(self, name: str) -> str:
        return f"{self._url}/{name}"

    def _current(self, url: str, kept: Path) -> Path | None:
        newest = _newest(kept)
        # As published: a file sent with `Content-Encoding: gzip` would be unpacked on the way.
        headers = {"Accept-Encoding": "identity"}
        if newest:
            headers["If-None-Match"] = unquote(newest.name)

        def read(response: httpx.Response) -> Path | None:
            if response.status_code == 304 and newest:
                newest.touch()
                return newest
            if response.status_code == 404:
                return None
            if response.status_code != 200:
                raise unexpected(response)
            return self._keep(response, url, kept)

        with self._patience.client() as client:
            return get(client, url, read, self._patience, headers=headers)

    def _keep(self, response: httpx.Response, url: str, kept: Path) -> Path:
        file_name = quote(response.headers.get("ETag", ""), safe="")
        whole = kept / (file_name if 0 < len(file_name) <= _LONGEST_FILE_NAME else _WITHOUT_ETAG)
        with atomic_write(whole) as part:
            with part.open("wb") as file:
                file.writelines(response.iter_raw())
            self._check(part, url)
        _remove_unused(kept)
        return whole


def shelf(address: str, cache: Path, check: Callable[[Path, str], None], patience: Patience) -> Shelf:
    """The shelf at an http(s) or file URL or a folder's path; BadSettings for any other address."""
    if address.lower().startswith(("http://", "https://")):
        return Website(address, cache, check, patience)
    parts = urlsplit(address)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Folder(Path(url2pathname(parts.path)))
    if "://" in address or not address:
        raise BadSettings(
            f"The address of the archive (WEATHER_ARCHIVE_URL) is {address!r}.",
            "Write https://…, file:///folder or a folder's path.",
        )
    return Folder(Path(address).expanduser())


def _newest(kept: Path) -> Path | None:
    """The kept file confirmed last; a later answer may bring back an older ETag."""
    files = [path for path in kept.iterdir() if not path.name.startswith(UNFINISHED) and path.name != _WITHOUT_ETAG]
    return max(files, key=lambda path: path.stat().st_mtime_ns, default=None)


def _remove_unused(kept: Path) -> None:
    """Clear away what nobody asked for in a day: other processes may be about to read what is newer."""
    for path in kept.iterdir():
        with suppress(FileNotFoundError):  # another process was quicker
            if time.time() - path.stat().st_mtime > _UNUSED_AFTER_S:
                path.unlink()
