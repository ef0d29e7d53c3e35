"""The figures of a monthly sheet that are compared over years, in one table: name, kind, unit and status field.

Names are paths in a sheet (`tn.mean`, `rr.total`), the same in seasons, years, references, ranks and the API.
"""

from typing import Literal, NamedTuple, Protocol

import msgspec

from weather_platform.domain.climate.sheet import Status
from weather_platform.domain.climate.thresholds import DAY_COUNTS

Kind = Literal["mean", "total", "low", "high"]


class Figure(NamedTuple):
    """A figure of a sheet; a season has the mean, sum, least or greatest of its months', by kind."""

    element: str
    field: str
    status: str
    """The element's field with its completeness."""
    kind: Kind
    unit: str

    @property
    def name(self) -> str:
        return f"{self.element}.{self.field}"


class FigureValue(NamedTuple):
    """A figure and how complete it is."""

    value: float | None
    status: Status


class Sheet(Protocol):
    """Common interface of `MonthlyClimate` and `MonthFigures`: station, month and figures."""

    @property
    def station_id(self) -> str: ...

    @property
    def month(self) -> str: ...


_COUNT_STATUS = {"tn": "days_status", "tx": "days_status"}
_TABLE = (
    Figure("tn", "mean", "status", "mean", "°C"),
    Figure("tx", "mean", "status", "mean", "°C"),
    Figure("tm", "mean", "status", "mean", "°C"),
    Figure("tn", "min", "status", "low", "°C"),
    Figure("tn", "max", "status", "high", "°C"),
    Figure("tx", "min", "status", "low", "°C"),
    Figure("tx", "max", "status", "high", "°C"),
    Figure("tm", "heating_18", "days_status", "total", "K·d"),
    Figure("tm", "growing_10", "days_status", "total", "K·d"),
    Figure("rr", "total", "status", "total", "mm"),
    Figure("rr", "max", "status", "high", "mm"),
    Figure("fxi", "max", "status", "high", "m/s"),
    Figure("pmer", "mean", "status", "mean", "hPa"),
    Figure("pmer", "min", "status", "low", "hPa"),
    Figure("u", "mean", "status", "mean", "%"),
    Figure("snow", "max", "status", "high", "cm"),
    *(
        Figure(count.element, count.name, _COUNT_STATUS.get(count.element, "status"), "total", "days")
        for count in DAY_COUNTS
    ),
)
FIGURES: dict[str, Figure] = {figure.name: figure for figure in _TABLE}


def is_lower_bound(figure: str, status: Status) -> bool:
    """Whether a figure is a total or a count that lacks days: the true one is as great, or greater."""
    return FIGURES[figure].kind == "total" and status in ("nearly", "incomplete")


def _figures_alone() -> type[msgspec.Struct]:
    """The part of a `MonthlyClimate` that figures are read from: a third of the time to decode."""
    fields: dict[str, dict[str, type]] = {}
    for figure in _TABLE:
        of = fields.setdefault(figure.element, {})
        of[figure.field] = float | None  # type: ignore[assignment]  # a union is not a class
        of[figure.status] = Status  # type: ignore[assignment]
    elements = [(name, msgspec.defstruct(name, list(of.items()))) for name, of in fields.items()]
    return msgspec.defstruct("MonthFigures", [("station_id", str), ("month", str), *elements])


MonthFigures = _figures_alone()
"""What to decode a stored `MonthlyClimate` as where only its figures are wanted."""
