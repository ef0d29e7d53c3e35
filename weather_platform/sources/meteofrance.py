"""Météo-France's archive: annual files, or monthly files in the older format, on the web or in a folder."""

import logging
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from weather_platform.domain.errors import EmptyMonth, SourceUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.sources.archive_files import archive_lines, of_stations
from weather_platform.sources.archives import Held, open_archive
from weather_platform.sources.due import ends_early
from weather_platform.sources.port import ETALAB, Payload, Provenance
from weather_platform.sources.selection import station_numbers
from weather_platform.sources.transport import RetryPolicy

FIRST_MONTH: Final = Month(1996, 1)
_NOTHING: Final = datetime(1, 1, 1, tzinfo=UTC)
_logger = logging.getLogger(__name__)


class MeteoFranceSource:
    """The archive at a web address or in a folder; of several files with a month, the fullest is used."""

    name = "meteofrance"

    def __init__(self, archive_url: str, cache_folder: Path, retry_policy: RetryPolicy | None = None) -> None:
        self._retry_policy = retry_policy or RetryPolicy()
        self._archive = open_archive(archive_url, cache_folder, self._retry_policy)

    @property
    def grows_daily(self) -> bool:
        """True for the archive itself; a folder holds what its owner put there."""
        return self._archive.is_published

    def newest(self) -> datetime | None:
        """From the files of the latest year; costs the download of that year if it has changed."""
        times = [look().newest for look in self._archive.newest(self._retry_policy.now().year)]
        newest = max(times, default=_NOTHING)
        return None if newest == _NOTHING else newest

    def station_list(self) -> tuple[bytes, Provenance] | None:
        """``postes_synop.geojson`` as published, if the archive has it."""
        found = self._archive.station_list()
        return (found[1], Provenance(source=self.name, name=found[0], licence=ETALAB)) if found else None

    def fetch(self, month: Month, stations: Collection[str] | None = None) -> Payload:
        """The month's lines under their header, as published. Errors as in the port."""
        chosen = station_numbers(stations)
        held, notes = self._best(month)
        if chosen is None:
            with archive_lines(held.path, held.address) as lines:
                body = lines.read()
            if early := ends_early(month, held.month.newest, self._retry_policy.now()):
                notes.append(early)
        else:
            body = of_stations(held.path, held.address, chosen)
        if not body:
            raise EmptyMonth(
                f"{held.address} has no observation for {month} of {', '.join(chosen or ())}.", "Choose another month."
            )
        for note in notes:
            _logger.warning("%s", note)
        return Payload(
            body=body,
            provenance=Provenance(source=self.name, name=held.address, licence=ETALAB),
            notes=tuple(notes),
        )

    def _best(self, month: Month) -> tuple[Held, list[str]]:
        """The file with the most rows of the month (of equals the newest), and remarks on the choice."""
        found: list[Held] = []
        broken: list[WeatherError] = []
        for look in self._archive.months(month):
            try:
                held = look()
            except WeatherError as error:
                if self._archive.is_published:
                    raise
                broken.append(error)
                continue
            if held:
                found.append(held)
                if self._archive.is_published:
                    break
        notes = [f"Skipped: {error.cause}" for error in broken]
        if not found:
            raise broken[0] if broken else self._without(month)
        best = max(found, key=lambda held: (held.month.rows, held.modified))
        if not best.month.rows:
            raise EmptyMonth(f"{best.address} has no observation for {month}.", "Choose another month.")
        others = [f"{held.address} ({held.month.rows:,} rows)" for held in found if held is not best]
        if others:
            notes.append(f"{month} is taken from {best.address} ({best.month.rows:,} rows), not from {_and(others)}.")
        return best, notes

    def _without(self, month: Month) -> WeatherError:
        cause = f"The archive has neither {' nor '.join(self._archive.names(month))}."
        if not self._archive.is_published:
            return EmptyMonth(cause, "Put one of them into the folder, or choose another month.")
        if FIRST_MONTH <= month < Month.of(self._retry_policy.now()):
            return SourceUnavailable(
                cause,
                "These files should exist, so the archive may have moved: correct its address, or try again tomorrow.",
            )
        return EmptyMonth(
            cause, f"The archive starts with {FIRST_MONTH} and is updated daily: choose a month in between."
        )


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
