"""The frame of monthly sheets, its type, and the asset that makes it."""

from collections import Counter
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from weather_platform import names
from weather_platform.defs.climate import Beside
from weather_platform.defs.monthly_frame import MONTHLY_FRAME, monthly_frame, sheets_of
from weather_platform.domain.months import Month
from weather_platform.pipeline import curate_month, open_stores
from weather_platform.settings import Settings
from weather_platform_tests import layers
from weather_platform_tests.defs.runs import Graph
from weather_platform_tests.storage.sheets import sheet

SHEETS = [sheet(), sheet("81401", rr={"total": None, "max_days": ()})]


def check(frame: Any) -> dg.TypeCheck:
    return MONTHLY_FRAME.type_check(dg.build_op_context(), frame)  # type: ignore[arg-type]  # it is not looked at


def test_sheets_come_back_from_a_frame_that_passes_its_type() -> None:
    frame = monthly_frame(SHEETS)
    assert check(frame).success, check(frame).description
    assert sheets_of(frame) == {Month(2023, 12): SHEETS}
    assert check(monthly_frame([])).success


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("tn_mean_c", 283.6),  # kelvin
        ("rr_total_mm", -0.1),
        ("tx_days_ge_25", -1),
        ("rr_status", "whole"),
        ("month", None),
    ],
)
def test_a_frame_out_of_range_or_with_holes_does_not_pass(column: str, value: object) -> None:
    frame = monthly_frame(SHEETS)
    frame[column] = pd.Series([value, value])
    assert not check(frame).success
    assert not check(frame.drop(columns=column)).success


def test_a_column_of_a_frame_does_not_copy_what_goes_with_it() -> None:
    """Each column that is taken copies `attrs` deeply in pandas: of a month's flags, a third of its run."""
    frame = monthly_frame(SHEETS)
    beside = frame.attrs["beside"] = Beside({Month(2023, 12): []}, {Month(2023, 12): "a hash"})
    assert frame["month"].attrs["beside"] is beside


def test_a_run_makes_the_same_sheets_as_the_fast_path_neighbours_included(weather: Graph) -> None:
    run = weather.load("2023-11", "2024-01", cities=["NICE", "ORLY"])
    assert run.success, run.failures
    assert run.verdicts["totals_conserved", "2023-12"].passed
    facts = run.materialised[names.MONTHLY_CLIMATE, "2023-12"]
    assert (facts["dagster/partition_row_count"], facts["complete_tn"], facts["complete_rr"]) == (2, 2, 0)
    stores = open_stores(Settings.from_environment())
    flagged = Counter(flag.verdict for flag in stores.staging.flagging.find(date(2023, 12, 1), date(2023, 12, 31)))
    assert [facts[f"flagged_{verdict}"] for verdict in ("erroneous", "suspect", "good")] == [
        flagged[verdict] for verdict in ("erroneous", "suspect", "good")
    ]
    by_run = layers.sheets(stores)
    last = stores.monthly.month_revision(Month(2024, 1))
    # Its last day of rain ends in January, whose run made it complete.
    assert [stores.monthly.get("07690", Month(2023, 12)).rr.status, by_run["07690:2024-01"]["rr"]["status"]] == [
        "complete",
        "nearly",
    ]
    for month in (Month(2024, 1), Month(2023, 11), Month(2023, 12)):
        curate_month(stores, month)
    assert layers.sheets(stores) == by_run
    assert stores.monthly.month_revision(Month(2024, 1)) == last
    stores.close()
