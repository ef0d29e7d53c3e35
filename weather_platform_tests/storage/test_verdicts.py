"""The history of checks in staging, held over SQLite, MariaDB and MySQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from weather_platform.domain.months import Month
from weather_platform.domain.quality import Verdict
from weather_platform.storage.staging import StagingStore
from weather_platform_tests.observations import at, month_of

DECEMBER = Month(2023, 12)
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
FULL, SHORT = Verdict(True, "62 stations"), Verdict(False, "2 stations absent")


def test_a_verdict_is_kept_where_it_says_more_than_the_one_before(staging: StagingStore) -> None:
    staging.replace_month("2023-12", month_of([at("2023-12-05T06", t=280)]))
    said = [
        FULL,
        Verdict(True, "61 stations"),
        SHORT,
        SHORT,
        Verdict(False, "3 stations absent"),
        FULL,
    ]
    for hours, verdict in enumerate(said):
        found = {"completeness": verdict, "cadence": FULL}
        staging.verdicts.note(DECEMBER, found, NOON + timedelta(hours=hours, microseconds=7))
        staging.replace_month("2023-12", month_of([at("2023-12-05T06", t=280 + hours)]))
    kept = [(each.noted - NOON, each.check, each.description) for each in staging.verdicts.find([DECEMBER])]
    assert kept == [
        (timedelta(hours=0), "cadence", "62 stations"),
        (timedelta(hours=0), "completeness", "62 stations"),
        (timedelta(hours=2), "completeness", "2 stations absent"),
        (timedelta(hours=4), "completeness", "3 stations absent"),
        (timedelta(hours=5), "completeness", "62 stations"),
    ]
    assert staging.verdicts.find([DECEMBER.next]) == []


def test_verdicts_within_a_second_stay_in_order(staging: StagingStore) -> None:
    staging.replace_month("2023-12", month_of([at("2023-12-05T06", t=280)]))
    for verdict in (FULL, SHORT, FULL):
        staging.verdicts.note(DECEMBER, {"completeness": verdict}, NOON)
    assert [each.passed for each in staging.verdicts.find([DECEMBER])] == [True, False, True]


def test_verdicts_of_a_month_that_is_not_staged_are_kept_from_many_at_once(staging: StagingStore) -> None:
    """A month that is being withdrawn has no row that one writer could lock against the others."""

    def noted(n: int) -> None:
        staging.verdicts.note(DECEMBER, {"completeness": Verdict(False, f"{n} stations absent")}, NOON)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(noted, range(24)))
    kept = sorted(each.description for each in staging.verdicts.find([DECEMBER]))
    assert kept == sorted(f"{n} stations absent" for n in range(24))
