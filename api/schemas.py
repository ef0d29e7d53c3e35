"""Parameters of requests and schemas of responses, as shown in OpenAPI."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, Self, TypeVar

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator
from pydantic_core import PydanticCustomError

from api.paging import cursor_of
from weather_platform.domain.climate.columns import GRID_FIELDS
from weather_platform.domain.climate.figures import FIGURES
from weather_platform.domain.climate.overrides import ANY_RULE
from weather_platform.domain.climate.records import ALL_MONTHS
from weather_platform.domain.climate.rules import RULES
from weather_platform.domain.climate.table import MONTH_COLUMNS
from weather_platform.domain.climate.years import MONTHS, PERIODS
from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.errors import BadInput
from weather_platform.domain.events import EventType
from weather_platform.domain.ingestions import Mode, PassedOver, Receipt, ReceivedFile, State, Trouble
from weather_platform.domain.parsing import Reason
from weather_platform.domain.provenance import Withdrawal
from weather_platform.domain.tabular import COMPARABLE, DOCUMENT_PARTS, OBSERVATION_COLUMNS
from weather_platform.domain.units import System
from weather_platform.tables import Format

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_STAGED = tuple(column.name for column in OBSERVATION_COLUMNS if column.name != "city")
_SHEET = tuple(column.name for column in MONTH_COLUMNS)
MOST_ROWS = 100_000
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_LONGEST_OVERRIDE = timedelta(days=366)
"""Its months are made again while the caller waits."""
Asked = TypeVar("Asked")


def _day(value: object) -> date:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("day", "not a day, write it as YYYY-MM-DD", {"allowed": "YYYY-MM-DD"})


def _one_of(allowed: tuple[str, ...]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in allowed:
            raise PydanticCustomError("not_allowed", "not one of those allowed", {"allowed": list(allowed)})
        return value

    return AfterValidator(check)


Day = Annotated[date, BeforeValidator(_day)]
MonthKey = Annotated[str, Field(pattern=r"^(19|20)\d{2}-(0[1-9]|1[0-2])$")]
_DOCUMENT_PARTS: dict[str, Any] = {
    "enum": list(DOCUMENT_PARTS),
    # Generated clients make names of them, and would make the same one of `windows.supposed` and `windows_supposed`.
    "x-enum-varnames": [part.upper().replace(".", "_PART_") for part in DOCUMENT_PARTS],
}
DocumentColumn = Annotated[str, _one_of(DOCUMENT_PARTS), Field(json_schema_extra=_DOCUMENT_PARTS)]
StagingColumn = Annotated[str, _one_of(_STAGED), Field(json_schema_extra={"enum": list(_STAGED)})]
ReasonText = Annotated[str, _one_of(tuple(Reason)), Field(json_schema_extra={"enum": [str(r) for r in Reason]})]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS)]
After = Annotated[
    str | None, BeforeValidator(cursor_of), Field(max_length=100, description="The `next` of the page before.")
]


def _separated(words: object) -> object:
    """`a,b` as `a` and `b`, as with cities."""
    if isinstance(words, list):
        return [part for word in words for part in (word.split(",") if isinstance(word, str) else [word])]
    return words


def _in_order(query: Asked, first: date | str | None, last: date | str | None) -> Asked:
    """The query, whose period must not end before it begins."""
    if first and last and str(last) < str(first):
        raise PydanticCustomError("period", "the period ends before it begins", {"allowed": f"to on or after {first}"})
    return query


class Query(BaseModel):
    """Parameters of a request; an unknown one is refused, so that a typo is noticed."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Formatted(Query):
    format: Format | None = Field(None, description="Overrides `Accept`.", examples=["json"])


class Period(Formatted):
    from_: Day | None = Field(None, alias="from", description="First day (UTC).", examples=["2023-12-01"])
    to: Day | None = Field(None, description="Last day (UTC).", examples=["2023-12-31"])

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        return _in_order(self, self.from_, self.to)


class Paged(Period):
    limit: Limit | None = Field(
        None,
        description="Rows a page. JSON has 1,000 where not given, the other formats all rows.",
        examples=[100],
    )


