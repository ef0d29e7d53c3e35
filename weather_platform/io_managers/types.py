"""What passes between the assets, by the names that Dagster shows."""

import dagster as dg

from weather_platform.monthly import Monthly


def _monthly(name: str, description: str) -> dg.DagsterType:
    return dg.DagsterType(
        name=name,
        type_check_fn=lambda _context, value: isinstance(value, Monthly),
        description=f"{description}; made a month at a time, when it is asked for.",
        typing_type=Monthly,
    )


PAYLOADS = _monthly("Payloads", "What a source gave, with its provenance")
RAW_MONTHS = _monthly("RawMonths", "Raw objects with their records, the earliest received first")
STAGED_MONTHS = _monthly("StagedMonths", "Observations by station; as a pandas frame: `io_managers.staged_frame`")
MONTH_FIGURES = _monthly("MonthFigures", "Daily sums and extremes by station, added up by the database")
DOCUMENTS = _monthly("Documents", "WeatherStats documents")
