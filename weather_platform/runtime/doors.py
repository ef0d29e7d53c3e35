"""The API as a service of `weather up`: a command, as nothing in this package may import it."""

import sys

from weather_platform.runtime.service import Service, answers_http
from weather_platform.settings import Settings


def doors(settings: Settings) -> list[Service]:
    """What people and scripts come in by, besides Dagster's UI."""
    api = Service(
        name="api",
        command=[sys.executable, "-m", "api"],
        port=settings.api.port,
        port_setting="WEATHER_API_PORT",
        is_ready=answers_http(settings.api.port, "/livez"),
        holds_code=True,
    )
    return [api]
