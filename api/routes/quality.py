"""Quality control: flags, and the decisions of people about them."""

from datetime import UTC
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response

from api.caching import CacheHeaders
from api.dependencies import READS, AllServices, Services, Writer, station, stations
from api.formats import answer, in_every_format, negotiated
from api.logs import request_id_of
from api.pages import FLAG_COLUMNS
from api.paging import page, rows_of
from api.schemas import FlagsQuery, OverrideIn, OverrideList, OverrideOut
from weather_platform.domain.climate.overrides import KeptOverride, Override
from weather_platform.domain.climate.screening import Flag
from weather_platform.domain.ingestions import Receipt
from weather_platform.domain.months import Month
from weather_platform.domain.tabular import table_of

router = APIRouter(prefix="/quality", tags=["quality"])
OverrideId = Annotated[str, Path(max_length=40, examples=["3f2a9c0d1b4e5f67"])]


@router.get("/flags", response_model=None, responses=in_every_format("Flags"), dependencies=READS)
def list_flags(request: Request, services: AllServices, query: Annotated[FlagsQuery, Query()]) -> Response:
    """Flagged values (erroneous, suspect, or found good by a person), by month, station and time."""
    form = negotiated(request, query.format)
    wanted = stations(services.layers, query.city)
    flagging = services.layers.staging.flagging
    months = [Month.of(day) if day else None for day in (query.from_, query.to)]
    fresh = CacheHeaders(request, services.settings.api, flagging.revision(*months))
    if unchanged := fresh.unchanged():
        return unchanged
    limit = rows_of(query.limit, form)
    numbers = None if wanted is None else [each.station_id for each in wanted]
    found = flagging.find(
        query.from_, query.to, numbers, after=query.position, limit=None if limit is None else limit + 1
    )
    names = {number: each.name for number, each in services.layers.staging.stations().items()}
    rows = ({"city": names.get(flag.station_id, flag.station_id), **_row(flag)} for flag in found)
    shown = page(request, rows, limit, lambda row: str(row["_"]))
    return answer(table_of(FLAG_COLUMNS), shown, form, fresh.headers, streams=services.streams, name="flags")


@router.get("/overrides", dependencies=READS)
def list_overrides(services: AllServices) -> OverrideList:
    """Decisions of people about flags: those of the file `WEATHER_QC_OVERRIDES`, then those made here."""
    data = [_shown(services, kept) for kept in services.layers.staging.flagging.kept()]
    return OverrideList(count=len(data), data=data)


@router.post("/overrides", status_code=201)
async def override_flags(request: Request, services: AllServices, caller: Writer, decision: OverrideIn) -> OverrideOut:
    """Lift flags of a station's values, or set one, with a reason; answers when the months are made again.

    No value is changed. Of two decisions about a value the later one counts; a repeated one is stored once.
    """

    def keep() -> OverrideOut:
        of = station(services.layers, decision.city)
        override = Override(
            station_id=of.station_id,
            first=decision.first,
            last=decision.last,
            field=decision.field,
            rule=decision.rule,
            verdict=decision.verdict,
            reason=decision.reason,
            who=decision.by or caller.name,
        )
        return _shown(services, *services.overrides.keep(override, request_id=request_id_of(request.scope)))

    return await to_thread.run_sync(keep, limiter=services.at_once)


@router.delete("/overrides/{override}")
async def forget_override(request: Request, services: AllServices, _: Writer, override: OverrideId) -> OverrideOut:
    """Remove a decision made here; answers when its months are made again without it."""
    return await to_thread.run_sync(
        lambda: _shown(services, *services.overrides.drop(override, request_id=request_id_of(request.scope))),
        limiter=services.at_once,
    )


def _row(flag: Flag) -> dict[str, object]:
    return {
        "station_id": flag.station_id,
        "date": flag.time.replace(tzinfo=UTC),
        "field": flag.field,
        "rule": flag.rule,
        "verdict": flag.verdict,
        "reason": flag.reason,
        "who": flag.who,
        "_": "|".join(flag.place),
    }


def _shown(services: Services, kept: KeptOverride, receipt: Receipt | None = None) -> OverrideOut:
    override, known = kept.override, services.layers.stations()
    return OverrideOut(
        id=kept.id,
        made=kept.made,
        city=known[override.station_id].name if override.station_id in known else override.station_id,
        station_id=override.station_id,
        first=override.first.replace(tzinfo=UTC),
        last=override.last.replace(tzinfo=UTC),
        field=override.field,
        rule=override.rule,
        verdict=override.verdict,
        reason=override.reason,
        who=override.who,
        made_again=receipt.id if receipt else None,
    )
