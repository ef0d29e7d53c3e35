"""The address is the state: what is written is read again, and what cannot be read is forgiven."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.state import PAGES, State, href, parse, query

SLUGS = ("nice", "orly", "brest_guipavas", "cap_cepet", "_2a")
DAYS = st.none() | st.dates(date(1996, 1, 1), date(2040, 12, 31))


@st.composite
def states(draw: st.DrawFn) -> State:
    first, last = draw(DAYS), draw(DAYS)
    if first and last and first > last:
        first, last = last, first
    return State(
        page=draw(st.sampled_from(PAGES)),
        cities=tuple(draw(st.lists(st.sampled_from(SLUGS), unique=True))),
        first=first,
        last=last,
        day=draw(DAYS),
        metric=draw(st.sampled_from(["temperature", "pressure", "wind", "rain"])),
        units=draw(st.sampled_from(["metric_km_h", "metric", "imperial"])),
        view=draw(st.sampled_from(["values", "difference"])),
        axis=draw(st.sampled_from(["shared", "own"])),
        heat=draw(st.sampled_from(["hours", "calendar"])),
        years=draw(st.sampled_from(["on", "off"])),
        map=draw(st.sampled_from(["anomaly", "value"])),
        sort=draw(st.sampled_from(["name", "highest", "lowest"])),
        figure=draw(st.sampled_from(["tm.mean", "rr.total", "tn.days_le_0"])),
        span=draw(st.sampled_from(["year", "DJF", "12"])),
        language=draw(st.none() | st.sampled_from(["fr", "en"])),
        scheme=draw(st.none() | st.sampled_from(["light", "dark"])),
    )


@given(states())
def test_every_choice_survives_the_address(state: State) -> None:
    pathname, _, _ = href(state).partition("?")
    assert parse(pathname, query(state)) == state


def test_what_goes_without_saying_is_not_in_the_address() -> None:
    assert href(State()) == "/"
    assert href(State(page="city", cities=("nice", "orly"))) == "/city?city=nice,orly"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("?from=2023-12-31&to=2023-12-01", State(first=date(2023, 12, 1), last=date(2023, 12, 31))),
        ("?from=yesterday&metric=snow&units=&lang=de&theme=pink&nobody=knows", State()),
        ("?city=Saint-Étienne,NICE,,nice", State(cities=("saint_etienne", "nice"))),
        ("?city=a,b,c,d,e,f,g", State(cities=("a", "b", "c", "d", "e", "f"))),
        ("?metric=wind&metric=rain", State(metric="rain")),
    ],
)
def test_an_address_by_hand_is_forgiven(search: str, expected: State) -> None:
    assert parse("/", search) == expected


def test_a_page_that_does_not_exist_has_no_state() -> None:
    assert parse("/nowhere", "") is None


@given(st.text(), st.text())
def test_no_address_is_an_error(pathname: str, search: str) -> None:
    parse(pathname, search)
