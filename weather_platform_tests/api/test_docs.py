"""The pages of the API's documentation, in a browser that may reach nothing but the API."""

import pytest
from playwright.sync_api import Route, sync_playwright

from weather_platform_tests.api.serving import Api


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "shown"), [("/docs", "/curated/cities/{city}"), ("/redoc", "Météo-France"), ("/v1/docs", "/v1")]
)
def test_the_documentation_works_without_a_network(reading: Api, path: str, shown: str) -> None:
    elsewhere: list[str] = []
    errors: list[str] = []

    def refuse(route: Route) -> None:
        elsewhere.append(route.request.url)
        route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.route(lambda address: not address.startswith((reading.base_url, "data:", "blob:")), refuse)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{reading.base_url}{path}")
        page.get_by_text(shown).first.wait_for(timeout=60_000)
        browser.close()
    assert (elsewhere, errors) == ([], [])


def test_nothing_of_a_third_party_may_run_in_the_documentation(reading: Api) -> None:
    for path in ("/docs", "/redoc"):
        policy = reading.get(path).headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} <= {*policy}
        assert "https://" not in reading.get(path).text
