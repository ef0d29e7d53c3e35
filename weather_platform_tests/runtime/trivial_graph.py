"""Three small assets by month, whose second one waits in the middle while the file ``hold`` exists in WEATHER_HOME.

With the file ``deaf`` it takes from the run the means to write anything more, its failure too, as a full database does.
"""

import time
from typing import Any, NoReturn

import dagster as dg

from weather_platform.settings import Settings

HOME = Settings.from_environment().home
MONTHS = dg.MonthlyPartitionsDefinition(start_date="2023-01-01", end_date="2024-01-01")
ONE_RUN = dg.BackfillPolicy.single_run()


@dg.asset(partitions_def=MONTHS, pool="raw", backfill_policy=ONE_RUN)
def raw() -> None: ...


@dg.asset(partitions_def=MONTHS, pool="staged", backfill_policy=ONE_RUN, deps=[raw])
def staged(context: dg.AssetExecutionContext) -> None:
    while (HOME / "hold").exists():
        (HOME / f"held-{context.run_id}").touch()
        time.sleep(0.02)
    if (HOME / "deaf").exists():
        context.instance.handle_new_event = _refuse
        _refuse()


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise OSError("no space left")


@dg.asset(partitions_def=MONTHS, pool="stats", backfill_policy=ONE_RUN, deps=[staged])
def stats() -> None: ...


defs = dg.Definitions(assets=[raw, staged, stats], executor=dg.in_process_executor)
