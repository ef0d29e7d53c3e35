"""Asking a web server with patience: timeouts, backoff with jitter, waiting out a quota, whole bodies.

What a final answer means (no such file, a refused query) is for the source that asked.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2 as httpx
import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from weather_platform.domain.errors import BadSettings, SourceUnavailable, TooLarge

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

TRY_LATER = "Try again in a few minutes."
_A_YEAR_S = 365 * 86400


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for a server and how often to ask it again; times in seconds.

    Before attempt n+1 it waits a random time up to ``first_backoff_s`` × 2ⁿ⁻¹ and never more than
    ``longest_backoff_s`` (full jitter, so that many workers do not come back together). A server
    that says when to come back is asked then, and given up at once if that is further away than
    ``longest_reset_wait_s``.
    """

    attempts: int = 5
    attempts_to_connect: int = 3
    """Of these, while the host cannot be reached at all: as a rule it is our own network that is down."""
    connect_timeout_s: float = 10
    read_timeout_s: float = 60
    first_backoff_s: float = 1
    longest_backoff_s: float = 30
    longest_reset_wait_s: float = 300
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _utc_now

    def client(self) -> httpx.Client:
        """A client that keeps these timeouts; the caller closes it."""
        return httpx.Client(
            timeout=httpx.Timeout(self.read_timeout_s, connect=self.connect_timeout_s),
            follow_redirects=True,
            headers={"User-Agent": f"weather-platform/{version('weather-platform')}"},
        )


class Interrupted(SourceUnavailable):
    """No answer, or not a whole one: worth asking again within seconds."""

    def __init__(self, cause: str, cure: str = TRY_LATER, *, wait_s: float = 0) -> None:
        super().__init__(cause, cure)
        self.wait_s = wait_s


class OutOfReach(Interrupted):
    """The host is not found, or takes no connection."""


class Refusal(msgspec.Struct):
    """What the body of a refusal may say. Queries are refused with a message, quotas with an error and a reset time."""

    message: str = ""
    error: str = ""
    reset_time: str = ""

    @classmethod
    def of(cls, response: httpx.Response) -> "Refusal":
        """Read the rest of a refused answer; one that is not JSON is its own message, cut to 200 characters."""
        body = response.read()
        try:
            return msgspec.json.decode(body, type=cls)
        except ValueError:  # msgspec.DecodeError and UnicodeDecodeError
            return cls(message=body[:200].decode("utf-8", "replace").strip())

    def __str__(self) -> str:
        return (self.message or self.error or "no reason given").rstrip(".")


def web_address(url: str, meaning: str) -> str:
    """The address without its last slash; BadSettings where it is not an http(s) one."""
    try:
        urlsplit(url)  # refuses an open bracket, which httpx takes for a host's name
        readable = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise BadSettings(f"The address of {meaning}, {url!r}, cannot be read: {error}.", "Correct it.") from error
    if readable.scheme not in ("http", "https") or not readable.host:
        raise BadSettings(f"The address of {meaning} is {url!r}.", "Write it as https://host/….")
    return url.rstrip("/")


def get(
    client: httpx.Client,
    url: str,
    read: Callable[[httpx.Response], Answer],
    patience: Patience,
    *,
    params: Mapping[str, str] | None = None,
    headers: Callable[[], Mapping[str, str]] = dict,
) -> Answer:
    """What `read` makes of the answer to a GET; the response reaches it with its body not yet read.

    `headers` is asked before each attempt: the next one may begin where the last broke off.

    Asks again, as `Patience` says, after a timeout, a dropped connection, a body cut short, 408, 429,
    5xx, or Interrupted raised by `read`. Every other status reaches `read`.
    Raises SourceUnavailable when patience is at its end.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(Interrupted),
        stop=_stop(patience),
        wait=_wait(patience),
        sleep=patience.sleep,
        before_sleep=_say_wait,
        reraise=True,
    )

    def ask() -> Answer:
        try:
            with client.stream("GET", url, params=params, headers=headers()) as response:
                _refuse_busy(response, patience)
                return read(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            why = str(error) or type(error).__name__
            raise OutOfReach(
                f"{httpx.URL(url).host} cannot be reached: {why}.",
                "Check the network and the address, or load from another source.",
            ) from error
        except httpx.RequestError as error:
            why = str(error) or type(error).__name__
            raise Interrupted(f"{httpx.URL(url).host} did not answer, or not completely: {why}.") from error

    return retrying(ask)


def _say_wait(state: RetryCallState) -> None:
    """Whoever waits, at a terminal or over a run's log, is told what for."""
    reason = state.outcome and state.outcome.exception()
    cause = reason.cause if isinstance(reason, Interrupted) else reason
    logger.warning("%s Asking again in %.1f s.", cause, state.upcoming_sleep)


