"""The OpenDataSoft source against a portal on this machine that answers as the real one is known to."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from weather_platform.domain.errors import BadInput, BadSettings, EmptyMonth, SourceUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.sources.opendatasoft import OpenDataSoftSource
from weather_platform.sources.port import ETALAB
from weather_platform_tests import sample_months
from weather_platform_tests.sources.portal import Portal, export_of, refusal, to_json
from weather_platform_tests.sources.waiting import FIRST_BACKOFF_S, LONGEST_BACKOFF_S, NOW, retry_policy
from weather_platform_tests.sources.web_server import Answer, WebServer, serving

DECEMBER = Month(2023, 12)
RECORDS = [
    {"numer_sta": station, "date": f"{time}:00:00+00:00", "t": 284.95, "nom": name, "rr3": None}
    for time in ("2023-11-30T21", "2023-12-01T00", "2023-12-31T21", "2024-01-01T00")
    for station, name in (("07690", "NICE"), ("07149", "ORLY"), ("07207", "BELLE ÎLE"))
]
OF_DECEMBER = [
    record
    for time in ("2023-12-01T00", "2023-12-31T21")
    for station in ("07149", "07207", "07690")
    for record in RECORDS
    if record["numer_sta"] == station and str(record["date"]).startswith(time)
]
BROKEN_OFF = b"Streaming interrupted due to the following error: shard failure (error_code: InternalError)"


@pytest.fixture
def portal() -> Iterator[WebServer]:
    with serving(Portal(RECORDS).answer) as web:
        yield web


@pytest.fixture
def waited_s() -> list[float]:
    return []


@pytest.fixture
def source(portal: WebServer, waited_s: list[float]) -> OpenDataSoftSource:
    return OpenDataSoftSource(portal.url, retry_policy(waited_s))


def failing(source: OpenDataSoftSource) -> WeatherError:
    """The error that December ends in."""
    with pytest.raises(WeatherError) as raised:
        source.fetch(DECEMBER)
    return raised.value


def test_a_month_has_its_records_from_midnight_to_midnight_in_order(
    source: OpenDataSoftSource, portal: WebServer
) -> None:
    payload = source.fetch(DECEMBER)
    assert payload.body == export_of(OF_DECEMBER)
    assert portal.paths == ["records", "json"]
    of_december = {"where": "date >= date'2023-12-01' AND date < date'2024-01-01'", "timezone": "UTC"}
    assert [request.query for request in portal.requests] == [
        {**of_december, "limit": "0"},
        {**of_december, "order_by": "date,numer_sta"},
    ]
    assert (payload.provenance.source, payload.provenance.licence, payload.provenance.synthetic) == (
        "opendatasoft",
        ETALAB,
        False,
    )
    assert payload.provenance.name.startswith(f"{portal.url}/api/explore/v2.1/catalog/datasets/")


def test_only_the_chosen_stations_are_asked_for(source: OpenDataSoftSource) -> None:
    payload = source.fetch(DECEMBER, ["07690", "07149", "07690"])
    assert payload.body == export_of([record for record in OF_DECEMBER if record["numer_sta"] != "07207"])


@pytest.mark.parametrize("stations", [["7690"], ["07690' OR numer_sta != '"], ["NICE"], [""], []])
def test_an_invalid_station_number_never_reaches_the_portal(
    source: OpenDataSoftSource, portal: WebServer, stations: list[str]
) -> None:
    with pytest.raises(BadInput):
        source.fetch(DECEMBER, stations)
    assert portal.requests == []


def test_an_empty_month_is_said_and_no_export_is_asked_for(source: OpenDataSoftSource, portal: WebServer) -> None:
    with pytest.raises(EmptyMonth, match=r"no observation for 2023-10 of 07690"):
        source.fetch(Month(2023, 10), ["07690"])
    assert portal.paths == ["records"]


@pytest.mark.parametrize(
    ("month", "newest", "notes"),
    [
        (Month(2023, 12), "2023-12-31T21", ()),
        (Month(2023, 12), "2023-12-30T21", ()),
        (
            Month(2023, 12),
            "2023-12-15T09",
            ("2023-12 ends at 2023-12-15 09 UTC in this source; 2023-12-31 21 UTC was due.",),
        ),
        (
            Month(2026, 1),
            "2026-01-15T09",
            (
                (
                    "2026-01 ends at 2026-01-15 09 UTC in this source; 2026-01-31 21 UTC was due. OpenDataSoft's copy "
                    "ends at 2026-01-15 09 UTC: load later months from source meteofrance."
                ),
            ),
        ),
    ],
)
def test_a_month_that_ends_early_is_said(month: Month, newest: str, notes: tuple[str, ...]) -> None:
    record = {"numer_sta": "07690", "date": f"{newest}:00:00+00:00", "t": 284.95}
    later = dataclasses.replace(retry_policy([]), now=lambda: datetime(2026, 9, 2, 12, tzinfo=UTC))
    with serving(Portal([record]).answer) as portal:
        assert OpenDataSoftSource(portal.url, later).fetch(month).notes == notes


def test_a_month_after_the_copys_end_is_empty_and_the_end_is_said(portal: WebServer) -> None:
    with pytest.raises(EmptyMonth) as raised:
        OpenDataSoftSource(portal.url, retry_policy([])).fetch(Month(2026, 2))
    assert raised.value.cure == (
        "OpenDataSoft's copy ends at 2026-01-15 09 UTC: load later months from source meteofrance."
    )


FAULTS = {
    "500": Answer(status=500, body=b'{"message":"oops"}'),
    "502 with a page": Answer(status=502, body=b"<html>Bad gateway \xe9</html>"),
    "503": Answer(status=503),
    "504": Answer(status=504),
    "408": Answer(status=408),
    "429 that says no time": Answer(status=429),
    "a connection dropped at once": Answer(body=b"[{}]", cut_after=0),
    "a body shorter than announced": Answer(body=b'[{"a":1}]', cut_after=5),
    "chunks cut short": Answer(body=b'[{"a":1}]', chunked=True, cut_after=5),
    "a page instead of data": Answer(body=b"<html>maintenance</html>"),
    "bytes that are no text": Answer(body=b'"\xff\xfe'),
    "nothing": Answer(body=b""),
}
EXPORT_FAULTS = {
    "an error text after the 200": Answer(body=export_of(OF_DECEMBER)[:-1] + BROKEN_OFF, chunked=True),
    "an error text alone": Answer(body=BROKEN_OFF, chunked=True),
    "JSON that ends early but in order": Answer(body=export_of(OF_DECEMBER)[:-7], chunked=True),
    "fewer records than there are": Answer(body=export_of(OF_DECEMBER[:-1]), chunked=True),
    "no records at all": Answer(body=b"[]"),
    "an object": Answer(body=b'{"results":[]}'),
}
EVERYWHERE = [("records", name) for name in FAULTS] + [("json", name) for name in FAULTS | EXPORT_FAULTS]


@pytest.mark.parametrize(("path", "fault"), EVERYWHERE)
def test_a_fault_that_passes_costs_one_short_wait(
    source: OpenDataSoftSource, portal: WebServer, waited_s: list[float], path: str, fault: str
) -> None:
    portal.faults[path].append((FAULTS | EXPORT_FAULTS)[fault])
    assert source.fetch(DECEMBER).body == export_of(OF_DECEMBER)
    assert len(portal.requests) == 3
    assert [0 <= wait_s <= FIRST_BACKOFF_S for wait_s in waited_s] == [True]


@pytest.mark.parametrize(("path", "fault"), EVERYWHERE)
def test_a_fault_that_stays_is_an_outage_and_never_data(
    source: OpenDataSoftSource, portal: WebServer, waited_s: list[float], path: str, fault: str
) -> None:
    portal.faults[path].extend([(FAULTS | EXPORT_FAULTS)[fault]] * 4)
    error = failing(source)
    assert isinstance(error, SourceUnavailable)
    assert "127.0.0.1" in error.cause
    assert len(waited_s) == 3
    ceilings_s = (FIRST_BACKOFF_S, 2 * FIRST_BACKOFF_S, LONGEST_BACKOFF_S)
    assert all(0 <= wait_s <= ceiling_s for wait_s, ceiling_s in zip(waited_s, ceilings_s, strict=True))


def test_the_portals_own_words_reach_the_person(source: OpenDataSoftSource, portal: WebServer) -> None:
    portal.faults["json"].extend([EXPORT_FAULTS["an error text after the 200"]] * 4)
    assert BROKEN_OFF.decode() in failing(source).cause


def test_waits_are_spread_at_random(source: OpenDataSoftSource, portal: WebServer, waited_s: list[float]) -> None:
    for _ in range(5):
        portal.faults["records"].append(FAULTS["503"])
        source.fetch(DECEMBER)
    assert len(set(waited_s)) == 5


def test_a_portal_that_hangs_is_left_after_the_read_timeout(portal: WebServer, waited_s: list[float]) -> None:
    hurried = OpenDataSoftSource(portal.url, retry_policy(waited_s, read_timeout_s=0.2))
    portal.faults["json"].append(Answer(hangs=True))
    assert hurried.fetch(DECEMBER).body == export_of(OF_DECEMBER)
    assert portal.paths == ["records", "json", "json"]


def test_a_portal_that_is_not_there_is_an_outage(waited_s: list[float]) -> None:
    with serving(Portal([]).answer) as gone:
        url = gone.url
    assert isinstance(failing(OpenDataSoftSource(url, retry_policy(waited_s))), SourceUnavailable)
    assert len(waited_s) == 2


def quota(reset_in_s: float, how: str) -> Answer:
    """The quota's 429, saying when it resets in one of the forms that portals use."""
    reset = NOW + timedelta(seconds=reset_in_s)
    body = {"errorcode": 10005, "limit_time_unit": "day", "call_limit": 5000, "error": "Too many requests."}
    headers = {
        "seconds": {"Retry-After": f"{reset_in_s:.0f}"},
        "date": {"Retry-After": f"{reset:%a, %d %b %Y %H:%M:%S} GMT"},
        "epoch": {"X-RateLimit-Reset": f"{reset.timestamp():.0f}"},
        "timestamp": {"X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%M:%SZ}"},
        "timestamp without zone": {"X-RateLimit-Reset": f"{reset:%Y-%m-%d %H:%M:%S}"},
    }
    if how == "body":
        body["reset_time"] = f"{reset:%Y-%m-%dT%H:%M:%SZ}"
    return Answer(status=429, headers=headers.get(how, {}), body=to_json(body))


