"""The raw layer: files as received."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.dependencies import READS, AllServices, OpenLayers
from api.ranges import asked_part
from api.schemas import FilesQuery, Rows
from api.streams import StreamedAnswer, close_all
from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.provenance import RawObject
from weather_platform.storage.raw import RawStore

router = APIRouter(prefix="/raw", tags=["raw"], dependencies=READS)


@router.get("/files", response_model=Rows)
def list_files(request: Request, layers: OpenLayers, query: Annotated[FilesQuery, Query()]) -> dict[str, Any]:
    """Raw objects by month, in order of receipt, each with its origin."""
    found = list(islice(_after(layers.raw, query), query.limit + 1))
    page = found[: query.limit]
    following = None
    if len(found) > query.limit:
        following = str(request.url.include_query_params(after=page[-1].key))
    data = [_shown(request, obj) for obj in page]
    return {"count": len(data), "files": [obj.key for obj in page], "data": data, "next": following}


@router.get(
    "/files/{name:path}",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/json": {}, "text/csv": {"schema": {"type": "string"}}}},
        206: {"description": "The range of bytes that `Range` asks for."},
    },
)
def read_file(
    request: Request,
    services: AllServices,
    name: Annotated[str, Path(max_length=200, examples=["2023-12/0123456789abcdef.json"])],
) -> Response:
    """The bytes as received, streamed, with their length; supports `Range`. `name` is the key, or its 16 hex digits."""
    raw = services.layers.raw
    try:
        obj = raw.find(name)
    except BadInput as error:
        raise NotFound(error.cause, error.cure) from error
    etag = f'"{obj.sha256}"'
    headers = {
        "etag": etag,
        "cache-control": "public, max-age=31536000, immutable",
        "content-disposition": f'inline; filename="{obj.partition}-{obj.name}.{obj.form}"',
        "x-source": obj.provenance.source,
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    part = asked_part(request, obj.size_bytes, etag)
    chunks = raw.stream(obj, part.first, None if part.is_whole else part.last)
    media_type = "application/json" if obj.form == "json" else "text/csv"
    lease = services.streams.lease()
    try:
        begun = chain(list(islice(chunks, 1)), chunks)  # so that an outage is still reported as an error
    except BaseException:
        lease.end()
        raise
    return StreamedAnswer(
        begun, lease, close_all(chunks), {**headers, **part.headers}, status=part.status, media_type=media_type
    )


def _after(raw: RawStore, query: FilesQuery) -> Iterator[RawObject]:
    """Objects after the cursor; reads only the partitions it needs."""
    start = query.after.partition("/")[0] if query.after else ""
    is_behind = query.after is None
    for partition in [query.month] if query.month else raw.partitions():
        if partition < start:
            continue
        is_behind = is_behind or partition > start
        for obj in raw.objects(partition, withdrawn=True):
            if is_behind:
                yield obj
            is_behind = is_behind or obj.key == query.after


def _shown(request: Request, obj: RawObject) -> dict[str, Any]:
    described: dict[str, Any] = msgspec.to_builtins(obj)
    return {"key": obj.key, **described, "url": str(request.url_for("read_file", name=obj.key))}
