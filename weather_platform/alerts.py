"""Words to a person who is not looking: a JSON object to the webhook of the settings."""

import logging
from typing import Any

from weather_platform.settings import Settings

_log = logging.getLogger("weather.alerts")
_TIMEOUT_S = 10


def alert(settings: Settings, text: str, **facts: Any) -> bool:
    """Post `text` and what belongs to it to ``WEATHER_ALERT_URL``; whether it was taken. False where none is set.

    The key ``text`` is what Slack, Mattermost and Google Chat show. A webhook that does not answer is said in the log:
    what is wrong with the weather must not be hidden by what is wrong with the alert.
    """
    if settings.alert_url is None:
        return False
    import httpx2 as httpx

    try:
        httpx.post(settings.alert_url, json={"text": text, **facts}, timeout=_TIMEOUT_S).raise_for_status()
    except httpx.HTTPError as error:
        _log.error("alert not taken: %s", type(error).__name__, extra={"alert": text})  # the address is a secret
        return False
    return True
