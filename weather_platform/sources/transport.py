"""HTTP requests with timeouts, retries with backoff and jitter, waiting for quotas, and checks for complete bodies.

The calling source interprets final answers (a missing file, a refused query).
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
class RetryPolicy:
    """Timeouts and retries for a server; times in seconds.

    Before attempt n+1 it waits a random time up to ``first_backoff_s`` × 2ⁿ⁻¹ and never more than
    ``longest_backoff_s`` (full jitter, so that many workers do not retry together). A server that
    says when to retry is asked then; if that is later than ``longest_reset_wait_s``, it is given
    up at once.
    """

    attempts: int = 5
    attempts_to_connect: int = 3
    """Attempts while the host cannot be reached at all: usually our own network is down."""
    connect_timeout_s: float = 10
    read_timeout_s: float = 60
    first_backoff_s: float = 1
    longest_backoff_s: float = 30
    longest_reset_wait_s: float = 300
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _utc_now

    def client(self) -> httpx.Client:
        """A client with these timeouts; the caller closes it."""
        return httpx.Client(
            timeout=httpx.Timeout(self.read_timeout_s, connect=self.connect_timeout_s),
            follow_redirects=True,
            headers={"User-Agent": f"weather-platform/{version('weather-platform')}"},
        )


class Interrupted(SourceUnavailable):
    """No answer, or an incomplete one; retried within seconds."""

    def __init__(self, cause: str, cure: str = TRY_LATER, *, wait_s: float = 0) -> None:
        super().__init__(cause, cure)
        self.wait_s = wait_s


class OutOfReach(Interrupted):
    """The host is unknown or accepts no connection."""


class ErrorBody(msgspec.Struct):
    """Body of an HTTP error: refused queries have a message, exceeded quotas an error and a reset time."""

    message: str = ""
    error: str = ""
    reset_time: str = ""

    @classmethod
    def of(cls, response: httpx.Response) -> "ErrorBody":
        """Read an error body; text other than JSON becomes the message, cut to 200 characters."""
        body = response.read()
        try:
            return msgspec.json.decode(body, type=cls)
        except ValueError:  # msgspec.DecodeError and UnicodeDecodeError
            return cls(message=body[:200].decode("utf-8", "replace").strip())

    def __str__(self) -> str:
        return (self.message or self.error or "no reason given").rstrip(".")


def web_address(url: str, meaning: str) -> str:
    """The address without its last slash; BadSettings unless it is http(s)."""
    try:
        urlsplit(url)  # refuses an unclosed bracket, which httpx accepts as a host name
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
    retry_policy: RetryPolicy,
    *,
    params: Mapping[str, str] | None = None,
    headers: Callable[[], Mapping[str, str]] = dict,
) -> Answer:
    """Send a GET and return the result of `read`, which gets the response before its body is read.

    `headers` is called before each attempt, so the next one can resume where the last broke off.

    Retries, as set by `RetryPolicy`, after a timeout, a dropped connection, a truncated body, 408, 429,
    5xx, or Interrupted raised by `read`. Every other status reaches `read`.
    Raises SourceUnavailable after the last attempt.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(Interrupted),
        stop=_stop(retry_policy),
        wait=_wait(retry_policy),
        sleep=retry_policy.sleep,
        before_sleep=_say_wait,
        reraise=True,
    )

    def ask() -> Answer:
        try:
            with client.stream("GET", url, params=params, headers=headers()) as response:
                _refuse_busy(response, retry_policy)
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
    """Log the cause and the delay of each retry."""
    reason = state.outcome and state.outcome.exception()
    cause = reason.cause if isinstance(reason, Interrupted) else reason
    logger.warning("%s Asking again in %.1f s.", cause, state.upcoming_sleep)


def whole_body(response: httpx.Response, limit_bytes: int) -> bytes:
    """The body, decoded; TooLarge once it exceeds the limit, even if a smaller length was announced."""
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
    """The error for a status without a special meaning to the source."""
    return SourceUnavailable(
        f"{response.url.host} answered {response.status_code} to {response.url}: {ErrorBody.of(response)}.",
        "Check the address of the source, or load from another source.",
    )


def _stop(retry_policy: RetryPolicy) -> Callable[[RetryCallState], bool]:
    def stop(state: RetryCallState) -> bool:
        unreached = state.outcome is not None and isinstance(state.outcome.exception(), OutOfReach)
        return state.attempt_number >= (retry_policy.attempts_to_connect if unreached else retry_policy.attempts)

    return stop


def _wait(retry_policy: RetryPolicy) -> Callable[[RetryCallState], float]:
    backoff_s = wait_random_exponential(multiplier=retry_policy.first_backoff_s, max=retry_policy.longest_backoff_s)

    def wait_s(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told_s = error.wait_s if isinstance(error, Interrupted) else 0
        return told_s + backoff_s(state)

    return wait_s


def _refuse_busy(response: httpx.Response, retry_policy: RetryPolicy) -> None:
    status = response.status_code
    if status not in (408, 429) and status < 500:
        return
    error_body, host = ErrorBody.of(response), response.url.host
    wait_s = _told_wait_s(response, error_body, retry_policy.now())
    if wait_s > retry_policy.longest_reset_wait_s:
        free_again = retry_policy.now() + timedelta(seconds=wait_s)
        raise SourceUnavailable(
            f"{host} answers no more until {free_again:%Y-%m-%d %H:%M:%S} UTC ({status}: {error_body}).",
            "Try again after that, or load from another source.",
        )
    raise Interrupted(f"{host} answered {status}: {error_body}.", wait_s=wait_s)


def _told_wait_s(response: httpx.Response, error_body: ErrorBody, now: datetime) -> float:
    """Seconds until the time the server names, at most a year; 0 without a time in the future."""
    retry_after = response.headers.get("Retry-After", "")
    if retry_after.isdecimal():
        return min(float(retry_after), _A_YEAR_S)
    told = [retry_after]
    # OpenDataSoft sends X-RateLimit-Reset (midnight UTC) with every answer; it matters only for exceeded quotas.
    if response.status_code == 429:
        told += [response.headers.get("X-RateLimit-Reset", ""), error_body.reset_time]
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
