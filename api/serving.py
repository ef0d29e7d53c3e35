"""How the API is served: uvicorn's own settings, from ours."""

import uvicorn
from starlette.types import ASGIApp

from weather_platform.settings import ApiSettings


def server_config(app: ASGIApp, settings: ApiSettings) -> uvicorn.Config:
    """Only the named proxies say whom they ask for and by which scheme; uvicorn's default trusts all of loopback."""
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