QUOTA_FORMS = ["seconds", "date", "epoch", "timestamp", "timestamp without zone", "body"]


@pytest.mark.parametrize("how", QUOTA_FORMS)
@pytest.mark.parametrize("path", ["records", "json"])
def test_a_quota_that_resets_soon_is_waited_out(
    source: OpenDataSoftSource, portal: WebServer, waited_s: list[float], how: str, path: str
) -> None:
    portal.faults[path].append(quota(120, how))
    assert source.fetch(DECEMBER).body == export_of(OF_DECEMBER)
    assert [120 <= wait_s <= 120 + FIRST_BACKOFF_S for wait_s in waited_s] == [True]


@pytest.mark.parametrize("how", QUOTA_FORMS)
def test_a_quota_that_resets_too_late_fails_at_once_and_says_when(
    source: OpenDataSoftSource, portal: WebServer, waited_s: list[float], how: str
) -> None:
    portal.faults["records"].append(quota(12 * 3600, how))
    error = failing(source)
    assert isinstance(error, SourceUnavailable)
    assert "2024-01-11 00:00:00 UTC" in error.cause
    assert "Too many requests" in error.cause
    assert (waited_s, portal.paths) == ([], ["records"])


@pytest.mark.parametrize("how", ["date", "epoch", "timestamp", "body"])
def test_a_reset_that_lies_behind_tells_nothing(
    source: OpenDataSoftSource, portal: WebServer, waited_s: list[float], how: str
) -> None:
    portal.faults["records"].append(quota(-60, how))
    source.fetch(DECEMBER)
    assert [wait_s <= FIRST_BACKOFF_S for wait_s in waited_s] == [True]


