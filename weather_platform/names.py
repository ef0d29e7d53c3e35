"""Words that Dagster, the API and the site must agree on."""

LOCATION = "weather_platform"
"""The code location, in `workspace.yaml`, in `[tool.dg.project]` and in GraphQL."""
REPOSITORY = "__repository__"

RAW_OBSERVATIONS = "raw_observations"
STAGED_OBSERVATIONS = "staged_observations"
WEATHER_STATS = "weather_stats"
ASSETS = (RAW_OBSERVATIONS, STAGED_OBSERVATIONS, WEATHER_STATS)

LOAD_JOB = "load_months"
"""Source to documents."""
PROCESS_JOB = "process_months"
"""Documents from the raw objects that are stored already."""

CHECK_JOB = "check_months"
"""Verdicts on what the stores hold of a month."""

INGESTION_TAG = "weather/ingestion"
"""On a run: the ingestion of the API that asked for it."""
LANDED_TAG = "weather/landed"
"""On a run: the file under `landing/` that asked for it."""
LAUNCH_KEY_TAG = "weather/launch"
"""On a run launched by GraphQL: for one key one run is made, however often it is asked for."""
REPEATS_TAG = "weather/repeats"
"""On a run that is canceled before it began, as its key was used: the run that has it."""
ARCHIVE = "meteofrance_archive"
"""Where observations come from in the end; no run makes it."""
FRESH_CHECK = "fresh"
"""On the archive, since it is of all months together: a check of an asset of ours would be part of each month's run."""
