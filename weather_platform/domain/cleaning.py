"""From a typed record to an observation: codes and signs that are no measurements become what they mean.

Range checks are the parser's; which of several reports of one time counts is `merging`'s.
"""

from collections.abc import Collection, Container, Iterable
from operator import attrgetter
from typing import Any

from weather_platform.domain.fields import MEASURED, RAIN_FIELDS, SKY_HIDDEN_PERCENT, TRACE_MM, Observation
from weather_platform.domain.parsing import Place

NAMES = tuple(field.name for field in MEASURED)
"""The columns that a record publishes, in the order of `published`."""
_values = attrgetter(*NAMES)
_N = NAMES.index("n")
_PER = NAMES.index("per")
_RAIN = tuple((NAMES.index(name), 1 << bit) for bit, name in enumerate(RAIN_FIELDS))
_FIRST = Observation._fields.index(NAMES[0])
_END = _FIRST + len(NAMES)


def clean(place: Place, record: Any, raw_object: str) -> Observation:
    """The observation a `parsing.SynopRecord` stands for; `raw_object` names where it was read."""
    return observed(place, list(_values(record)), raw_object)


def observed(place: Place, values: list[Any], raw_object: str) -> Observation:
    """The observation of published values, which are changed in place.

    A trace of rain becomes 0 mm and a bit of `rr_trace`; a hidden sky a null `n` and `n_hidden`;
    a gust period loses its sign. Missing stays None, never 0.
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
    """The values that `observed` makes this observation of: flags are codes again."""
    values = list(observation[_FIRST:_END])
    if observation.n_hidden:
        values[_N] = SKY_HIDDEN_PERCENT
    for index, bit in _RAIN:
        if observation.rr_trace & bit:
            values[index] = TRACE_MM
    return values


def changes(observations: Iterable[Observation]) -> dict[str, int]:
    """How many observations cleaning changed, by what it changed; every gust period loses its sign, uncounted."""
    counts = {"rain_trace_to_zero": 0, "hidden_sky_to_null": 0}
    for observation in observations:
        counts["rain_trace_to_zero"] += observation.rr_trace > 0
        counts["hidden_sky_to_null"] += observation.n_hidden
    return counts


def missing(observations: Collection[Observation], read: Container[str]) -> dict[str, int]:
    """How many observations have no value, by column, of the columns that their file has (`Columns.read`).

    A sky that could not be seen is a value. Columns without a gap are left out.
    """
    counts = {}
    for name, values in zip(Observation._fields, zip(*observations, strict=True), strict=False):
        if name in read and (without := values.count(None)):
            counts[name] = without
    if hidden := sum(observation.n_hidden for observation in observations) if "n" in counts else 0:
        counts["n"] -= hidden
    return {name: count for name, count in counts.items() if count}
