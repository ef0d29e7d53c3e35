"""What the sources' errors and waits rest on: addresses, limits, and the many ways to write a moment."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weather_platform.domain.errors import SourceUnavailable, TooLarge
from weather_platform.sources.transport import ErrorBody, _told_wait_s, get, web_address, whole_body
from weather_platform_tests.servers.process import free_port
from weather_platform_tests.sources.waiting import NOW, retry_policy

A_YEAR_S = 365 * 86400


def told_wait_s(status: int, headers: dict[bytes, bytes], reset_time: str = "") -> float:
    return _told_wait_s(httpx.Response(status, headers=headers), ErrorBody(reset_time=reset_time), NOW)


@given(header=st.binary(max_size=30), body=st.text(max_size=30), status=st.sampled_from([429, 503]))
def test_any_announced_wait_is_between_nothing_and_a_year(header: bytes, body: str, status: int) -> None:
    wait_s = told_wait_s(status, {b"Retry-After": header, b"X-RateLimit-Reset": header}, body)
    assert 0 <= wait_s <= A_YEAR_S


@pytest.mark.parametrize("text", ["9" * 400, "1e400", "inf", "nan", "-1", "9999-12-31T23:59:59.999999Z"])
def test_an_absurd_reset_is_bounded(text: str) -> None:
    assert 0 <= told_wait_s(429, {b"Retry-After": text.encode()}) <= A_YEAR_S


@given(moment=st.datetimes(NOW.replace(tzinfo=None), datetime(2024, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_epoch_and_timestamp_of_one_moment_mean_the_same_wait(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    forms = [f"{whole.timestamp():.0f}", whole.isoformat(), f"{whole:%Y-%m-%dT%H:%M:%SZ}"]
    assert {told_wait_s(429, {b"X-RateLimit-Reset": form.encode()}) for form in forms} == {
        max((whole - NOW).total_seconds(), 0)
    }


def test_a_timestamp_without_a_zone_is_utc_wherever_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert told_wait_s(429, {b"X-RateLimit-Reset": b"2024-01-10 12:02:00"}) == 120
    finally:
        monkeypatch.undo()
        time.tzset()


def test_retry_after_counts_before_the_reset_of_the_day() -> None:
    assert told_wait_s(429, {b"Retry-After": b"7", b"X-RateLimit-Reset": b"2024-01-11T00:00:00Z"}) == 7


def test_a_body_past_the_limit_is_too_large_before_it_is_read_to_its_end() -> None:
    sent: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(100):
            sent.append(number)
            yield b"x" * 1000

    response = httpx.Response(200, content=chunks(), request=httpx.Request("GET", "https://portal"))
    with pytest.raises(TooLarge):
        whole_body(response, 2500)
    assert sent == [0, 1, 2]


def test_a_body_of_exactly_the_limit_is_whole() -> None:
    assert whole_body(httpx.Response(200, content=b"x" * 2500), 2500) == b"x" * 2500


def test_an_address_loses_its_last_slash() -> None:
    assert web_address("https://portal/path/", "the archive") == "https://portal/path"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error_code":"ODSQLError","message":"Unknown field."}', "Unknown field"),
        (b'{"errorcode":10002,"error":"Too many requests."}', "Too many requests"),
        (b"", "no reason given"),
        (b'{"message":17}', '{"message":17}'),
        (b"<html>" + b"x" * 500, "<html>" + "x" * 194),
    ],
)
def test_an_error_body_is_read_in_any_form(body: bytes, said: str) -> None:
    assert str(ErrorBody.of(httpx.Response(400, content=body))) == said


def test_every_wait_is_told_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    waited_s: list[float] = []
    asked = retry_policy(waited_s)
    with asked.client() as client, pytest.raises(SourceUnavailable):
        get(client, f"http://127.0.0.1:{free_port()}/", httpx.Response.read, asked)
    told = [each.getMessage() for each in caplog.records if each.name == "weather_platform.sources.transport"]
    assert told == [  # servers of earlier tests may still say something
        f"127.0.0.1 cannot be reached: [Errno 111] Connection refused. Asking again in {wait_s:.1f} s."
        for wait_s in waited_s
    ]
    assert len(waited_s) == asked.attempts_to_connect - 1 == 2


def test_a_host_that_is_out_of_reach_is_said_with_what_to_check() -> None:
    """Sooner than after all attempts: without a network, waiting does not help."""
    asked = retry_policy([])
    assert asked.attempts_to_connect < asked.attempts
    with asked.client() as client, pytest.raises(SourceUnavailable) as raised:
        get(client, "http://no-such-host.invalid/", httpx.Response.read, asked)
    assert raised.value.cause.startswith("no-such-host.invalid cannot be reached: ")
    assert raised.value.cure == "Check the network and the address, or load from another source."
