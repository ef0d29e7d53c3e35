"""JSON schemas of tables for OpenAPI: pages of typed rows, derived from the domain's types."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.years import MONTHS
from weather_platform.domain.events import StationEvent
from weather_platform.domain.tabular import OBSERVATION_COLUMNS, Column, json_schema
from weather_platform.domain.weather_stats import WeatherStats

_REF = "#/components/schemas/{name}"
_STATION = {
    "city": {"type": "string", "description": "Where one station was asked for, as the next two."},
    "slug": {"type": "string"},
    "station_id": {"type": "string"},
}
_UNITS = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "description": "The unit of each metric; descriptions name the stored one.",
    "examples": [{"temperature": "°C"}],
}


def page_schema(row: Mapping[str, Any], **head: Any) -> dict[str, Any]:
    """A page of rows as written by `tables.pieces`."""
    return {
        "type": "object",
        "required": ["count", "data", "next"],
        "properties": {
            **head,
            "data": {"type": "array", "items": row},
            "count": {"type": "integer", "description": "Rows of this page."},
            "next": {
                "type": ["string", "null"],
                "description": "The address of the next page; `after` takes it too.",
            },
        },
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(name=name)}


def components() -> dict[str, Any]:
    """The schemas of all rows and pages, by name."""
    _, structs = msgspec.json.schema_components([WeatherStats, StationEvent, MonthDocument], ref_template=_REF)
    for name, schema in structs.items():
        # `columns` selects members; only a day's document always has its `_id`.
        if name not in ("StationEvent", "Event") and "required" in schema:
            schema["required"] = [one for one in schema["required"] if one == "_id" and name != "MonthDocument"]
    # With `columns`, a month's ten-day periods are one cell: JSON as text.
    decades = structs["MonthDocument"]["properties"]
    decades["decades"] = {"anyOf": [decades["decades"], {"type": "string"}]}
    return {
        **structs,
        "Observation": json_schema(OBSERVATION_COLUMNS),
        "Documents": page_schema(_ref("WeatherStats"), **_STATION, units=_UNITS),
        "Observations": page_schema(_ref("Observation"), **_STATION),
        "Events": page_schema(_ref("StationEvent")),
        **{name: page_schema(row, **head) for name, (row, head) in _OTHERS.items()},
    }


def _with_url(row: dict[str, Any]) -> dict[str, Any]:
    url = {"type": "string", "description": "The raw object itself."}
    return {**row, "properties": {**row["properties"], "raw_url": url}}


_NUMBER = {"type": ["number", "null"]}
_SUMMARY = {
    "type": "object",
    "properties": {
        "days": {"type": "integer", "description": "Days with a value."},
        **dict.fromkeys(("mean", "min", "max", "sum"), _NUMBER),
    },
}
_COMPARED = {
    "type": "object",
    "required": ["period"],
    "properties": {"period": {"type": "string", "format": "date", "description": "The day (UTC)."}},
    "additionalProperties": {**_NUMBER, "description": "The figure, by slug of the city."},
}
_SOURCES = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "description": "The raw object of each value, by field.",
}
COVERAGE_COLUMNS = (
    Column("month", str, "", "the month"),
    Column("city", str, "", "name of the station"),
    Column("slug", str, "", "name of the station in addresses"),
    Column("station_id", str, "", "WMO station number"),
    Column("observations", int, "", "observations that are staged"),
    Column("expected", int, "", "synoptic hours of the month, of the current one so far"),
    Column("share", float, "", "observations / expected, at most 1", nullable=True),
    Column("first", datetime, "", "time of the first observation"),
    Column("last", datetime, "", "time of the last observation"),
)
CHANGE_COLUMNS = (
    Column("number", int, "", "number of the change; a later one is greater"),
    Column("month", str, "", "month of the documents that changed"),
    Column("city", str, "", "name of the station"),
    Column("slug", str, "", "name of the station in addresses"),
    Column("station_id", str, "", "WMO station number"),
    Column("url", str, "", "the documents of this city and month as they are now"),
)
QUARANTINE_COLUMNS = (
    Column("month", str, "", "partition of the raw object"),
    Column("raw_object", str, "", "raw object that the record is in"),
    Column("position", int, "", "position in the raw object, from 1"),
    Column("reason", str, "", "why the record is in quarantine"),
    Column("detail", str, "", "what was found"),
    Column("record", str, "", "the record as received"),
)
_FIGURE_COLUMNS = (
    Column("city", str, "", "name of the station"),
    Column("station_id", str, "", "WMO station number"),
    Column("period", str, "", "a month 01 to 12, a season or year"),
    Column("figure", str, "", "element and figure, as in a monthly sheet"),
    Column("unit", str, "", "unit of the values"),
)
COMPARISON_COLUMNS = (
    *_FIGURE_COLUMNS,
    Column("year", int, "", "of winter the year of its January"),
    Column("value", float, "", "the figure", nullable=True),
    Column("status", str, "", "complete, nearly, incomplete"),
    Column("anomaly", float, "", "difference from the mean of the reference", nullable=True),
    Column("ratio_percent", float, "%", "of usual rain", nullable=True),
    Column("at_least", bool, "", "whether value, anomaly and rank are lower bounds"),
    Column("rank_highest", int, "", "place among the years, 1 is the highest", nullable=True),
    Column("rank_lowest", int, "", "place among the years, 1 is the lowest", nullable=True),
    Column("rank_of", int, "", "years that are ranked", nullable=True),
    Column("tied_years", str, "", "other years with the same value"),
    Column("reference_kind", str, "", "reference (24 years and more), average (10 to 23) or none"),
    Column("reference_mean", float, "", "mean of the reference", nullable=True),
    Column("reference_years", int, "", "complete years there are"),
    Column("says", str, "", "why there is no comparison"),
)
REFERENCE_COLUMNS = (
    *_FIGURE_COLUMNS,
    Column("kind", str, "", "reference (24 years and more) or average (10 to 23)"),
    Column("n", int, "", "years"),
    Column("first_year", int, "", "first of the years"),
    Column("last_year", int, "", "last of the years"),
    *(Column(name, float, "", meaning) for name, meaning in (("mean", "mean"), ("median", "median"))),
    Column("p10", float, "", "10th percentile"),
    Column("p90", float, "", "90th percentile"),
    Column("lowest", float, "", "lowest year's value"),
    Column("lowest_years", str, "", "years of the lowest value"),
    Column("highest", float, "", "highest year's value"),
    Column("highest_years", str, "", "years of the highest value"),
)
NORMAL_COLUMNS = (
    Column("city", str, "", "name of the station"),
    Column("station_id", str, "", "WMO station number"),
    Column("place", str, "", "name of the place in Météo-France's sheet"),
    Column("number", str, "", "Météo-France's number of the place"),
    Column("distance_km", float, "km", "from the station to the place"),
    Column("section", str, "", "title of the section in the sheet"),
    Column("label", str, "", "row of the section, empty for its only one"),
    Column("figure", str, "", "the platform's corresponding figure; none for sunshine, fog and others", nullable=True),
    *(Column(f"month_{month}", float, "", f"of month {month}", nullable=True) for month in MONTHS),
    Column("year", float, "", "of the year", nullable=True),
    Column("dates", str, "", "of records: day and year by month, as in the sheet"),
    Column("first_year", int, "", "first of the years"),
    Column("last_year", int, "", "last of the years"),
    Column("raw_object", str, "", "the sheet as received"),
)
RECORD_COLUMNS = (
    *_FIGURE_COLUMNS,
    Column("which", str, "", "lowest or highest"),
    Column("value", float, "", "the record in the loaded archive", nullable=True),
    Column("at_least", bool, "", "whether the record is a lower bound: a total of rain that lacks days"),
    Column("days", str, "", "all days that reached it; of a month its first"),
    Column("to_verify", float, "", "a suspect value beyond the record", nullable=True),
    Column("to_verify_days", str, "", "days of the suspect value"),
    Column("first_month", str, "", "first month that is loaded"),
    Column("last_month", str, "", "last month that is loaded"),
)
FLAG_COLUMNS = (
    Column("city", str, "", "name of the station"),
    Column("station_id", str, "", "WMO station number"),
    Column("date", datetime, "", "time of the value"),
    Column("field", str, "", "field of the observation"),
    Column("rule", str, "", "rule of docs/quality.md, or hand"),
    Column("verdict", str, "", "erroneous, suspect, or good: flagged, and lifted by a person"),
    Column("reason", str, "", "why a person set or lifted the flag"),
    Column("who", str, "", "the person"),
)
RANKING_COLUMNS = (
    Column("rank", int, "", "place, 1 is first; none where the figure is not complete", nullable=True),
    Column("city", str, "", "name of the station"),
    Column("station_id", str, "", "WMO station number"),
    Column("value", float, "", "the figure", nullable=True),
    Column("unit", str, "", "unit of the value"),
    Column("status", str, "", "complete, nearly, incomplete"),
    Column("at_least", bool, "", "whether the value is a lower bound"),
)
_OTHERS: dict[str, tuple[Mapping[str, Any], dict[str, Any]]] = {
    "Compared": (
        _COMPARED,
        {
            "metric": {"type": "string"},
            "unit": {"type": "string"},
            "summary": {"type": "object", "additionalProperties": _SUMMARY, "description": "By slug of the city."},
        },
    ),
    "Changes": (
        json_schema(CHANGE_COLUMNS),
        {"next_since": {"type": "integer", "description": "`since` of the next request: the last number so far."}},
    ),
    "MonthlySheets": (_ref("MonthDocument"), {}),
    "Comparisons": (json_schema(COMPARISON_COLUMNS), {}),
    "References": (json_schema(REFERENCE_COLUMNS), {}),
    "Normals": (json_schema(NORMAL_COLUMNS), {}),
    "Records": (json_schema(RECORD_COLUMNS), {}),
    "Ranking": (json_schema(RANKING_COLUMNS), {}),
    "Flags": (json_schema(FLAG_COLUMNS), {}),
    "Coverage": (json_schema(COVERAGE_COLUMNS), {}),
    "Quarantine": (_with_url(json_schema(QUARANTINE_COLUMNS)), {}),
    "Origin": (
        {"allOf": [_ref("Observation")], "properties": {"sources": _SOURCES}},
        {
            "document": _ref("WeatherStats"),
            "raw_objects": {"type": "array", "items": {"type": "object", "description": "A raw object, with its url."}},
        },
    ),
}
