"""Errors specific to HTTP; all others are in `weather_platform.domain.errors`."""

from weather_platform.domain.errors import WeatherError


class Unsupported(WeatherError):
    """An unsupported media type."""


class BrokenOff(WeatherError):
    """A truncated body."""


class Conflict(WeatherError):
    """An idempotency key that was used for other files."""


class Denied(WeatherError):
    """A caller without a valid key (401), or without the right to do this (403)."""

    def __init__(self, cause: str, cure: str, status: int = 401) -> None:
        super().__init__(cause, cure)
        self.status = status


class TooOften(WeatherError):
    """More requests than the limit allows."""

    def __init__(self, cause: str, cure: str, retry_after_s: int) -> None:
        super().__init__(cause, cure)
        self.retry_after_s = retry_after_s


class NotAcceptable(WeatherError):
    """None of the media types that the caller accepts."""


class TooBusy(WeatherError):
    """The limit of concurrent downloads is reached."""


class NoAnswer(WeatherError):
    """A store, or Dagster, that says nothing."""


class OutsideBody(WeatherError):
    """A range outside the body."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The file has {size_bytes:,} bytes.", "Ask for a range within them.")
        self.size_bytes = size_bytes


class CursorGone(WeatherError):
    """A place in the changes that this store never gave, or no longer has."""
