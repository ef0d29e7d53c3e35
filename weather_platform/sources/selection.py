"""Checks the choice of stations, for all sources."""

from collections.abc import Collection

from weather_platform.domain.errors import BadInput
from weather_platform.domain.stations import WMO_NUMBER


def station_numbers(stations: Collection[str] | None) -> tuple[str, ...] | None:
    """The WMO station numbers, sorted and once each; None for all stations.

    BadInput for a number that is not five digits (they go into queries) and for an empty choice,
    which would otherwise look like an empty month.
    """
    if stations is None:
        return None
    wrong = sorted(number for number in stations if not WMO_NUMBER.fullmatch(number))
    if wrong:
        raise BadInput(
            f"{', '.join(map(repr, wrong))} is not a WMO station number.",
            "Write five digits, for example 07690 for NICE.",
        )
    if not stations:
        raise BadInput("No station was chosen.", "Name one, or omit the choice to load all.")
    return tuple(sorted(set(stations)))
