"""From a typed record to an observation: special codes and signs are replaced by what they mean.

`parsing` checks ranges; `merging` decides between several reports of one time.
"""

from collections.abc import Collection, Container, Iterable
from operator import attrgetter
from typing import Any

from weather_platform.domain.fields import MEASURED, RAIN_FIELDS, SKY_HIDDEN_PERCENT, TRACE_MM, Observation
from weather_platform.domain.parsing import Place

NAMES = tuple(field.name for field in MEASURED)
"""The published columns of a record, in the order of `published`."""
_values = attrgetter(*NAMES)
_flags = attrgetter("rr_trace", "n_hidden")
_N = NAMES.index("n")
_PER = NAMES.index("per")
_RAIN = tuple((NAMES.index(name), 1 << bit) for bit, name in enumerate(RAIN_FIELDS))
_FIRST = Observation._fields.index(NAMES[0])
_END = _FIRST + len(NAMES)


def clean(place: Place, record: Any, raw_object: str) -> Observation:
    """The observation of a `parsing.SynopRecord` read from `raw_object`."""
    return observed(place, list(_values(record)), raw_object)


def observed(place: Place, values: list[Any], raw_object: str) -> Observation:
    """The observation of published values; the list is changed in place.

    A trace of rain becomes 0 mm and a bit of `rr_trace`; a hidden sky becomes a null `n` and `n_hidden`;
    a gust period loses its sign. Missing values stay None, never 0.
    """
    hidden = values[_N] == SKY_HIDDEN_PERCENT
    if hidden:
        values[_N] = None
    if values[_PER] is not None:
        values[_PER] = abs(values[_PER])
    traces = 0
    for index, bit in _RAIN:
        if values[index] is not None and values[index] < 0:
            values[index] = 0
            traces |= bit
    return Observation._make((*place, *values, int(hidden), traces, raw_object))


def published(observation: Observation) -> list[Any]:
    """The inverse of `observed`: published values, with flags as codes again."""
    values = list(observation[_FIRST:_END])
    if observation.n_hidden:
        values[_N] = SKY_HIDDEN_PERCENT
    for index, bit in _RAIN:
        if observation.rr_trace & bit:
            values[index] = TRACE_MM
    return values


def changes(observations: Iterable[Observation]) -> dict[str, int]:
    """Number of observations changed by cleaning, by kind; signs of gust periods are not counted."""
    flags = list(map(_flags, observations))
    return {
        "rain_trace_to_zero": sum(traces > 0 for traces, _ in flags),
        "hidden_sky_to_null": sum(hidden for _, hidden in flags),
    }


def missing(observations: Collection[Observation], read: Container[str]) -> dict[str, int]:
    """Number of observations without a value, by column, for columns in their file (`Columns.read`).

    A hidden sky counts as a value. Columns without a gap are left out.
    """
    counts = {}
    for name, values in zip(Observation._fields, zip(*observations, strict=True), strict=False):
        if name in read and (without := values.count(None)):
            counts[name] = without
    if hidden := sum(observation.n_hidden for observation in observations) if "n" in counts else 0:
        counts["n"] -= hidden
    return {name: count for name, count in counts.items() if count}
