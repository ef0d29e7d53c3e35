"""Climatology: months, seasons and years, each with its completeness, and their comparisons."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.caching import CacheHeaders
from api.dependencies import READS, AllServices, Services, stations
from api.formats import answer, in_every_format, negotiated
from api.pages import COMPARISON_COLUMNS, NORMAL_COLUMNS, RANKING_COLUMNS, RECORD_COLUMNS, REFERENCE_COLUMNS
from api.paging import Page, page, rows_of
from api.schemas import ClimateQuery, ComparisonsQuery, MonthsQuery, NormalsQuery, RankingQuery, RecordsQuery
from weather_platform.climatology import Comparison
from weather_platform.domain.climate.figures import FIGURES, is_lower_bound
from weather_platform.domain.climate.normals import NormalRow, StationNormals
from weather_platform.domain.climate.ranks import Rank
from weather_platform.domain.climate.records import Record
from weather_platform.domain.climate.reference import Reference
from weather_platform.domain.climate.table import months
from weather_platform.domain.climate.years import MONTHS, SEASONS, YEAR
from weather_platform.domain.months import Month
from weather_platform.domain.tabular import Column, table_of
from weather_platform.storage.monthly import MonthQuery

router = APIRouter(prefix="/climate", tags=["climate"], dependencies=READS)
Rows = Iterator[dict[str, Any]]


@router.get("/months", response_model=None, responses=in_every_format("MonthlySheets"))
def climate_months(request: Request, services: AllServices, query: Annotated[MonthsQuery, Query()]) -> Response:
    """Monthly sheets by month and station."""
    form = negotiated(request, query.format)
    wanted = stations(services.layers, query.city)
    fresh = CacheHeaders(request, services.settings.api, services.climatology.revision())
    if unchanged := fresh.unchanged():
        return unchanged
    limit = rows_of(query.limit, form)
    found = services.climatology.months(
        MonthQuery(
            stations=None if wanted is None else [station.station_id for station in wanted],
            first=Month.parse(query.from_) if query.from_ else None,
            last=Month.parse(query.to) if query.to else None,
            after=query.after,
            limit=None if limit is None else limit + 1,
            newest_first=query.newest_first,
        )
    )
    rows = page(request, found, limit, lambda sheet: sheet.document_id)
    return answer(months(query.columns), rows, form, fresh.headers, streams=services.streams, name="monthly_climate")


@router.get("/seasons", response_model=None, responses=in_every_format("Comparisons"))
def climate_seasons(request: Request, services: AllServices, query: Annotated[ComparisonsQuery, Query()]) -> Response:
    """Figures of seasons against the station's other years; winter has the year of its January."""
    return _compared(request, services, query, tuple(SEASONS))


@router.get("/years", response_model=None, responses=in_every_format("Comparisons"))
def climate_years(request: Request, services: AllServices, query: Annotated[ComparisonsQuery, Query()]) -> Response:
    """Figures of years against the station's other years."""
    return _compared(request, services, query, (YEAR,))


@router.get("/comparisons", response_model=None, responses=in_every_format("Comparisons"))
def climate_comparisons(
    request: Request, services: AllServices, query: Annotated[ComparisonsQuery, Query()]
) -> Response:
    """Figures of months against the station's other years: anomaly and rank."""
    return _compared(request, services, query, MONTHS)


@router.get("/reference", response_model=None, responses=in_every_format("References"))
def climate_reference(request: Request, services: AllServices, query: Annotated[ClimateQuery, Query()]) -> Response:
    """Usual values at a station from at least 10 years: a reference from 24 years on, else an average, named so."""

    def rows(station: str) -> Rows:
        for found in services.climatology.references(station):
            if query.figure in (None, found.figure) and query.period in (None, found.period):
                yield {"unit": FIGURES[found.figure].unit, **_reference(found)}

    return _by_station(request, services, query, REFERENCE_COLUMNS, rows, "climate_reference")


@router.get("/normals", response_model=None, responses=in_every_format("Normals"))
def climate_normals(request: Request, services: AllServices, query: Annotated[NormalsQuery, Query()]) -> Response:
    """Météo-France's official normals and records for a station's place; empty if its sheet is not loaded."""

    def rows(station: str) -> Rows:
        found = services.climatology.normals(station)
        for row in found.sheet.rows if found else ():
            if found and query.figure in (None, row.figure):
                yield {"station_id": station, **_normal(found, row)}

    return _by_station(request, services, query, NORMAL_COLUMNS, rows, "climate_normals")


@router.get("/records", response_model=None, responses=in_every_format("Records"))
def climate_records(request: Request, services: AllServices, query: Annotated[RecordsQuery, Query()]) -> Response:
    """Extremes of a station's loaded data, not its official records."""

    def rows(station: str) -> Rows:
        for found in services.climatology.records(station):
            if query.figure in (None, found.figure) and query.period in (None, found.period):
                yield _record(found)

    return _by_station(request, services, query, RECORD_COLUMNS, rows, "climate_records")


