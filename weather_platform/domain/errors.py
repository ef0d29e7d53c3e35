"""Errors shown to users: each has a cause, a cure, and whether a retry can help."""

from typing import ClassVar


class WeatherError(Exception):
    """A cause and a cure, one sentence each; shown to people without a traceback."""

    transient: ClassVar[bool] = False
    """True if the same call may succeed later (an outage), else False."""

    def __init__(self, cause: str, cure: str) -> None:
        super().__init__(f"{cause} {cure}")
        self.cause = cause
        self.cure = cure


class BadSettings(WeatherError):
    """An invalid setting, or one that contradicts another."""


class BadInput(WeatherError):
    """A file or argument that cannot be read."""


class BadArgument(BadInput):
    """A text that is not a valid month, day or period."""


class NoObservations(BadInput):
    """A file without observations."""


class TooLarge(BadInput):
    """A file larger than the limit, packed or unpacked."""


class UnknownCity(WeatherError):
    """A city, slug or WMO station number that matches no station."""


class NotFound(WeatherError):
    """An object, document or ingestion that is not stored."""


class EmptyMonth(WeatherError):
    """The source answered, but has no observation of the month."""


class SourceUnavailable(WeatherError):
    """The source did not answer, or its answer was incomplete."""

    transient = True


class StoreUnavailable(WeatherError):
    """A store (raw, staging or curated) that is down or cannot write."""

    transient = True


class StoreFull(StoreUnavailable):
    """A store, or this machine, without space on its disk."""


class StoreBusy(StoreUnavailable):
    """A store without a free connection."""


class NothingStored(StoreUnavailable):
    """A store that was never written."""


class StoreRefused(StoreUnavailable):
    """A store that denies access (keys, rights), or does not match the settings."""

    transient = False


class Overtaken(WeatherError):
    """The input changed before the result was written; computing it again at once helps."""

    transient = True


class CannotServe(WeatherError):
    """A process cannot start: its port or home is in use, or it ended before it was ready."""