class StagingQuery(Paged):
    columns: Annotated[list[StagingColumn] | None, BeforeValidator(_separated)] = Field(
        None, min_length=1, examples=[["date", "t", "rr3"]]
    )
    after: After = None


def _corners(text: str) -> str:
    """OGC API Features: four numbers with a comma between."""
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError as error:
        raise ValueError("write west,south,east,north in degrees") from error
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("longitudes are from -180 to 180, latitudes from -90 to 90, the southern one first")
    return text


BoundingBox = Annotated[str, Field(max_length=100), AfterValidator(_corners)]


class Boxed(Query):
    bbox: BoundingBox | None = Field(
        None,
        description="West, south, east and north in degrees; west of 180° to east of it where west is the greater.",
        examples=["-5.5,41,10,51.5"],
    )

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """West, south, east and north."""
        if self.bbox is None:
            return None
        west, south, east, north = map(float, self.bbox.split(","))
        return west, south, east, north


class ObservationsQuery(Boxed, StagingQuery):
    city: list[str] | None = Field(None, max_length=200, examples=[["nice", "orly"]])
    hour: Annotated[list[Annotated[int, Field(ge=0, le=23)]] | None, BeforeValidator(_separated)] = Field(
        None, min_length=1, max_length=24, description="Only observations of these hours (UTC).", examples=[[6, 18]]
    )


class FlagsQuery(Paged):
    city: list[str] | None = Field(None, max_length=200, examples=[["nice"]])
    after: After = None

    @property
    def position(self) -> tuple[str, ...] | None:
        """Month, station, time, field and rule of the last row seen."""
        if self.after is None:
            return None
        place = tuple(self.after.split("|"))
        try:
            datetime.fromisoformat(place[2])
            if len(place) == len(("month", "station", "time", "field", "rule")):
                return place
        except (IndexError, ValueError):
            pass
        raise BadInput(f"{self.after!r} is not where a page ended.", "Follow the `next` of the page before.")


class SeveralStagingQuery(StagingQuery):
    city: list[str] = Field(min_length=1, max_length=200, examples=[["nice", "orly"]])


class DocumentsQuery(Paged):
    columns: Annotated[list[DocumentColumn] | None, BeforeValidator(_separated)] = Field(
        None, min_length=1, examples=[["period", "metrics.temperature", "rain_total_mm"]]
    )
    units: System = Field(System.METRIC, examples=["metric"])
    after: After = None
    newest_first: bool = False


class SeveralDocumentsQuery(DocumentsQuery):
    city: list[str] | None = Field(None, max_length=200, examples=[["nice", "orly"]])


class EventsQuery(Paged):
    type: list[EventType] | None = Field(None, examples=[["heavy_rain"]])
    city: list[str] | None = Field(None, max_length=200, examples=[["nice"]])
    at_least: float | None = Field(
        None,
        allow_inf_nan=False,
        ge=-100_000,
        le=100_000,
        description="In the unit of the event, as `units` says.",
        examples=[20],
    )
    units: System = Field(System.METRIC, examples=["metric"])
    after: After = None
    newest_first: bool = False


Comparable = Annotated[str, _one_of(tuple(COMPARABLE)), Field(json_schema_extra={"enum": list(COMPARABLE)})]


class CompareQuery(Period):
    city: list[str] = Field(min_length=1, max_length=20, examples=[["nice", "orly"]])
    metric: Comparable = Field("temperature_avg_c", examples=["temperature_avg_c"])
    units: System = Field(System.METRIC, examples=["metric"])


class CoverageQuery(Formatted):
    from_: MonthKey | None = Field(None, alias="from", description="First month.", examples=["2023-12"])
    to: MonthKey | None = Field(None, description="Last month.", examples=["2023-12"])
    city: list[str] | None = Field(None, max_length=200, examples=[["nice"]])

    @model_validator(mode="after")
    def _months_in_order(self) -> Self:
        return _in_order(self, self.from_, self.to)


class ChangesQuery(Formatted):
    since: Annotated[int, BeforeValidator(cursor_of), Field(ge=0, le=2**53)] = Field(
        0, description="The `next_since` or `next` of the page before, or the `number` of its last row.", examples=[0]
    )
    limit: Limit = Field(1_000, examples=[100])


