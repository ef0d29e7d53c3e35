"""Entry point of Dagster: loads everything below `defs/`."""

import warnings
from functools import partial
from pathlib import Path

import dagster as dg

from weather_platform import defs as graph
from weather_platform.defs.attributes import where_stored
from weather_platform.settings import Settings


@dg.definitions
def defs() -> dg.Definitions:
    """The graph: three assets per month, their checks, jobs, schedule and resources.

    `load_from_defs_folder` works only in a checkout: it looks for pyproject.toml, which is not in a wheel.
    It also describes every component type of every installed package, in 0.31 s where the graph alone loads in 0.02 s,
    and each run loads the graph twice. `build_defs` of a folder leaves that description out.
    """
    folder = Path(graph.__file__).parent
    with warnings.catch_warnings():
        # Features that we chose while they are in beta, and two preview functions that Dagster calls by itself here.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        tree = dg.ComponentTree.from_module(defs_module=graph, project_root=folder.parents[1])
        return tree.build_defs(folder).map_asset_specs(func=partial(where_stored, Settings.from_environment()))
