"""The sources by their names; what a source imports (httpx, numpy) is imported by who opens it."""

from weather_platform.domain.errors import BadInput
from weather_platform.settings import SOURCES, Settings
from weather_platform.sources.port import Source


def open_source(settings: Settings, name: str | None = None) -> Source:
    """The source of that name, or the one that the settings choose; BadInput for a name that is none of them."""
    match name or settings.source:
        case "opendatasoft":
            from weather_platform.sources.opendatasoft import OpenDataSoftSource

            return OpenDataSoftSource(settings.opendatasoft_url)
        case "meteofrance":
            from weather_platform.sources.meteofrance import MeteoFranceSource

            return MeteoFranceSource(settings.archive_url, settings.home / "cache")
        case "sample":
            from weather_platform.sources.sample import SampleSource

            return SampleSource()
        case unknown:
            raise BadInput(f"{unknown!r} is no source.", f"Choose one of {', '.join(SOURCES)}.")
