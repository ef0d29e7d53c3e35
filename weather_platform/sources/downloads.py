"""Files below a web address: downloaded once, then revalidated; a broken download is resumed.

A file becomes a folder of products (`Make`) named after its validator. It is created atomically under a lock, so
processes on one or several machines that share the folder download each file once.
"""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx2 as httpx
import msgspec

from weather_platform.domain.errors import SourceUnavailable
from weather_platform.files import file_lock
from weather_platform.sources.port import DOWNLOADS
from weather_platform.sources.transport import Interrupted, RetryPolicy, get, unexpected

_progress = logging.getLogger(DOWNLOADS)
_SAID_EVERY_S: Final = 1.0
_UNUSED_AFTER_S: Final = 86400
_LONGEST_WAIT_S: Final = 3600
"""Timeout for another process that downloads the same file."""

Make = Callable[[Path, str, Path], None]
"""Makes the products of a complete file in a new folder; raises an error to discard the file."""


class _Validators(msgspec.Struct, frozen=True):
    """Identifies a version of a file; both are "" if the server sends neither."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, headers: httpx.Headers) -> "_Validators":
        return cls(headers.get("ETag", ""), headers.get("Last-Modified", ""))

    @property
    def known(self) -> bool:
        return bool(self.etag or self.last_modified)

    @property
    def folder(self) -> str:
        """A name for this version's products."""
        text = f"{self.etag}\n{self.last_modified}" if self.known else uuid4().hex
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def unless_the_same(self) -> dict[str, str]:
        found = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in found.items() if value}

    @property
    def if_range(self) -> str:
        """A weak ETag may not be used for a range of a file (RFC 9110, 13.1.5)."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


class Downloads:
    """The products of files by their address, kept in a cache."""

    def __init__(self, cache: Path, retry_policy: RetryPolicy) -> None:
        self._cache = cache
        self._retry_policy = retry_policy

    def products(self, url: str, make: Make) -> Path | None:
        """The folder of products of the current file; None if the file does not exist.

        Costs one request, and the download if the file has changed.
        """
        kept = self._cache / hashlib.sha256(url.encode()).hexdigest()[:16]
        try:
            kept.mkdir(parents=True, exist_ok=True)
            with file_lock(kept / "lock", timeout_s=_LONGEST_WAIT_S):
                return self._current(url, kept, make)
        except OSError as error:  # filelock's Timeout too
            raise SourceUnavailable(
                f"{url} cannot be kept in {self._cache}: {error.strerror or error}.",
                "Free space there, or make the folder writable.",
            ) from error

    def _current(self, url: str, kept: Path, make: Make) -> Path | None:
        held = _held(kept)
        download = _Download(kept, url)

        def read(response: httpx.Response) -> Path | None:
            if response.status_code == 304 and held:
                held[0].touch()
                return held[0]
            if response.status_code == 404:
                return None
            if response.status_code == 416:
                download.forget()
                raise Interrupted(f"{url} has changed since the download started.")
            if response.status_code not in (200, 206):
                raise unexpected(response)
            return self._make(download, response, kept, make)

        with self._retry_policy.client() as client:
            return get(
                client,
                url,
                read,
                self._retry_policy,
                # Raw bytes: a file sent with `Content-Encoding: gzip` would otherwise be unpacked.
                headers=lambda: {
                    "Accept-Encoding": "identity",
                    **(held[1].unless_the_same() if held else {}),
                    **download.from_where_it_broke_off(),
                },
            )

    def _make(self, download: "_Download", response: httpx.Response, kept: Path, make: Make) -> Path:
        validators = download.receive(response)
        unfinished = kept / f"{uuid4().hex}.new"
        unfinished.mkdir()
        try:
            make(download.part, download.url, unfinished)
            (unfinished / _VALIDATORS).write_bytes(msgspec.json.encode(validators))
            folder = kept / validators.folder
            if folder.exists():
                shutil.rmtree(folder)
            unfinished.replace(folder)
        finally:
            download.forget()  # its products are complete, or it is damaged
            shutil.rmtree(unfinished, ignore_errors=True)  # absent if it was renamed
        _remove_unused(kept, folder)
        return folder


_VALIDATORS: Final = ".validators.json"


class _Download:
    """A partial download: its bytes so far, and their version."""

    def __init__(self, kept: Path, url: str) -> None:
        self.url = url
        self.part = kept / "part"
        self._version = kept / "part.json"

    def from_where_it_broke_off(self) -> dict[str, str]:
        begun = self._begun()
        if begun is None or not begun.if_range:
            return {}
        return {"Range": f"bytes={self.part.stat().st_size}-", "If-Range": begun.if_range}

    def receive(self, response: httpx.Response) -> _Validators:
        """Write the rest of the file, or all of it if the server sends all."""
        validators = _Validators.of(response.headers)
        begun = self._begun()
        resumed = response.status_code == 206
        if resumed and (begun is None or validators != begun or not self._fits(response)):
            self.forget()
            raise Interrupted(f"{self.url} was not resumed at the position where it broke off.")
        already = self.part.stat().st_size if resumed else 0
        self._version.write_bytes(msgspec.json.encode(validators))
        whole = already + int(response.headers.get("Content-Length", "0"))
        with self.part.open("ab" if resumed else "wb") as file:
            said = time.monotonic()
            for chunk in response.iter_raw():
                already += len(chunk)
                file.write(chunk)
                if time.monotonic() - said > _SAID_EVERY_S:
                    said = time.monotonic()
                    self._say(already, whole)
        self._say(already, whole)
        return validators

    def forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)

    def _begun(self) -> _Validators | None:
        try:
            self.part.stat()
            return msgspec.json.decode(self._version.read_bytes(), type=_Validators)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _fits(self, response: httpx.Response) -> bool:
        return str(response.headers.get("Content-Range", "")).startswith(f"bytes {self.part.stat().st_size}-")

    def _say(self, received: int, whole: int) -> None:
        name = self.url.rpartition("/")[2]
        of = f" of {whole / 1e6:.1f}" if whole > received else ""
        _progress.info(
            "%s: %.1f%s MB", name, received / 1e6, of, extra={"file": name, "received": received, "whole": whole}
        )


def _held(kept: Path) -> tuple[Path, _Validators] | None:
    """The version confirmed last; a later answer may return to an older version."""
    found = []
    for path in kept.glob(f"*/{_VALIDATORS}"):
        validators = msgspec.json.decode(path.read_bytes(), type=_Validators)
        if validators.known and not path.parent.suffix:
            found.append((path.parent.stat().st_mtime_ns, path.parent, validators))
    return max(found)[1:] if found else None


def _remove_unused(kept: Path, current: Path) -> None:
    """Remove versions unused for a day; other processes may be about to read newer ones."""
    for path in kept.iterdir():
        with suppress(FileNotFoundError):  # removed by another process
            if path.is_dir() and path != current and time.time() - path.stat().st_mtime > _UNUSED_AFTER_S:
                shutil.rmtree(path)
