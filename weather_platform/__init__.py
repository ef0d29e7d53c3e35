"""A weather data lake on Dagster: SYNOP observations become daily statistics.

In a notebook: ``weather_platform.open().documents("nice", "2023-12")`` (docs/notebook.md).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weather_platform.notebook import Archive

__all__ = ["__version__", "open"]  # `__getattr__` below has the version


def open(home: str | None = None) -> "Archive":  # noqa: A001  # weather_platform.open reads well
    """The data of a home as pandas frames, read-only; default: the settings' home (``WEATHER_HOME``, ``.env``)."""
    from weather_platform.notebook import open_archive

    return open_archive(home)


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # 20 ms, which no command should pay

        return version("weather-platform")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
