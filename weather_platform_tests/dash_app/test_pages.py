"""Every page as people meet it: light in French on a desk, dark in English on a phone; axe finds nothing at all."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from weather_platform_tests.dash_app.conftest import NewPage

pytestmark = pytest.mark.browser

PAGES = {
    "overview": "/",
    "city": "/city?city=nice",
    "sheet": "/sheet?city=nice",
    "years": "/years?city=nice&figure=rr.total&span=12",
    "compare": "/compare?city=nice,orly,brest_guipavas",
    "table": "/table?city=nice",
    "data": "/data",
    "day": "/day?city=nice&day=2023-12-08",
}
LOOKS = {
    "desk-light-fr": {"width": 1280, "scheme": "light", "locale": "fr-FR"},
    "phone-dark-en": {"width": 390, "scheme": "dark", "locale": "en-GB"},
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_within_reach_of_everybody(site: str, new_page: NewPage, name: str, look: str) -> None:
    page = new_page(site + PAGES[name], **LOOKS[look])
    language = "fr" if look.endswith("fr") else "en"
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == look.split("-")[1]
    expect(page.locator("h1")).to_be_visible()
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"the page is {too_wide} px wider than the screen"
    assert page.locator("canvas").count() == 0, "it would need WebGL, or say nothing to a screen reader"
    assert _violations(page) == []
    _check_summaries(page)


def test_a_sheet_is_printed_light_on_two_pages_with_its_source(site: str, new_page: NewPage) -> None:
    page = new_page(f"{site}/sheet?city=nice&lang=en", scheme="dark")
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type /Page\b", printed)) == 2
    page.emulate_media(media="print")
    for part in ("#shell header", ".control-bar", "#cite .buttons"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator("#cite")).to_contain_text("Météo-France, SYNOP essential data, Licence Ouverte 2.0")
    styles = "element => ['color', 'backgroundColor', 'breakInside'].map(name => getComputedStyle(element)[name])"
    for card in ("#figures", "#counts", "#cite"):
        black, white = "rgb(0, 0, 0)", "rgb(255, 255, 255)"
        assert page.locator(card).evaluate(styles) == [black, white, "avoid"]


def _check_summaries(page: Page) -> None:
    """Every chart has a summary in words."""
    for figure in page.locator("figure").all():
        caption = figure.locator("figcaption").text_content() or ""
        assert caption.strip().endswith(".")


TROUBLES = {
    "unknown city": "/city?city=niice",
    "no days": "/compare?city=nice&from=2020-01-01&to=2020-01-31",
    "no page": "/x",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", TROUBLES)
def test_a_message_is_within_reach_of_everybody(site: str, new_page: NewPage, name: str, scheme: str) -> None:
    page = new_page(site + TROUBLES[name], scheme=scheme)
    expect(page.get_by_role("alert")).to_be_visible()
    assert _violations(page) == []


def _violations(page: Page) -> list[str]:
    found = Axe().run(page)
    return [
        f"{rule['id']}: {rule['help']} {[node['html'][:160] for node in rule['nodes'][:4]]}"
        for rule in found.response["violations"]
    ]
