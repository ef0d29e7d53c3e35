"""The sources by name; each is imported only when it is opened (httpx, numpy)."""

from typing import TYPE_CHECKING

from weather_platform.domain.errors import BadInput
from weather_platform.settings import SOURCES, Settings
from weather_platform.sources.port import Source

if TYPE_CHECKING:
    from weather_platform.sources.transport import RetryPolicy


def open_source(settings: Settings, name: str | None = None, retry_policy: "RetryPolicy | None" = None) -> Source:
    """The source of that name; default: the settings' source. BadInput for an unknown name.

    ``retry_policy`` sets timeouts and retries of a source with a server.
    """
    match name or settings.source:
        case "opendatasoft":
            from weather_platform.sources.opendatasoft import OpenDataSoftSource

            return OpenDataSoftSource(settings.opendatasoft_url, retry_policy)
        case "meteofrance":
            from weather_platform.sources.meteofrance import MeteoFranceSource

            return MeteoFranceSource(settings.archive_url, settings.home / "cache", retry_policy)
        case "sample":
            from weather_platform.sources.sample import SampleSource

            return SampleSource()
        case unknown:
            raise BadInput(f"{unknown!r} is not a source.", f"Choose one of {', '.join(SOURCES)}.")