SheetColumn = Annotated[str, _one_of(_SHEET), Field(json_schema_extra={"enum": list(_SHEET)})]
FigureName = Annotated[str, _one_of(tuple(FIGURES)), Field(json_schema_extra={"enum": list(FIGURES)})]
PeriodName = Annotated[str, _one_of(PERIODS), Field(json_schema_extra={"enum": list(PERIODS)})]
RecordPeriod = Annotated[str, _one_of((*MONTHS, ALL_MONTHS)), Field(json_schema_extra={"enum": [*MONTHS, ALL_MONTHS]})]
Year = Annotated[int, Field(ge=1900, le=2100)]


class MonthsQuery(CoverageQuery):
    limit: Limit | None = Field(None, description="Rows per page.", examples=[100])
    columns: list[SheetColumn] | None = Field(None, min_length=1, examples=[["month", "tn_mean_c", "rr_total_mm"]])
    after: After = None
    newest_first: bool = False


class NormalsQuery(Formatted):
    city: list[str] | None = Field(None, max_length=200, examples=[["nice"]])
    figure: FigureName | None = Field(None, examples=["rr.total"])
    limit: Limit | None = Field(None, description="Rows per page.", examples=[100])
    after: After = None

    @property
    def position(self) -> tuple[str, int]:
        """The station and the position of the last row seen; before all rows without one."""
        if self.after is None:
            return "", -1
        station, _, place = self.after.partition(":")
        if not place.isdecimal() or len(place) > len("1000000"):
            raise BadInput(f"{self.after!r} is not where a page ended.", "Follow the `next` of the page before.")
        return station, int(place)


class ClimateQuery(NormalsQuery):
    period: PeriodName | None = Field(None, description="A month (`12`), a season (`DJF`) or `year`.", examples=["12"])


class RecordsQuery(ClimateQuery):
    period: RecordPeriod | None = Field(None, description="A month (`12`), or `all`.", examples=["12"])


class ComparisonsQuery(ClimateQuery):
    year: Year | None = Field(None, examples=[2023])


class RankingQuery(Formatted):
    figure: FigureName = Field("rr.total", examples=["rr.total"])
    year: Year = Field(examples=[2023])
    period: PeriodName = Field("year", examples=["12"])
    region: str | None = Field(None, min_length=1, max_length=100, description="Only stations of this region.")
    lowest_first: bool = False
    incomplete: bool = Field(False, description="Show stations whose figure is not complete, too.")


class QuarantineQuery(Formatted):
    month: Annotated[str, Field(pattern=r"^((19|20)\d{2}-(0[1-9]|1[0-2])|unplaced)$")] | None = Field(
        None, examples=["2023-12"]
    )
    reason: ReasonText | None = Field(None, examples=["impossible_value"])
    limit: Limit = Field(1_000, examples=[100])
    after: After = None


class FilesQuery(Query):
    month: Annotated[str, Field(pattern=r"^((19|20)\d{2}-(0[1-9]|1[0-2])|unplaced)$")] | None = Field(
        None, examples=["2023-12"]
    )
    limit: Annotated[int, Field(ge=1, le=1_000)] = Field(200, examples=[100])
    after: After = None


class StationsQuery(Boxed):
    format: Literal["json", "geojson"] | None = Field(None, description="Overrides `Accept`.", examples=["json"])
    with_data: bool = Field(False, description="Only stations that have observations.")
    q: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="A station, town, postcode, department or region: the stations that it means, the best first.",
        examples=["besançon"],
    )


class IngestionsQuery(Query):
    limit: Annotated[int, Field(ge=1, le=200)] = Field(50, examples=[10])
    before: After = None


class IngestQuery(Query):
    wait: Annotated[float, Field(ge=0, le=300)] = Field(
        0, description="Seconds to hold the answer until the documents are readable.", examples=[30]
    )
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="What a raw body is called; a form names its files itself.", examples=["november.json"]
    )