def whole_body(response: httpx.Response, limit_bytes: int) -> bytes:
    """The body, decoded; TooLarge as soon as it passes the limit, whatever length was announced."""
    chunks, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > limit_bytes:
            raise TooLarge(
                f"{response.url.host} sends more than {limit_bytes / 1e6:.0f} MB.",
                "Check the address: this is not a month of observations.",
            )
        chunks.append(chunk)
    return b"".join(chunks)


def unexpected(response: httpx.Response) -> SourceUnavailable:
    """The error for a status that the source has no other meaning for."""
    return SourceUnavailable(
        f"{response.url.host} answered {response.status_code} to {response.url}: {Refusal.of(response)}.",
        "Check the address of the source, or load from another source.",
    )


def _stop(patience: Patience) -> Callable[[RetryCallState], bool]:
    def stop(state: RetryCallState) -> bool:
        unreached = state.outcome is not None and isinstance(state.outcome.exception(), OutOfReach)
        return state.attempt_number >= (patience.attempts_to_connect if unreached else patience.attempts)

    return stop


def _wait(patience: Patience) -> Callable[[RetryCallState], float]:
    backoff_s = wait_random_exponential(multiplier=patience.first_backoff_s, max=patience.longest_backoff_s)

    def wait_s(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told_s = error.wait_s if isinstance(error, Interrupted) else 0
        return told_s + backoff_s(state)

    return wait_s


def _refuse_busy(response: httpx.Response, patience: Patience) -> None:
    status = response.status_code
    if status not in (408, 429) and status < 500:
        return
    refusal, host = Refusal.of(response), response.url.host
    wait_s = _told_wait_s(response, refusal, patience.now())
    if wait_s > patience.longest_reset_wait_s:
        free_again = patience.now() + timedelta(seconds=wait_s)
        raise SourceUnavailable(
            f"{host} answers no more until {free_again:%Y-%m-%d %H:%M:%S} UTC ({status}: {refusal}).",
            "Try again after that, or load from another source.",
        )
    raise Interrupted(f"{host} answered {status}: {refusal}.", wait_s=wait_s)


def _told_wait_s(response: httpx.Response, refusal: Refusal, now: datetime) -> float:
    """Seconds until the server says it will answer, a year at most; 0 where it says nothing that lies ahead."""
    retry_after = response.headers.get("Retry-After", "")
    if retry_after.isdecimal():
        return min(float(retry_after), _A_YEAR_S)
    told = [retry_after]
    # OpenDataSoft sends X-RateLimit-Reset (midnight UTC) with every answer: it means something for a quota only.
    if response.status_code == 429:
        told += [response.headers.get("X-RateLimit-Reset", ""), refusal.reset_time]
    ahead_s = (((_moment(text) or now) - now).total_seconds() for text in told)
    return min(next((seconds for seconds in ahead_s if seconds > 0), 0), _A_YEAR_S)


def _moment(text: str) -> datetime | None:
    """A moment written as epoch seconds, ISO 8601 (UTC unless it says otherwise) or an HTTP date."""
    forms: tuple[Callable[[str], datetime], ...] = (
        lambda epoch_s: datetime.fromtimestamp(float(epoch_s), UTC),
        datetime.fromisoformat,
        parsedate_to_datetime,
    )
    for read in forms:
        with suppress(ValueError, OverflowError, OSError):
            moment = read(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
