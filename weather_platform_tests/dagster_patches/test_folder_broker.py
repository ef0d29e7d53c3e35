"""The broker in a folder, written and read at the same time."""

from pathlib import Path
from queue import Empty
from threading import Thread
from typing import Any

from kombu.connection import Connection

from weather_platform.dagster_patches.folder_broker import forget_dead_workers

MESSAGES = 300
BODY = "x" * 100_000


def test_a_message_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    taken: list[Any] = []

    def read_all() -> None:
        with connect(tmp_path) as connection:
            while len(taken) < MESSAGES:
                try:
                    taken.append(connection.default_channel._get("weather"))
                except Empty:
                    continue

    reader = Thread(target=read_all, daemon=True)
    reader.start()
    with connect(tmp_path) as connection:
        for number in range(MESSAGES):
            connection.default_channel._put("weather", {"number": number, "body": BODY})
    reader.join(timeout=20)

    assert sorted(message["number"] for message in taken) == list(range(MESSAGES))
    assert all(message["body"] == BODY for message in taken)
    assert list((tmp_path / "messages").iterdir()) == []


def test_messages_to_dead_workers_go_and_runs_stay(tmp_path: Path) -> None:
    messages, control = tmp_path / "messages", tmp_path / "control"
    messages.mkdir()
    control.mkdir()
    run = messages / "1_a.weather.msg"
    for path in (run, messages / "2_b.weather@host.celery.pidbox.msg", control / "reply.celery.pidbox.exchange"):
        path.touch()
    forget_dead_workers(tmp_path)
    assert [*messages.iterdir(), *control.iterdir()] == [run]


def connect(folder: Path) -> Connection:
    for name in ("messages", "control"):
        (folder / name).mkdir(exist_ok=True)
    return Connection(  # type: ignore[no-untyped-call]
        "filesystem://",
        transport="weather_platform.dagster_patches.folder_broker:Transport",
        transport_options={
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "control_folder": str(folder / "control"),
        },
    )