class IngestFastQuery(Query):
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="What a raw body is called; a form names its files itself.", examples=["november.json"]
    )


def _utc(moment: datetime) -> datetime:
    """As stored: UTC, without offset, whole seconds."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise PydanticCustomError("moment", "not a time of any observation", {"allowed": "1900 to 2100"})
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None, microsecond=0)


Moment = Annotated[datetime, AfterValidator(_utc)]
ScreenedField = Annotated[str, _one_of(GRID_FIELDS), Field(json_schema_extra={"enum": list(GRID_FIELDS)})]
RuleId = Annotated[str, _one_of((ANY_RULE, *RULES)), Field(json_schema_extra={"enum": [ANY_RULE, *RULES]})]


class OverrideIn(BaseModel):
    """A decision about the values of a field from first to last time (UTC without an offset)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "city": "nice",
                    "first": "2023-08-09T09:00:00Z",
                    "last": "2023-08-09T09:00:00Z",
                    "field": "t",
                    "rule": "E2",
                    "verdict": "good",
                    "reason": "A hailstorm, seen by the observer.",
                    "by": "Marie",
                }
            ]
        },
    )
    city: Annotated[str, Field(min_length=1, max_length=200)]
    first: Moment
    last: Moment
    field: ScreenedField
    rule: RuleId = Field(ANY_RULE, description="The rule that is overruled, `*` for all.")
    verdict: Literal["good", "suspect", "erroneous"] = Field(description="`good` lifts flags, the others set one.")
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
    by: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")] | None = Field(
        None, description="Who says so; the caller's key or address where no name is given."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) <= self.last - self.first <= _LONGEST_OVERRIDE:
            raise PydanticCustomError(
                "period", "from first to last is not a period of 0 to 366 days", {"allowed": "0 to 366 days"}
            )
        return self


class OverrideOut(BaseModel):
    """A decision about flags."""

    id: str | None = Field(description="Null for one of the file `WEATHER_QC_OVERRIDES`.")
    made: datetime | None
    city: str
    station_id: str
    first: datetime
    last: datetime
    field: str
    rule: str
    verdict: str
    reason: str
    who: str
    made_again: str | None = Field(None, description="The receipt of the months that were made again with it.")


class OverrideList(BaseModel):
    count: int
    data: list[OverrideOut]
    next: None = None


class Replay(BaseModel):
    """Months to stage and curate again from their raw objects, or none for the records that had no partition."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"months": ["2023-12"]}]})
    months: list[MonthKey] = Field(default_factory=list, max_length=120)


class Problem(BaseModel):
    """RFC 9457, with a cure."""

    type: str
    title: str
    status: int
    detail: str = Field(description="The cause.")
    cure: str
    instance: str = Field(description="The id of the request, as in the log.")
    ingestion: str | None = Field(None, description="What was kept, and will go on when the files are sent again.")
    errors: list[dict[str, Any]] | None = Field(None, description="Each fault, with what would be allowed.")


def _model(name: str, of: type[msgspec.Struct]) -> type[BaseModel]:
    """A response model with the fields of a struct of the domain, all of them always sent."""
    fields: dict[str, Any] = {field.name: (field.type, ...) for field in msgspec.structs.fields(of)}
    return create_model(name, __doc__=of.__doc__, **fields)


FileOut: Any = _model("FileOut", ReceivedFile)
PassedOverOut: Any = _model("PassedOverOut", PassedOver)
TroubleOut: Any = _model("TroubleOut", Trouble)
WithdrawalOut: Any = _model("WithdrawalOut", Withdrawal)
_Counts: Any = _model("RecordCounts", RecordCounts)


class ObjectOut(BaseModel):
    key: str
    month: str
    records: int
    size_bytes: int
    new: bool
    first_look_refused: dict[str, int]
    url: str


class MonthOut(_Counts):  # type: ignore[misc]  # made from a struct
    """`read` is the sum of all the counts but those of documents."""

    month: str
    documents_written: int | None
    documents_unchanged: int | None
    documents_deleted: int | None
    catalogue: str | None = Field(description="The month in Dagster's UI.")


class Withdraw(BaseModel):
    """Reason and name; the name defaults to the caller's key or address."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "37 °C in February", "by": "Marie"}]}
    )
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    by: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class RunOut(BaseModel):
    """The Dagster run of one month."""

    run_id: str
    month: str
    months: list[str] = Field(description="The same; receipts of earlier versions have runs of several months.")
    state: State
    trouble: TroubleOut | None = Field(description="Why the month failed, and what to do.")
    url: str


