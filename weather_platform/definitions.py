"""The door Dagster opens: everything below `defs/`."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """The graph: three assets a month, their checks, jobs, schedule and resources."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
