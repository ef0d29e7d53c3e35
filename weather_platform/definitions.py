"""The door Dagster opens: everything below `defs/`."""

import warnings
from pathlib import Path

import dagster as dg

from weather_platform import defs as graph


@dg.definitions
def defs() -> dg.Definitions:
    """The graph: three assets per month, their checks, jobs, schedule and resources.

    `load_from_defs_folder` does the same in a checkout alone: it looks for pyproject.toml, which a wheel does not hold.
    It also describes every component type of every installed package: 0.31 s against 0.02 s, and each run loads the
    graph twice. So the folder is named, and that description left out.
    """
    folder = Path(graph.__file__).parent
    with warnings.catch_warnings():
        # Features that we chose while they are in beta, and two preview functions that Dagster calls by itself here.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.ComponentTree.from_module(defs_module=graph, project_root=folder.parents[1]).build_defs(folder)
