"""Serves the API: uvicorn's settings, from the platform's."""

import uvicorn
from starlette.types import ASGIApp

from weather_platform.settings import ApiSettings


def server_config(app: ASGIApp, settings: ApiSettings) -> uvicorn.Config:
    """Only the configured proxies may name the client and the scheme; uvicorn's default trusts all of loopback."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        root_path=settings.root_path,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        log_config=None,
        access_log=False,
    )
