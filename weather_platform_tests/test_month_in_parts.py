"""A month in parts ends as a month made at once, in every layer, also if it is killed between them."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain import parts
from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, Provenance, RawObject, Withdrawal
from weather_platform.domain.record_files import RecordFile, cut
from weather_platform.domain.staging import Staged, stage
from weather_platform.intake import receive
from weather_platform.month_in_parts import MonthInParts
from weather_platform.pipeline import Stores, curate_month, stage_month
from weather_platform.storage.flags import FlagStore
from weather_platform.storage.loading import Loader
from weather_platform_tests import layers, sample_months
from weather_platform_tests.domain.broken import anything, record
from weather_platform_tests.real_months import raw_object

DECEMBER = Month(2023, 12)
STATIONS = ("07005", "07015", "07690", "61968", "61972", "71805", "78890", "89642")
_EARLY = datetime(2024, 2, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "STATIONS_AT_ONCE", 1)
    monkeypatch.setattr(parts, "RECORDS_AT_ONCE", 1)


_reports = st.builds(
    lambda hour, number, values: record(numer_sta=number, date=f"2023-12-01T{hour:02}:00:00Z", **values),
    st.sampled_from([0, 3]),
    st.sampled_from(["07690", "07149", "61998", "99999"]),
    st.dictionaries(st.sampled_from(["t", "u", "rr3", "nom"]), st.sampled_from([None, 1, 50, 280])),
)
_files = st.lists(_reports, min_size=1, max_size=8).map(lambda records: b"[" + b",".join(records) + b"]")


def _objects(bodies: list[tuple[bytes, bool]]) -> list[tuple[RawObject, RecordFile]]:
    found: list[tuple[RawObject, RecordFile]] = []
    for body, synthetic in bodies:
        try:
            found.append((raw_object(name=f"{len(found):016x}", synthetic=synthetic), cut(body)))
        except BadInput:
            continue
    return found


@settings(deadline=None)
@given(st.lists(st.tuples(_files | anything, st.booleans()), max_size=4))
def test_the_parts_of_a_month_together_are_the_month(bodies: list[tuple[bytes, bool]]) -> None:
    objects = _objects(bodies)
    whole, in_parts = stage(objects), MonthInParts(objects)
    assert in_parts.objects == whole.objects
    assert _together(in_parts) == _together(whole)
    assert _together(in_parts) == _together(whole), "again, as after a deadlock"


def _together(staged: Staged) -> dict[str, Any]:
    found = list(staged.parts())
    return {
        "rows": {station: rows for part in found for station, rows in part.rows.items()},
        "stations": {station: described for part in found for station, described in part.stations.items()},
        "quarantine": [each for part in found for each in part.quarantine],
        "field_sources": {station: of for part in found for station, of in part.field_sources.items()},
        "counts": {obj.name: RecordCounts.total(part.counts[obj.name] for part in found) for obj in staged.objects},
    }


def _post(stores: Stores, stations: tuple[str, ...], received: datetime = _EARLY) -> None:
    body = sample_months.archive("2023-12", stations)
    receive(stores.raw, body, Provenance(source="upload", name="a", licence=ETALAB), Partitions(DECEMBER), received)


def _make(stores: Stores) -> None:
    stage_month(stores, DECEMBER)
    curate_month(stores, DECEMBER)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> layers.State:
    """What the month is when it is made at once."""
    with layers.opened(layers.embedded(tmp_path_factory.mktemp("at_once"))) as stores:
        _post(stores, STATIONS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parts, "STATIONS_AT_ONCE", 300)
            patch.setattr(parts, "RECORDS_AT_ONCE", 60_000)
            _make(stores)
        return layers.state(stores)


@pytest.fixture(params=["embedded", "on servers"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[layers.Environment]:
    if request.param == "embedded":
        yield layers.embedded(tmp_path)
    else:
        with layers.on_servers(request, tmp_path) as variables:
            yield variables


def test_a_month_in_parts_is_stored_as_one_made_at_once(environment: layers.Environment, at_once: layers.State) -> None:
    with layers.opened(environment) as stores:
        _post(stores, STATIONS)
        _make(stores)
        assert layers.state(stores) == at_once
        changed = stores.curated.last_change(), stores.curated.revision(), stores.monthly.revision()
        _make(stores)
        assert (stores.curated.last_change(), stores.curated.revision(), stores.monthly.revision()) == changed
        assert layers.state(stores) == at_once


def test_stations_that_a_month_no_longer_has_go_from_every_layer(tmp_path: Path) -> None:
    with layers.opened(layers.embedded(tmp_path)) as stores:
        _post(stores, STATIONS)
        _make(stores)
        (first,) = stores.raw.objects(str(DECEMBER))
        _post(stores, STATIONS[::2], _EARLY + timedelta(hours=1))
        stores.raw.withdraw(str(DECEMBER), first.name, first.posting, Withdrawal(at=_EARLY, by="me", reason="wrong"))
        _make(stores)
        found = {document.station_id for document in stores.curated.find()}
        assert found == set(STATIONS[::2]) == {sheet.station_id for sheet in stores.monthly.find()}
        assert {each.station.station_id for each in stores.staging.coverage()} == found


_STEPS: dict[str, tuple[Any, str, int]] = {
    "between the files of staging": (MonthInParts, "_records_of", 3),
    "in the transaction of staging": (Loader, "load", 3),
    "between parts of the documents": ("curated", "replace", 3),
    "between parts of the sheets": ("monthly", "replace", 3),
    "before the flags": (FlagStore, "replace", 1),
}
"""Whose nth call kills the process."""


@pytest.mark.parametrize(
    ("step", "environment"),
    [
        ("between the files of staging", "embedded"),
        ("in the transaction of staging", "on servers"),
        ("between parts of the documents", "on servers"),
        ("between parts of the sheets", "on servers"),
        ("before the flags", "embedded"),
    ],
    indirect=["environment"],
)
def test_the_next_run_finishes_what_a_killed_one_began(
    step: str, environment: layers.Environment, at_once: layers.State
) -> None:
    """A reader meanwhile sees each station's month as it was or as it is, and that the month is not finished."""
    with layers.opened(environment) as stores:
        _post(stores, STATIONS)
        run = get_context("spawn").Process(target=_killed, args=(step, environment))
        run.start()
        run.join()
        assert run.exitcode == -signal.SIGKILL
        met = layers.state(stores)
        assert met["rows"] in ({}, at_once["rows"])
        _assert_whole_stations(met, at_once)
        assert stores.staging.outdated_months() == ([DECEMBER] if met["rows"] else [])
        _make(stores)
        assert layers.state(stores) == at_once
        assert stores.staging.outdated_months() == []


def _assert_whole_stations(met: layers.State, at_once: layers.State) -> None:
    for layer in ("documents", "sheets"):
        of = {key.partition(":")[0] for key in met[layer]}
        assert met[layer] == {key: each for key, each in at_once[layer].items() if key.partition(":")[0] in of}


def _killed(step: str, environment: layers.Environment) -> None:
    """In a process of its own, which dies before the nth call of a step."""
    parts.STATIONS_AT_ONCE = parts.RECORDS_AT_ONCE = 1
    with layers.opened(environment) as stores:
        owner, name, call = _STEPS[step]
        holder = getattr(stores, owner) if isinstance(owner, str) else owner
        setattr(holder, name, _dies_at(call, getattr(holder, name)))
        _make(stores)


def _dies_at(call: int, work: Callable[..., Any]) -> Callable[..., Any]:
    calls = iter(range(1, 1_000))

    def counted(*args: Any, **options: Any) -> Any:
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(*args, **options)

    return counted
