"""Secrets that are none: what stands in examples and manuals, and what nobody took the time to change."""

import re
from urllib.parse import unquote, urlsplit

from weather_platform.domain.errors import BadSettings
from weather_platform.settings import PLACEHOLDERS, Settings

_ORNAMENT = re.compile(r"[\W\d_]+")


def refuse_placeholders(settings: Settings) -> None:
    """BadSettings where a store would be reached with such a secret, unless the platform runs in its local default.

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
    """Whether a secret is one of the usual words, whatever figures and signs adorn it: ``Change-Me1`` too."""
    word = secret.casefold()
    return word in PLACEHOLDERS or (_ORNAMENT.sub("", word) or word) in PLACEHOLDERS
