"""The errors a person may meet: each says the cause and the cure, and whether trying again can help."""

from typing import ClassVar


class WeatherError(Exception):
    """A cause and a cure, one sentence each; shown to people without a traceback."""

    transient: ClassVar[bool] = False
    """True where the same call may succeed later (an outage), False where it never will."""

    def __init__(self, cause: str, cure: str) -> None:
        super().__init__(f"{cause} {cure}")
        self.cause = cause
        self.cure = cure


class BadSettings(WeatherError):
    """A setting that cannot be read, or that contradicts another."""


class BadInput(WeatherError):
    """A file or argument in which nothing can be read."""


class BadArgument(BadInput):
    """A text that a person wrote for a month, a day or a period, and that is none."""


class NoObservations(BadInput):
    """A file of which nothing looks like observations."""


class TooLarge(BadInput):
    """A file that is, or unpacks to, more than the limit."""


class UnknownCity(WeatherError):
    """A city, slug or WMO station number that matches no station."""


class NotFound(WeatherError):
    """An object, document or ingestion that is not stored."""


class EmptyMonth(WeatherError):
    """The source answered, and has no observation for the month."""


class SourceUnavailable(WeatherError):
    """The source did not answer, or not completely."""

    transient = True


class StoreUnavailable(WeatherError):
    """A store (raw, staging or curated) that is down or full."""

    transient = True


class NothingStored(StoreUnavailable):
    """A store that nobody has written to yet."""


class StoreRefused(StoreUnavailable):
    """A store that does not let us in (keys, rights), or is not what the settings say it is."""

    transient = False


class Overtaken(WeatherError):
    """What something was made of has changed before it was written: made again at once, it is right."""

    transient = True


class CannotServe(WeatherError):
    """A process of the platform that cannot start: its port or home is taken, or it ended before it was ready."""
