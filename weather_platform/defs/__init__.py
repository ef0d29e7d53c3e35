"""What Dagster knows of the platform; the work is done by `pipeline` and below."""
