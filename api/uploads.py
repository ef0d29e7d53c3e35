"""Uploads: written to disk as they arrive, counted and hashed, never complete in memory."""

import hashlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

from anyio import to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from api.errors import BrokenOff, Unsupported
from api.ingestion import Upload
from weather_platform.domain.errors import BadInput, StoreFull, TooLarge
from weather_platform.domain.ingestions import ReceivedFile

_CHUNK_BYTES = 1 << 20
_MULTIPART = "multipart/form-data"
BODY_TYPES = (
    "application/json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "text/csv",
    "text/plain",
    "application/gzip",
    "application/x-gzip",
    "application/zip",
    "application/x-zip-compressed",
    "application/octet-stream",
)


@asynccontextmanager
async def received_files(request: Request, name: str | None, limit_bytes: int) -> AsyncIterator[list[Upload]]:
    """The files of a request as temporary files: form parts named `file`, or the raw body.

    Raises:
        TooLarge: above the limit; raised during the upload.
        Unsupported: another media type.
        BrokenOff: a truncated form.
        BadInput: no file.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes:
        raise _too_large(limit_bytes)
    media_type = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    body = _limited(request, limit_bytes)
    if media_type == _MULTIPART:
        async with _form(request, body) as form:
            yield await to_thread.run_sync(_files_of, form)
    elif media_type in BODY_TYPES:
        with tempfile.TemporaryFile() as file:
            yield [await _raw_body(body, file, name or "body")]
    else:
        raise Unsupported(
            f"A body of type {media_type[:80]} is not read here.",
            f"Send a form with `file`, or a body of one of {', '.join(BODY_TYPES)}.",
        )


async def _limited(request: Request, limit_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body in pieces of about a MiB: fewer thread switches than with the server's 64 KiB."""
    size = 0
    gathered = bytearray()
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit_bytes:
            raise _too_large(limit_bytes)
        gathered += chunk
        if len(gathered) >= _CHUNK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


async def _raw_body(body: AsyncIterator[bytes], file: IO[bytes], name: str) -> Upload:
    digest, size = hashlib.sha256(), 0
    async for chunk in body:
        await to_thread.run_sync(_write, file, chunk, digest)
        size += len(chunk)
    if not size:
        raise BadInput("The request has no body.", "Send the file as the body, or a form with `file`.")
    return Upload(ReceivedFile(name=_plain(name), size_bytes=size, sha256=digest.hexdigest()), file)


class _Parser(MultiPartParser):
    """Starlette's parser, which would accept a truncated form as complete."""

    def __init__(self, request: Request, body: AsyncIterator[bytes]) -> None:
        super().__init__(request.headers, self._to_the_end(body), max_files=1_000, max_fields=100)
        self._is_ended = False

    def on_end(self) -> None:
        self._is_ended = True

    async def _to_the_end(self, body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        async for chunk in body:
            yield chunk
        if not self._is_ended:
            raise BrokenOff(
                "The form did not end: its last boundary is missing.", "Nothing was stored. Send the whole form."
            )


@asynccontextmanager
async def _form(request: Request, body: AsyncIterator[bytes]) -> AsyncIterator[FormData]:
    try:
        form = await _Parser(request, body).parse()
    except MultiPartException as error:
        raise BadInput(f"The form cannot be read: {error.message}", "Send it whole, as multipart/form-data.") from error
    except OSError as error:
        raise _full(error) from error
    try:
        yield form
    finally:
        await form.close()


def _files_of(form: FormData) -> list[Upload]:
    parts = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
    if not parts:
        raise BadInput("The form holds no file named `file`.", "Name it so: curl -F file=@november.json …")
    return [_upload(part) for part in parts]


def _upload(part: UploadFile) -> Upload:
    name = _plain(part.filename or "file")
    if not part.size:
        raise BadInput(f"{name} is empty.", "Send a file with observations.")
    digest = hashlib.sha256()
    part.file.seek(0)
    while chunk := part.file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return Upload(ReceivedFile(name=name, size_bytes=part.size, sha256=digest.hexdigest()), part.file)


def _write(file: IO[bytes], chunk: bytes, digest: "hashlib._Hash") -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise _full(error) from error
    digest.update(chunk)


def _full(error: OSError) -> StoreFull:
    return StoreFull(f"Uploads cannot be kept: {error.strerror}.", "Free space on the API's disk.")


def _plain(name: str) -> str:
    """A file's name without folders and control characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[:200] or "file"


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(f"The upload is larger than {limit_bytes:,} bytes.", "Send it in parts, or compressed.")
