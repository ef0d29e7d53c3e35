"""A copy of the documents that follows `/changes`, and the webhook on the same rows."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at
from weather_platform_tests.runtime.serving import wait_for


class Copy:
    """The documents by month and station, as its own reading of the changes gives them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._since = 0
        self.documents: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def follow(self, limit: int = 2) -> list[tuple[str, str]]:
        """Read on to the end, page by page; the months and stations that were fetched."""
        fetched = []
        page = self._api.get(f"/changes?since={self._since}&limit={limit}").json()
        while True:
            for row in page["data"]:
                key = row["month"], row["station_id"]
                answer = self._api.client.get(row["url"])
                self.documents[key] = answer.json()["data"] if answer.status_code == 200 else []
                fetched.append(key)
            self._since = page["next_since"]
            if page["next"] is None:
                return fetched
            page = self._api.client.get(page["next"]).json()

    @property
    def ids(self) -> list[str]:
        return sorted(document["_id"] for of_month in self.documents.values() for document in of_month)


def test_a_copy_that_follows_the_changes_equals_the_documents(api: Api) -> None:
    copy = Copy(api)
    assert copy.follow() == []
    first = api.ingest("/ingest-fast", as_json(observations()))
    assert copy.follow() == [("2023-11", "07149"), ("2023-11", "07690")]
    assert copy.follow() == []
    api.ingest("/ingest-fast", as_json(observations(stations=["07690"], t_k=290.15)))
    assert copy.follow() == [("2023-11", "07690")]
    api.client.post(f"/ingestions/{first['id']}/withdraw", json={"reason": "a trial"})
    assert ("2023-11", "07149") in copy.follow()
    assert copy.ids == sorted(document["_id"] for document in api.data("/curated"))
    assert copy.documents["2023-11", "07690"] == api.data("/curated/cities/nice?from=2023-11-01&to=2023-11-30")


def test_since_takes_what_next_gives_and_an_unchanged_page_is_304(reading: Api) -> None:
    page = reading.get("/changes?limit=1").json()
    assert reading.get("/changes", params={"since": page["next"]}).json()["data"] == reading.data("/changes")[1:]
    etag = reading.get("/changes").headers["etag"]
    assert reading.get("/changes", headers={"if-none-match": etag}).status_code == 304
    assert reading.get("/changes?format=csv").text.splitlines()[0] == "number,month,city,slug,station_id,url"


def test_a_place_that_was_never_given_is_410_with_the_cure(reading: Api) -> None:
    answer = reading.get("/changes?since=1000000")
    assert (answer.status_code, answer.json()["cure"]) == (410, "Begin again without `since`.")


@contextmanager
def receiver() -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """Its address, the bodies posted to it, and the states that it answers, the last one for ever."""
    posted: list[dict[str, Any]] = []
    states = [200]

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state = states.pop(0) if len(states) > 1 else states[0]
            if state == 200:
                posted.append(json.loads(body))
            self.send_response(state)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/secret", posted, states
        finally:
            server.shutdown()
            thread.join(10)


def test_the_webhook_gets_every_change_in_order_through_outages(tmp_path: Path) -> None:
    with receiver() as (address, posted, states):
        states[:] = [503, 200]
        settings = settings_at(tmp_path, WEATHER_CHANGES_URL=address)
        with served(settings) as api:
            api.ingest("/ingest-fast", as_json(observations()))
            rows = api.data("/changes")
            wait_for(lambda: len(posted) == 1, "the changes")
        with served(settings) as api:  # another process goes on where the first one stopped
            api.ingest("/ingest-fast", as_json(observations("2023-12", stations=["07690"])))
            later = api.get(f"/changes?since={rows[-1]['number']}").json()
            wait_for(lambda: len(posted) > 1, "the next changes")
    assert [[row["number"] for row in body["data"]] for body in posted] == [
        [row["number"] for row in rows],
        [row["number"] for row in later["data"]],
    ]
    assert posted[0]["text"] == "Weather statistics changed: 2023-11, 2 cities."
    assert posted[1]["next_since"] == later["next_since"]
    paths = [row["url"].removeprefix(api.settings.api.url) for row in posted[1]["data"]]
    assert paths == [row["url"].removeprefix(api.base_url) for row in later["data"]]
