"""Errors that only HTTP has; those of the work itself are in `weather_platform.domain.errors`."""

from weather_platform.domain.errors import WeatherError


class Unsupported(WeatherError):
    """A media type that is not read here."""


class BrokenOff(WeatherError):
    """A body that ends before it should."""


class Conflict(WeatherError):
    """An idempotency key that was used for other files."""


class Denied(WeatherError):
    """A caller without the right key (401), or one that may not be trusted with this (403)."""

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
    """As many downloads run as are allowed at once."""


class OutsideBody(WeatherError):
    """A range that the body does not have."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The file has {size_bytes:,} bytes.", "Ask for a range within them.")
        self.size_bytes = size_bytes
