"""Alerts, sent as JSON objects to the webhook of the settings."""

import logging
from typing import Any

from weather_platform.settings import Settings

_log = logging.getLogger("weather.alerts")
_TIMEOUT_S = 10


def alert(settings: Settings, text: str, **fields: Any) -> bool:
    """Post `text` and further fields to ``WEATHER_ALERT_URL``; False if no address is set or the receiver refused.

    The key ``text`` is what Slack, Mattermost and Google Chat show. A webhook that does not answer is logged, not
    raised: a failed alert must not hide the failure that it reports.
    """
    if settings.alert_url is None:
        return False
    import httpx2 as httpx

    try:
        httpx.post(settings.alert_url, json={"text": text, **fields}, timeout=_TIMEOUT_S).raise_for_status()
    except httpx.HTTPError as error:
        _log.error("alert not taken: %s", type(error).__name__, extra={"alert": text})  # the address is a secret
        return False
    return True
