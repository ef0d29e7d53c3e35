"""Names that Dagster, the API and the site share."""

LOCATION = "weather_platform"
"""The code location, in `workspace.yaml`, in `[tool.dg.project]` and in GraphQL."""
REPOSITORY = "__repository__"

RAW_OBSERVATIONS = "raw_observations"
STAGED_OBSERVATIONS = "staged_observations"
WEATHER_STATS = "weather_stats"
MONTHLY_CLIMATE = "monthly_climate"
ASSETS = (RAW_OBSERVATIONS, STAGED_OBSERVATIONS, WEATHER_STATS, MONTHLY_CLIMATE)

LOAD_JOB = "load_months"
"""Source to documents."""
PROCESS_JOB = "process_months"
"""Stages and curates months from the stored raw objects."""

CHECK_JOB = "check_months"
"""Evaluates the checks on stored months."""

REPAIR_JOB = "repair_catalogue"
"""Shows in Dagster what the stores hold and its catalogue lacks."""

INGESTION_TAG = "weather/ingestion"
"""Tag of a run: the ingestion that requested it."""
LANDED_TAG = "weather/landed"
"""Tag of a run: the file under `landing/` that requested it."""
LAUNCH_KEY_TAG = "weather/launch"
"""Tag of a run launched by GraphQL: repeated requests with the same key make one run."""
REPEATS_TAG = "weather/repeats"
"""Tag of a run canceled because its key was used: the earlier run."""
ARCHIVE = "meteofrance_archive"
"""The source behind all observations, as an external asset: no run materialises it."""
FRESH_CHECK = "fresh"
"""A check on the archive asset, as it covers all months: on an asset of ours it would be part of each month's run."""
