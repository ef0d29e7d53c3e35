"""Entry point of Dagster: loads everything below `defs/`."""

import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path

import dagster as dg

from weather_platform import defs as graph
from weather_platform.defs.attributes import where_stored
from weather_platform.domain.errors import NothingStored
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


def import_ahead() -> None:
    """Import what the first run of a process imports, 0.9 to 1.2 s of CPU, for a worker that forks afterwards.

    Opened to read, no store is connected to.
    """
    from weather_platform.defs.monthly_frame import MONTHLY_FRAME, monthly_frame
    from weather_platform.import_ahead import import_ahead as import_pipeline
    from weather_platform.pipeline import Stores

    import_pipeline()
    MONTHLY_FRAME.type_check(dg.build_op_context(), monthly_frame([]))  # type: ignore[arg-type]  # not looked at
    stores = Stores(Settings.from_environment(), read_only=True)
    _ = stores.raw, stores.monthly
    with suppress(NothingStored):
        _ = stores.staging
