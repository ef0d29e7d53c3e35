"""Serves the API: uvicorn's settings, from the platform's."""

import ctypes
import os
import sys

import uvicorn
from starlette.types import ASGIApp

from weather_platform.settings import ApiSettings

_M_ARENA_MAX = -8
_ARENAS = 2


def use_little_memory() -> None:
    """Keep freed memory in few places, before threads start; only glibc spreads it over 8 arenas per core.

    32 slow readers of each format in turn left 502 MB behind, with these settings 365 MB (measured).
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not in musl
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, _ARENAS)


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
