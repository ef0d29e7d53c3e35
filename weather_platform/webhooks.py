"""JSON objects posted to the webhooks of the settings, whose addresses are secrets: no log and no error has them."""

import logging
from typing import Any

from weather_platform.domain.errors import WeatherError
from weather_platform.settings import Settings

_log = logging.getLogger("weather.alerts")
_TIMEOUT_S = 10


class WebhookRefused(WeatherError):
    """A webhook that does not answer, or not with success."""


def post(address: str, text: str, **fields: Any) -> None:
    """Post `text`, the key that Slack, Mattermost and Google Chat show, and further fields.

    Raises:
        WebhookRefused: without the address.
    """
    import httpx2 as httpx

    try:
        httpx.post(address, json={"text": text, **fields}, timeout=_TIMEOUT_S).raise_for_status()
    except httpx.HTTPError as error:
        raise WebhookRefused(f"The webhook does not take it: {type(error).__name__}.", "See its log.") from error


def alert(settings: Settings, text: str, **fields: Any) -> bool:
    """Post to ``WEATHER_ALERT_URL``; False if no address is set or the receiver refused.

    A refusal is logged, not raised: a failed alert must not hide the failure that it reports.
    """
    if settings.alert_url is None:
        return False
    try:
        post(settings.alert_url, text, **fields)
    except WebhookRefused as error:
        _log.error("alert not taken", extra={"cause": error.cause, "alert": text})
        return False
    return True
