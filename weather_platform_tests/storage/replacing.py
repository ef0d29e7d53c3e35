"""A process that replaces months in a curated store, and may die, or kill the server, at a chosen point of it.

``python -m weather_platform_tests.storage.replacing URL MONTH[..MONTH] TEMPERATURE STATIONS [POINT [PID]]`` replaces
each month by documents of that temperature for the stations ``FROM-TO``. POINT is a command of the MongoDB protocol,
``insert`` (as it is sent) or ``insert+`` (as it is answered); for SQLite it is the first word of a statement and, where
that has many rows, how many are written before. PID is who dies; this process where not given.
"""

import os
import signal
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from weather_platform.domain.errors import WeatherError
from weather_platform.domain.months import parse_months
from weather_platform.settings import Settings
from weather_platform.storage.opening import open_curated
from weather_platform_tests.storage.documents import month_documents


def main(url: str, months: str, temperature_c: str, stations: str, point: str = "", pid: str = "") -> None:
    curated = open_curated(Settings.from_environment({"WEATHER_CURATED_URL": url}))
    curated.ensure()  # the point is one of `replace`
    curated.close()
    killer = _Killer(point, int(pid or os.getpid()))
    if url.startswith("sqlite"):
        _Watched.killer = killer
        sqlite3.connect = _connect_watched  # type: ignore[assignment]
    else:
        _listen(killer)
    first, _, last = stations.partition("-")
    for month in parse_months(months):
        documents = month_documents(month, float(temperature_c), range(int(first), int(last) + 1))
        curated.replace((month.first_day, month.last_day), documents)
    curated.close()


class _Killer:
    """Ends a process as a power cut would, where the point is reached."""

    def __init__(self, point: str, pid: int) -> None:
        self.point = point
        self.pid = pid

    def reached(self, point: str) -> None:
        if point == self.point:
            os.kill(self.pid, signal.SIGKILL)


class _Watched(sqlite3.Connection):
    killer: _Killer

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        self.killer.reached(statement.split(maxsplit=1)[0])
        return super().execute(statement, *values)

    def executemany(self, statement: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        return super().executemany(statement, self._counted(statement.split(maxsplit=1)[0], rows))

    def _counted(self, word: str, rows: Iterable[Any]) -> Iterator[Any]:
        for n, row in enumerate(rows):
            self.killer.reached(f"{word} {n}")
            yield row


def _listen(killer: _Killer) -> None:
    from pymongo import monitoring  # half a second that SQLite's tests need not wait for

    class Listener(monitoring.CommandListener):
        def started(self, event: monitoring.CommandStartedEvent) -> None:
            killer.reached(event.command_name)

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
            killer.reached(f"{event.command_name}+")

        def failed(self, event: monitoring.CommandFailedEvent) -> None:
            """The test sees a process that was not killed."""

    monitoring.register(Listener())


_connect = sqlite3.connect


def _connect_watched(*args: Any, **options: Any) -> sqlite3.Connection:
    return _connect(*args, factory=_Watched, **options)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except WeatherError as error:
        sys.exit(f"{type(error).__name__}: {error}")