def test_an_outage_is_not_taken_for_a_quota_that_ends_at_midnight(
    source: OpenDataSoftSource, portal: WebServer, waited_s: list[float]
) -> None:
    with_every_answer = quota(12 * 3600, "epoch").headers
    portal.faults["records"].append(Answer(status=503, headers=with_every_answer))
    source.fetch(DECEMBER)
    assert [wait_s <= FIRST_BACKOFF_S for wait_s in waited_s] == [True]


@pytest.mark.parametrize(
    ("answer", "error_type", "said"),
    [
        (
            refusal(400, "ODSQLSyntaxError", "ODSQL syntax exception: unexpected = at position 8 in date = = 3"),
            BadInput,
            "ODSQL syntax exception: unexpected = at position 8 in date = = 3",
        ),
        (refusal(400, "ODSQLError", "Unknown field: numer_sta"), BadInput, "Unknown field: numer_sta"),
        (refusal(404, "NotFoundResource", "Dataset not found."), SourceUnavailable, "Dataset not found."),
        (Answer(status=404, body=b"<html>gone</html>"), SourceUnavailable, "<html>gone</html>"),
        (Answer(status=401), SourceUnavailable, "answered 401"),
        (Answer(status=403, body=b'{"error":"Forbidden"}'), SourceUnavailable, "Forbidden"),
    ],
)
@pytest.mark.parametrize("path", ["records", "json"])
def test_a_refusal_is_told_in_the_portals_words_and_not_asked_again(
    source: OpenDataSoftSource,
    portal: WebServer,
    waited_s: list[float],
    answer: Answer,
    error_type: type[WeatherError],
    said: str,
    path: str,
) -> None:
    portal.faults[path].append(answer)
    error = failing(source)
    assert type(error) is error_type
    assert said in error.cause
    assert waited_s == []
    assert portal.paths[-1] == path


def test_more_records_than_counted_are_what_arrived_in_between(source: OpenDataSoftSource, portal: WebServer) -> None:
    portal.faults["records"].append(Answer(body=b'{"total_count":5,"results":[]}'))
    assert source.fetch(DECEMBER).body == export_of(OF_DECEMBER)


@pytest.mark.parametrize(
    "url", ["public.opendatasoft.com", "ftp://public.opendatasoft.com", "https://", "http://h:x", ""]
)
def test_an_address_that_is_none_is_refused_when_the_source_is_opened(url: str) -> None:
    with pytest.raises(BadSettings, match="OpenDataSoft portal"):
        OpenDataSoftSource(url)


def test_a_whole_december_comes_whole(waited_s: list[float]) -> None:
    records = sample_months.records("2023-12")
    with serving(Portal(records).answer) as web:
        payload = OpenDataSoftSource(web.url, retry_policy(waited_s)).fetch(DECEMBER)
    received = json.loads(payload.body)
    assert len(received) == len(records) > 10_000, "more than one answer of the portal may hold"
    assert received == sorted(records, key=lambda record: (record["date"], record["numer_sta"]))
