"""The API really served: uvicorn on a port of its own, asked over HTTP; and a few observations to post."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import uvicorn

from api.dependencies import Services
from api.main import create_app
from api.serving import server_config
from weather_platform.domain.months import Month
from weather_platform.settings import Settings
from weather_platform_tests.runtime.serving import wait_for

NOBODY = "http://127.0.0.1:9"
"""The port of the discard service: nothing listens there."""


class Api:
    """A served API: `client` asks it, `services` is what it holds."""

    def __init__(self, settings: Settings, base_url: str, services: Services) -> None:
        self.settings = settings
        self.base_url = base_url
        self.services = services
        self.client = httpx.Client(base_url=base_url, timeout=150)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def data(self, path: str) -> list[dict[str, Any]]:
        """The rows of a page, which must be one."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])

    def post_file(self, path: str, body: bytes, name: str = "file.json", **options: Any) -> httpx.Response:
        """Post one file as a form does."""
        return self.client.post(path, files={"file": (name, body)}, **options)

    def ingest(self, path: str, body: bytes, name: str = "file.json", **options: Any) -> dict[str, Any]:
        """Post one file and give its receipt, which must be one."""
        answer = self.post_file(path, body, name, **options)
        assert answer.status_code in (200, 202), answer.text
        return dict(answer.json())

    def documents(self) -> list[dict[str, Any]]:
        """All documents, by date and station."""
        return [msgspec.to_builtins(document) for document in self.services.layers.curated.find()]

    def figures(self) -> list[dict[str, Any]]:
        """All documents without what tells their origin."""
        return [{key: value for key, value in doc.items() if key != "provenance"} for doc in self.documents()]

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Everything staged, by city."""
        staging = self.services.layers.staging
        return {station.slug: list(staging.rows(station)) for station in staging.stations().values()}


@contextmanager
def served(settings: Settings) -> Iterator[Api]:
    """Serve an API of these settings until the end of the block."""
    app = create_app(settings)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = server_config(app, settings.api)
    config.timeout_graceful_shutdown = 5
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    wait_for(lambda: server.started, "the API to start")
    api = Api(settings, f"http://127.0.0.1:{listening.getsockname()[1]}", app.state.services)
    try:
        yield api
    finally:
        api.client.close()
        server.should_exit = True
        thread.join(10)
        listening.close()


def settings_at(home: Path, **variables: str) -> Settings:
    """Settings of the embedded default below `home`, without Dagster, but for the variables given."""
    defaults = {
        "WEATHER_HOME": str(home),
        "WEATHER_DAGSTER_URL": NOBODY,
        "WEATHER_API_WRITES_PER_MINUTE": "0",
        "WEATHER_API_READS_PER_MINUTE": "0",
    }
    return Settings.from_environment({**defaults, **variables})


def observations(
    month: str = "2023-11", stations: Sequence[str] = ("07690", "07149"), days: int = 2, t_k: float = 285.15
) -> list[dict[str, Any]]:
    """Flat records of the first days of a month, every 3 h, with a little of everything that documents tell."""
    first = datetime.combine(Month.parse(month).first_day, datetime.min.time(), UTC)
    names = {"07690": "NICE", "07149": "ORLY"}
    return [
        {
            "numer_sta": station,
            "date": (first + timedelta(hours=3 * step)).isoformat(),
            "nom": names.get(station),
            "t": round(t_k + step % 8 * 0.5, 2),
            "pmer": 101_300 + step,
            "ff": 4.0 + step % 3,
            "dd": 270,
            "raf10": 29.5 if step == 4 else 9.0,
            "rr3": 12.5 if step in (3, 4) else -0.1,
        }
        for station in stations
        for step in range(8 * days)
    ]


def as_json(records: list[dict[str, Any]]) -> bytes:
    return json.dumps(records).encode()
