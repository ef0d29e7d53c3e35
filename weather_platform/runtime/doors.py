"""The API and the site as services of `weather up`: commands, as nothing in this package may import them."""

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
    site = Service(
        name="site",
        command=[
            *(sys.executable, "-m", "gunicorn", "--bind", f"{settings.site.host}:{settings.site.port}"),
            *("--threads", "4", "--log-level", "warning", "dash_app.app:server()"),
        ],
        port=settings.site.port,
        port_setting="WEATHER_SITE_PORT",
        is_ready=answers_http(settings.site.port, "/health"),
        holds_code=True,
    )
    return [api, site]
