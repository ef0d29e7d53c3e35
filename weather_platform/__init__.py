"""A weather data lake on Dagster: SYNOP observations become daily statistics."""
