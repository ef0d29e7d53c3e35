"""One partition a month, from the first that the settings name to the current one."""

import dagster as dg

from weather_platform.settings import Settings

MONTHS = dg.MonthlyPartitionsDefinition(
    start_date=str(Settings.from_environment().first_month),
    fmt="%Y-%m",
    timezone="UTC",
    end_offset=1,
)
