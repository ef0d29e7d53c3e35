"""Access: keys, the local default and rate limits."""

import hmac
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from starlette.requests import Request

from api.errors import Denied
from api.rates import RateLimit, SharedCounts
from weather_platform.domain.errors import BadSettings
from weather_platform.settings import LOOPBACK_HOSTS, PLACEHOLDERS, ApiSettings, Settings, hashed_key

_ORNAMENT = re.compile(r"[\W\d_]+")
"""What adorns a word and makes no secret of it."""
_WRONG_KEYS_PER_MINUTE = 20
"""Failed attempts per address. A valid key is still accepted: callers may share an address, and keys are 256 bits."""


class Caller(NamedTuple):
    """The name of a key, or an address."""

    name: str
    has_key: bool


class Guard:
    """Keys, the local default, and limits on the rate."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        shared = SharedCounts(settings.limits_url) if settings.limits_url else None
        # In the local default the only caller is the person at the keyboard.
        self._writes = RateLimit(0 if settings.is_local else settings.writes_per_minute, "writes", shared)
        self._reads = RateLimit(0 if settings.is_local else settings.reads_per_minute, "reads", shared)
        self._wrong_keys = RateLimit(_WRONG_KEYS_PER_MINUTE, "wrong keys", shared)

    def admit_writer(self, request: Request) -> Caller:
        """The writer; Denied without a key, except in the local default."""
        caller = self._caller(request)
        if not caller.has_key:
            if not self._settings.is_local:
                raise Denied("Writing needs an API key.", "Send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`.")
            self._check_local(request)
        self._writes.take(caller.name)
        return caller

    def admit_reader(self, request: Request) -> Caller:
        """The reader; Denied if reading needs a key and none is sent."""
        caller = self._caller(request)
        if self._settings.reading_needs_key and not caller.has_key:
            raise Denied(
                "Reading needs an API key here.", "Send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`."
            )
        self._reads.take(caller.name)
        return caller

    def _caller(self, request: Request) -> Caller:
        """The owner of the key; of two keys in two headers both must be valid."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        offered = [request.headers.get("x-api-key", ""), bearer.strip() if scheme.lower() == "bearer" else ""]
        address = request.client.host if request.client else "unknown"
        callers = [self._owner(key, address) for key in offered if key]
        return callers[0] if callers else Caller(address, has_key=False)

    def _owner(self, key: str, address: str) -> Caller:
        offered = hashed_key(key)
        for known in self._settings.keys:
            if hmac.compare_digest(known.sha256, offered):
                return Caller(known.name, has_key=True)
        self._wrong_keys.take(address)
        raise Denied("This API key is not known here.", "Check the key, or have the operator make one.")

    def _check_local(self, request: Request) -> None:
        """Without keys, only this machine may write, and no web page in its browser."""
        client = request.client.host if request.client else ""
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        if client not in LOOPBACK_HOSTS or host not in LOOPBACK_HOSTS:
            raise Denied("Without API keys, only this machine may write.", "Set WEATHER_API_KEYS.", 403)
        origin = request.headers.get("origin")
        if (
            origin
            and urlsplit(origin).netloc != request.headers.get("host")
            and origin not in self._settings.cors_origins
        ):
            raise Denied(f"A page of {origin[:100]} may not write here.", "Add it to WEATHER_API_CORS_ORIGINS.", 403)


def refuse_placeholders(settings: Settings) -> None:
    """BadSettings if the secret of a store is a placeholder, unless the platform runs in its local default.

    Those of API keys are refused by `Settings` already.
    """
    if settings.api.is_local:
        return
    addresses = {
        "WEATHER_STAGING_URL": settings.staging_url,
        "WEATHER_STAGING_READ_URL": settings.staging_read_url,
        "WEATHER_CURATED_URL": settings.curated_url,
        "WEATHER_CURATED_READ_URL": settings.curated_read_url,
        "WEATHER_BROKER_URL": settings.broker_url,
        "WEATHER_API_LIMITS_URL": settings.api.limits_url,
        "WEATHER_DAGSTER_STORAGE_URL": settings.dagster_storage_url,
    }
    secrets = {name: urlsplit(url or "").password for name, url in addresses.items()}
    secret_key = settings.s3.secret_key
    secrets["WEATHER_S3_SECRET_KEY"] = secret_key.get_secret_value() if secret_key else None
    for name, secret in secrets.items():
        if secret is not None and is_placeholder(unquote(secret)):
            raise BadSettings(
                f"The password in {name} is a placeholder.",
                "Make one (deploy/make-env.sh does), or serve on 127.0.0.1 without WEATHER_API_KEYS.",
            )


def is_placeholder(secret: str) -> bool:
    """Whether a secret is a common word, ignoring digits and punctuation around it: ``Change-Me1`` too."""
    word = secret.casefold()
    return word in PLACEHOLDERS or (_ORNAMENT.sub("", word) or word) in PLACEHOLDERS
