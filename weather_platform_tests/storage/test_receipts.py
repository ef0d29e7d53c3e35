"""Receipts and updates last in every staging database, and come back as they were."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pytest
import sqlalchemy as sa

from weather_platform.domain.errors import NotFound
from weather_platform.domain.ingestions import (
    CatalogueUpdate,
    LaunchedRun,
    Mode,
    MonthOutcome,
    Receipt,
    ReceivedFile,
    ReceivedObject,
    State,
    Trouble,
    new_ingestion_id,
)
from weather_platform.domain.provenance import Withdrawal
from weather_platform.storage.databases import open_engine
from weather_platform.storage.receipts import ReceiptStore
from weather_platform.storage.schema import ensure

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "mariadb", "mysql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('tmp_path')}/staging.sqlite"
    return str(request.getfixturevalue(f"fresh_{request.param}_database"))


@pytest.fixture
def store(url: str) -> Iterator[ReceiptStore]:
    store = ReceiptStore(open_engine(url))
    ensure(store.engine)
    yield store
    store.engine.dispose()


def receipt(number: int = 0) -> Receipt:
    return Receipt(
        id=new_ingestion_id(NOW + timedelta(seconds=number)),
        content=f"{number:064d}",
        mode="run",
        state="queued",
        received=NOW,
        outcomes=[MonthOutcome(month="2023-11", read=2, kept=1, refused={"impossible_value": 1})],
        runs=[LaunchedRun(run_id="a", months=["2023-11"])],
        trouble=Trouble(cause="É", cure="…"),
    )


def fetched(number: int, key: str, state: State, mode: Mode = "source") -> Receipt:
    partition, _, name = key.partition("/")
    stored = ReceivedObject(
        key=f"{key}.csv", name=name, partition=partition, records=1, size_bytes=9, new=True, refused={}
    )
    file = ReceivedFile(name="synop.csv.gz", size_bytes=9, sha256="a" * 64)
    return msgspec.structs.replace(
        receipt(number), mode=mode, source="meteofrance", state=state, files=[file], objects=[stored]
    )


def test_a_raw_object_leads_to_its_last_receipt_that_counts(store: ReceiptStore) -> None:
    first, second, other = (
        fetched(number, f"2023-12/{digit * 16}", "done") for number, digit in enumerate("aab", start=1)
    )
    for each in (first, second, other):
        store.save(each)
    assert store.of_object("2023-12", "a" * 16) == second
    withdrawn = msgspec.structs.replace(second, withdrawn=Withdrawal(at=NOW, by="Marie", reason="…"))
    store.save(withdrawn)
    assert store.of_object("2023-12", "a" * 16) == first
    assert (store.of_object("2023-12", "c" * 16), store.of_object("2023-11", "a" * 16)) == (None, None)


def test_receipts_that_no_run_has_ended_are_open_oldest_first(store: ReceiptStore) -> None:
    later, earlier = fetched(2, "2023-12/a", "stored"), fetched(1, "2023-11/a", "stored", "landing")
    for each in (later, earlier, fetched(3, "2023-10/a", "done"), receipt(4)):
        store.save(each)
    assert store.open() == [earlier, later]
    assert (earlier.posting[:8], later.posting[:13]) == ("landed-0", "meteofrance-0")


def at_once(*calls: Callable[[], object]) -> None:
    """Call all in threads that begin together; the first error of any."""
    start = threading.Barrier(len(calls))

    def begin(call: Callable[[], object]) -> None:
        start.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        for ended in [pool.submit(begin, call) for call in calls]:
            ended.result()


def test_a_receipt_is_kept_as_it_is_and_replaced_by_its_later_state(store: ReceiptStore, url: str) -> None:
    kept = receipt()
    store.save(kept)
    done = msgspec.structs.replace(kept, state="done")
    store.save(done)
    store.save(done)
    another = ReceiptStore(open_engine(url))
    assert another.get(kept.id) == another.of_content(kept.content) == done
    another.engine.dispose()


@pytest.mark.parametrize("later", ["failed", "running"])
def test_a_receipt_that_is_finished_stays_as_it_is(store: ReceiptStore, later: State) -> None:
    kept = receipt()
    store.save(kept)
    done, slower = (msgspec.structs.replace(kept, state=state) for state in ("done", later))
    assert (store.advance(done), store.advance(slower)) == (True, False)
    assert store.get(kept.id) == done


def test_several_processes_may_start_at_once_on_a_new_database(url: str) -> None:
    stores = [ReceiptStore(open_engine(url)) for _ in range(8)]
    at_once(*(partial(ensure, store.engine) for store in stores))
    assert stores[0].newest() == []
    for store in stores:
        store.engine.dispose()


def test_receipts_are_listed_newest_first(store: ReceiptStore) -> None:
    kept = [receipt(number) for number in range(3)]
    for item in kept:
        store.save(item)
    assert [item.id for item in store.newest(limit=2)] == [kept[2].id, kept[1].id]
    assert [item.id for item in store.newest(before=kept[1].id)] == [kept[0].id]


def test_a_receipt_that_is_not_there_is_not_found(store: ReceiptStore) -> None:
    assert store.of_content("0" * 64) is None
    with pytest.raises(NotFound, match="No ingestion is called"):
        store.get("nothing")


def test_an_idempotency_key_is_tied_once(store: ReceiptStore) -> None:
    assert store.content_of_key("k") is None
    store.remember_key("k", "first")
    store.remember_key("k", "second")
    assert store.content_of_key("k") == "first"


def test_only_the_latest_event_of_a_month_waits_and_newer_ones_stay(store: ReceiptStore) -> None:
    store.queue(
        [
            CatalogueUpdate("weather_stats", "2023-12", "one", {"rows": 1}),
            CatalogueUpdate("weather_stats", "2023-11", "one", {}),
        ]
    )
    (first, second) = store.undelivered()
    assert (first.month, second.metadata) == ("2023-11", {"rows": 1})
    store.queue([CatalogueUpdate("weather_stats", "2023-12", "two", {"rows": 2})])
    store.delivered([first, second])
    (left,) = store.undelivered()
    assert (left.ingestion, left.metadata) == ("two", {"rows": 2})
    assert (store.is_undelivered("one"), store.is_undelivered("two")) == (False, True)


def test_two_may_report_the_same_months_at_once_during_a_delivery(store: ReceiptStore) -> None:
    months = [f"2023-{number:02d}" for number in range(1, 13)]

    def tell(ingestion: str, order: list[str]) -> None:
        for _ in range(20):
            store.queue(CatalogueUpdate("raw_observations", month, ingestion, {"of": ingestion}) for month in order)

    def deliver() -> None:
        for _ in range(20):
            store.delivered(store.undelivered())

    at_once(lambda: tell("one", months), lambda: tell("two", months[::-1]), deliver)
    store.queue([CatalogueUpdate("raw_observations", month, "three", {}) for month in months])
    assert [(update.month, update.ingestion) for update in store.undelivered()] == [
        (month, "three") for month in months
    ]


def test_a_broken_constraint_is_not_an_outage(store: ReceiptStore) -> None:
    store.save(receipt(1))
    with pytest.raises(sa.exc.IntegrityError):
        store.save(msgspec.structs.replace(receipt(2), content=receipt(1).content))
