"""Behind a reverse proxy: whom it asks for and how it was asked count only where the proxy is trusted."""

from pathlib import Path

import pytest

from weather_platform.domain.errors import BadSettings
from weather_platform.settings import hashed_key
from weather_platform_tests.api.serving import Api, served, settings_at

KEYS = f"alice:{hashed_key('key-of-alice')}"
FORWARDED = {"host": "weather.example.org", "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7"}


def statuses(api: Api) -> list[int]:
    """Thirty wrong keys of one caller who each time claims another address."""
    headers = {"x-api-key": "wrong"}
    return [
        api.get("/curated/cities", headers={**headers, "x-forwarded-for": f"198.51.100.{n}"}).status_code
        for n in range(30)
    ]


def test_links_of_a_trusted_proxy_are_those_that_its_callers_use(tmp_path: Path) -> None:
    settings = settings_at(
        tmp_path, WEATHER_API_KEYS=KEYS, WEATHER_API_TRUSTED_PROXIES="127.0.0.1", WEATHER_API_ROOT_PATH="/lake"
    )
    with served(settings) as api:
        links = api.get("/", headers=FORWARDED).json()
        assert links["links"]["documents"] == "https://weather.example.org/lake/curated"
        assert links["openapi"] == "https://weather.example.org/lake/openapi.json"
        moved = api.get("/curated/", headers=FORWARDED, follow_redirects=False)
        assert moved.headers["location"] == "https://weather.example.org/lake/curated"
        assert statuses(api) == [401] * 30  # thirty callers, one wrong key each


def test_what_a_stranger_says_of_itself_neither_helps_nor_harms(tmp_path: Path) -> None:
    with served(settings_at(tmp_path, WEATHER_API_KEYS=KEYS)) as api:
        links = api.get("/", headers=FORWARDED).json()
        assert links["links"]["documents"] == "http://weather.example.org/curated"
        assert statuses(api)[-1] == 429  # one caller


def test_a_proxy_without_keys_is_refused_at_start(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"a proxy's callers could write.*WEATHER_API_KEYS"):
        settings_at(tmp_path, WEATHER_API_TRUSTED_PROXIES="127.0.0.1")