@router.get("/ranking", response_model=None, responses=in_every_format("Ranking"))
def climate_ranking(request: Request, services: AllServices, query: Annotated[RankingQuery, Query()]) -> Response:
    """Stations in order of a figure; on request also those with an incomplete figure, last and without a rank."""
    form = negotiated(request, query.format)
    fresh = CacheHeaders(request, services.settings.api, services.climatology.revision())
    if unchanged := fresh.unchanged():
        return unchanged
    known = services.layers.stations()
    wanted = [
        number
        for number, station in known.items()
        if query.region is None or query.region.casefold() in (station.region or "").casefold()
    ]
    found = services.climatology.ranking(
        query.figure,
        query.year,
        query.period,
        stations=wanted,
        lowest_first=query.lowest_first,
        incomplete=query.incomplete,
    )
    rows = [
        {
            "rank": each.rank,
            "city": known[each.station_id].name,
            "station_id": each.station_id,
            "value": each.value,
            "unit": FIGURES[query.figure].unit,
            "status": each.status,
            "at_least": each.at_least,
        }
        for each in found
    ]
    return answer(
        table_of(RANKING_COLUMNS), Page(rows), form, fresh.headers, streams=services.streams, name="climate_ranking"
    )


def _compared(request: Request, services: Services, query: ComparisonsQuery, periods: Iterable[str]) -> Response:
    asked = [period for period in periods if query.period in (None, period)]
    figures = [query.figure] if query.figure else list(FIGURES)
    if query.figure and not query.city:
        services.climatology.prepare()

    def rows(station: str) -> Rows:
        years = services.climatology.years(station)
        for year in years.years if query.year is None else [query.year]:
            for period in asked:
                there = [each for each in figures if years.at(each, station, year, period).status != "missing"]
                for found in services.climatology.comparisons(station, year, period, there):
                    yield _comparison(found, station, year, period)

    return _by_station(request, services, query, COMPARISON_COLUMNS, rows, "climate")


def _by_station(
    request: Request,
    services: Services,
    query: NormalsQuery,
    columns: tuple[Column, ...],
    rows: Callable[[str], Rows],
    name: str,
) -> Response:
    """Rows of each station in order of number; the cursor has the station and the position among its rows."""
    form = negotiated(request, query.format)
    wanted = stations(services.layers, query.city)
    revision = services.climatology.revision() + services.climatology.normals_revision()
    fresh = CacheHeaders(request, services.settings.api, revision)
    if unchanged := fresh.unchanged():
        return unchanged
    numbers = services.climatology.stations() if wanted is None else sorted(each.station_id for each in wanted)
    names = {number: station.name for number, station in services.layers.stations().items()}
    limit = rows_of(query.limit, form)
    station_at, place_at = query.position

    def found() -> Rows:
        for number in numbers:
            if number < station_at:
                continue
            for place, row in enumerate(rows(number)):
                if number > station_at or place > place_at:
                    yield {"city": names.get(number, number), **row, "_": f"{number}:{place}"}

    shown = page(request, found(), limit, lambda row: str(row["_"]))
    return answer(table_of(columns), shown, form, fresh.headers, streams=services.streams, name=name)


def _comparison(found: Comparison, station: str, year: int, period: str) -> dict[str, Any]:
    usual, anomaly = found.reference, found.anomaly
    known = usual if isinstance(usual, Reference) else None
    ranked = found.rank if isinstance(found.rank, Rank) else None
    return {
        "station_id": station,
        "year": year,
        "period": period,
        "figure": found.figure,
        "value": found.value,
        "unit": FIGURES[found.figure].unit,
        "status": found.status,
        "anomaly": anomaly.difference if anomaly else None,
        "ratio_percent": anomaly.ratio_percent if anomaly else None,
        "at_least": found.value is not None and is_lower_bound(found.figure, found.status),
        "rank_highest": ranked.highest if ranked else None,
        "rank_lowest": ranked.lowest if ranked else None,
        "rank_of": ranked.of if ranked else None,
        "tied_years": " ".join(map(str, ranked.tied_years)) if ranked else "",
        "reference_kind": known.kind if known else "none",
        "reference_mean": known.mean if known else None,
        "reference_years": usual.n,
        "says": "" if known else str(usual),
    }


def _reference(found: Reference) -> Mapping[str, Any]:
    return {
        **{column.name: getattr(found, column.name, None) for column in REFERENCE_COLUMNS if column.name != "unit"},
        "lowest_years": " ".join(map(str, found.lowest_years)),
        "highest_years": " ".join(map(str, found.highest_years)),
    }


def _normal(found: StationNormals, row: NormalRow) -> dict[str, Any]:
    return {
        "place": found.sheet.name,
        "number": found.sheet.number,
        "distance_km": found.distance_km,
        "section": row.section,
        "label": row.label,
        "figure": row.figure,
        **dict(zip((*(f"month_{month}" for month in MONTHS), "year"), row.values, strict=True)),
        "dates": " ".join(row.dates),
        "first_year": row.first_year,
        "last_year": row.last_year,
        "raw_object": found.raw_object,
    }


def _record(found: Record) -> dict[str, Any]:
    return {
        "station_id": found.station_id,
        "figure": found.figure,
        "unit": FIGURES[found.figure].unit,
        "which": "lowest" if found.lowest else "highest",
        "period": found.period,
        "value": found.record.value if found.record else None,
        "at_least": bool(found.record and found.record.at_least),
        "days": " ".join(map(str, found.record.days)) if found.record else "",
        "to_verify": found.to_verify.value if found.to_verify else None,
        "to_verify_days": " ".join(map(str, found.to_verify.days)) if found.to_verify else "",
        "first_month": found.first_month,
        "last_month": found.last_month,
    }
