"""What a link shows elsewhere: a title, key figures and a picture, of its own address and with its source."""

import re
import struct
from html import unescape
from urllib.parse import urlencode

import flask.testing
import pytest

from dash_app.app import create_app
from dash_app.pictures import preview
from dash_app.reader import Reader
from weather_platform.domain.months import Month
from weather_platform.settings import Settings

NICE = "?city=nice&from=2023-12-01&to=2023-12-31"


@pytest.fixture(scope="module")
def client(december: Settings, reader: Reader) -> flask.testing.FlaskClient:
    client: flask.testing.FlaskClient = create_app(reader, december).server.test_client()
    return client


def test_a_preview_has_the_published_figures_of_the_month(reader: Reader) -> None:
    sheet = reader.sheet("07690", Month(2023, 12))
    assert sheet is not None
    shown = dict(preview(reader, "/city", NICE, "en").facts)
    least = "" if sheet.rr.status == "complete" else "≥ "
    assert shown["Rain, 06 to 06 UTC"] == f"{least}{sheet.rr.total:.1f}\u00a0mm"
    assert shown["Warmest"].startswith(f"{sheet.tx.max:.1f}\u00a0°C (")
    assert shown["Coldest"].startswith(f"{sheet.tn.min:.1f}\u00a0°C (")


def test_the_document_names_page_and_picture_before_any_script(client: flask.testing.FlaskClient) -> None:
    document = client.get(f"/city{NICE}", headers={"Accept-Language": "en"}).text
    tags = dict(re.findall(r'<meta property="(og:[a-z:]+)" content="([^"]*)">', document))
    assert tags["og:title"] == "Nice – December 2023 – The weather of French cities"
    assert "<title>Nice – December 2023" in document
    assert tags["og:description"].startswith("December 2023 in Nice: ≥ 119.0\u00a0mm of rain (30 of 31 days), ")
    picture = client.get(unescape(tags["og:image"]))
    assert (picture.status_code, picture.mimetype) == (200, "image/png")
    assert struct.unpack(">II", picture.data[16:24]) == (1200, 630)


def test_a_picture_alone_says_place_period_and_source(client: flask.testing.FlaskClient) -> None:
    drawn = client.get("/picture.svg?" + urlencode({"of": "/city", "search": NICE, "lang": "en"})).text
    for part in ("Nice – December 2023", "mm", "Source: Météo-France", "Licence Ouverte 2.0"):
        assert part in drawn
    assert drawn.count("<rect") == 1 + 31


@pytest.mark.parametrize("address", ["/nowhere", '/city?city="><script>alert(1)</script>', "/city?from=0001-01-01"])
def test_an_address_of_nothing_has_the_words_of_the_site(client: flask.testing.FlaskClient, address: str) -> None:
    document = client.get(address, headers={"Accept-Language": "en"}).text
    assert "The weather of French cities</title>" in document
    assert "<script>alert" not in document
