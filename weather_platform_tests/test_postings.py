"""Records split into files, columns and postings in any way and order end in one state of the stores."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from weather_platform import postings
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, Provenance, Withdrawal
from weather_platform.intake import receive
from weather_platform.pipeline import Stores, curate_month, stage_month
from weather_platform_tests import layers
from weather_platform_tests.observations import NICE

MONTH = Month(2023, 12)
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)
WHY = Withdrawal(at=NOON, by="a test", reason="to see what is left")
Record = dict[str, Any]


@pytest.fixture(params=["embedded", "mariadb", "mysql"], scope="module")
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    folder: Path = tmp_path_factory.mktemp("postings")
    if request.param == "embedded":
        with layers.opened(layers.embedded(folder)) as opened:
            yield opened
    else:
        with layers.on_servers(request, folder, request.param) as environment, layers.opened(environment) as opened:
            yield opened


def post(stores: Stores, number: int, records: Sequence[Record]) -> None:
    origin = Provenance(source="upload", name=f"{number}.json", licence=ETALAB)
    body = json.dumps(list(records)).encode()
    received = NOON + timedelta(minutes=number)
    receive(stores.raw, body, origin, Partitions(Month(2010, 1)), received, posting=f"p-{number}")


def figures(stores: Stores) -> Any:
    """Rows and documents without what tells their origin."""
    stage_month(stores, MONTH)
    curate_month(stores, MONTH)
    held = layers.state(stores)
    origin = -2  # the raw object, before tc
    rows = {station: [row[:origin] for row in rows] for station, rows in held["rows"].items()}
    return rows, {key: (doc["metrics"], doc["observations"]) for key, doc in held["documents"].items()}


def empty(stores: Stores) -> None:
    for blob in list(stores.raw.blobs.list()):
        stores.raw.blobs.delete(blob.key)


def at(hour: int, **values: float | None) -> Record:
    return {"numer_sta": NICE, "date": f"2023-12-01T{hour:02}:00:00Z", **values}


_values = st.fixed_dictionaries(
    {},
    optional={
        "t": st.sampled_from([280, 281.5]),
        "pmer": st.sampled_from([101000, 101500]),
        "rr3": st.sampled_from([-0.1, 2]),
        "n": st.sampled_from([50, 101]),
    },
)
_of_different_hours = st.dictionaries(st.sampled_from([0, 3, 6, 9]), _values, min_size=1)
_some_postings = st.lists(
    st.lists(
        st.builds(lambda hour, values: at(hour, **values), st.sampled_from([0, 3]), _values), min_size=1, max_size=3
    ),
    min_size=1,
    max_size=4,
)
_quick = settings(
    deadline=None,
    max_examples=8,
    phases=[Phase.reuse, Phase.generate],  # a smaller example takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@_quick
@given(_of_different_hours, st.data())
def test_any_split_into_files_and_columns_ends_in_one_state(
    stores: Stores, hours: dict[int, dict[str, float]], data: st.DataObject
) -> None:
    empty(stores)
    post(stores, 0, [at(hour, **values) for hour, values in hours.items()])
    whole = figures(stores)
    empty(stores)
    pieces = [at(hour, **{name: value}) for hour, values in hours.items() for name, value in values.items()]
    pieces += [at(hour, t=None) for hour in hours]
    shuffled = data.draw(st.permutations(pieces))
    shuffled += data.draw(st.lists(st.sampled_from(pieces), max_size=3))
    size = data.draw(st.integers(1, 4))
    for number, start in enumerate(range(0, len(shuffled), size)):
        post(stores, number, shuffled[start : start + size])
    assert figures(stores) == whole


@_quick
@given(_some_postings, st.data())
def test_withdrawing_undoes_exactly_one_posting(stores: Stores, files: list[list[Record]], data: st.DataObject) -> None:
    """As if it had never been, and restoring as if it had never been withdrawn; the same bytes may come twice."""
    files = [*files, data.draw(st.sampled_from(files))]
    withdrawn = data.draw(st.integers(0, len(files) - 1))
    empty(stores)
    for number, records in enumerate(files):
        if number != withdrawn:
            post(stores, number, records)
    without = figures(stores)
    empty(stores)
    for number, records in enumerate(files):
        post(stores, number, records)
    everything = figures(stores)
    assert postings.withdraw(stores, f"p-{withdrawn}", WHY) == [str(MONTH)]
    assert figures(stores) == without
    postings.restore(stores, f"p-{withdrawn}")
    assert figures(stores) == everything


@_quick
@given(_some_postings)
def test_the_order_of_postings_decides_field_by_field(stores: Stores, files: list[list[Record]]) -> None:
    empty(stores)
    newest: dict[int, Record] = {}
    for number, records in enumerate(files):
        post(stores, number, records)
        for record in records:
            newest.setdefault(int(record["date"][11:13]), {}).update(record)
    rows, _ = figures(stores)
    empty(stores)
    post(stores, 0, list(newest.values()))
    assert figures(stores)[0] == rows