class Progress(BaseModel):
    """Number of months by state."""

    queued: int
    running: int
    done: int
    failed: int


class FirstLook(BaseModel):
    """Counts from splitting the files into records."""

    records: int
    new_objects: int
    refused: dict[str, int]
    passed_over: list[PassedOverOut] = Field(description="Files in a zip that hold no observations.")
    unused_columns: list[str] = Field(description="Columns of the files that are not used.")
    absent_columns: list[str] = Field(
        description="Measured fields that no file has a column for; values known before stay."
    )


class IngestionSummary(BaseModel):
    """The receipt of posted, landed or fetched files in a few lines."""

    id: str
    mode: Mode
    state: State
    received: datetime
    finished: datetime | None
    files: list[FileOut] = Field(description="The first of them.", max_length=10)
    file_count: int
    months: list[str] = Field(description="The first and the last.", max_length=2)
    month_count: int
    counts: _Counts = Field(description="Of all its months, when it ended.")
    documents_written: int
    withdrawn: WithdrawalOut | None
    trouble: TroubleOut | None
    links: dict[str, str]


class Ingestion(BaseModel):
    """The receipt of posted, landed or fetched files."""

    id: str
    mode: Mode
    state: State
    repeated: bool = Field(description="Whether this answers a posting of files that were posted before, and count.")
    received: datetime
    finished: datetime | None
    request: str
    files: list[FileOut]
    months: list[str]
    first_look: FirstLook
    raw_objects: list[ObjectOut]
    outcome: list[MonthOut]
    runs: list[RunOut] = Field(description="One of each month, in order of months.")
    progress: Progress
    run_id: str | None = Field(description="The first of the runs.")
    catalogue: Literal["shown", "pending", "by_run"] = Field(
        description="Whether Dagster's catalogue shows it: `pending` catches up by itself."
    )
    withdrawn: WithdrawalOut | None
    made_again: str | None = Field(
        description="The ingestion that made its months again after it was withdrawn, or restored."
    )
    trouble: TroubleOut | None
    links: dict[str, str]


class IngestionList(BaseModel):
    count: int
    data: list[IngestionSummary]
    next: str | None


def first_look(receipt: Receipt) -> FirstLook:
    """The counts of the first look at all objects of a receipt."""
    refused: dict[str, int] = {}
    for obj in receipt.objects:
        for reason, count in obj.refused.items():
            refused[reason] = refused.get(reason, 0) + count
    return FirstLook(
        records=sum(obj.records for obj in receipt.objects),
        new_objects=sum(obj.new for obj in receipt.objects),
        refused=refused,
        passed_over=[PassedOverOut(**msgspec.to_builtins(file)) for file in receipt.passed_over],
        unused_columns=receipt.unused_columns,
        absent_columns=receipt.absent_columns,
    )


class Rows(BaseModel):
    """A page of rows; `next` is the address of the next page."""

    model_config = ConfigDict(extra="allow")
    count: int
    data: list[dict[str, Any]]
    next: str | None = None


class Stored(BaseModel):
    """A station with stored data."""

    model_config = ConfigDict(extra="allow")
    city: str
    slug: str
    station_id: str


class Cities(BaseModel):
    count: int
    cities: list[Stored]


class Health(BaseModel):
    """`ok`, or what is wrong, by store; `mysql` and `mongodb` are names of layers: `stores` names the kind in use."""

    status: Literal["healthy", "degraded"]
    stores: dict[str, str] = Field(
        description="What each layer is kept in.", examples=[{"raw": "s3", "staging": "mysql", "curated": "mongodb"}]
    )
    s3: str
    mysql: str
    mongodb: str
    dagster: str
    writing: str = Field(description="Whether the last posting found room on every disk.")
