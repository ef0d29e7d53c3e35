"""The same months without any server, and what is posted of them."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.intake import receive
from weather_platform.pipeline import curate_month, open_stores, stage_month
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource, sample_stations, write_sample
from weather_platform_tests.containers.stack import COMPARED, Documents, NotAsItShouldBe, Stack, say


class Reference:
    """The same months without any server."""

    def __init__(self, home: Path) -> None:
        settings = Settings.from_environment({"WEATHER_HOME": str(home)})
        self._stores = open_stores(settings)
        self._partitions = Partitions(settings.first_month)

    def load(self, months: Sequence[Month]) -> None:
        for month in months:
            payload = SampleSource().fetch(month)
            self._receive(payload.body, payload.provenance)

    def receive(self, file: Path) -> None:
        self._receive(file.read_bytes(), Provenance(source="upload", name=file.name, licence=ETALAB))

    def _receive(self, body: bytes, origin: Provenance) -> None:
        stored = receive(self._stores.raw, body, origin, self._partitions)
        for partition in sorted({item.object.partition for item in stored}):
            stage_month(self._stores, Month.parse(partition))
            curate_month(self._stores, Month.parse(partition))

    def documents(self) -> Documents:
        docs = map(msgspec.to_builtins, self._stores.curated.find())
        return {doc["_id"]: {name: doc[name] for name in COMPARED} for doc in docs}


def compare(stack: Stack, reference: Reference) -> None:
    found, wanted = stack.documents(), reference.documents()
    if found.keys() != wanted.keys():
        lost, more = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
        raise NotAsItShouldBe(f"{len(lost)} documents are missing ({lost[:3]}), {len(more)} too many ({more[:3]})")
    different = [key for key in wanted if found[key] != wanted[key]]
    if different:
        key = different[0]
        raise NotAsItShouldBe(f"{len(different)} documents differ, {key}: {found[key]}, not {wanted[key]}")
    say(f"all {len(found):,} documents are those of the same months without any server")


def sample_file(path: Path, first: Month, *, stations: int, months: int = 1) -> Path:
    wanted = [first]
    while len(wanted) < months:
        wanted.append(wanted[-1].next)
    with path.open("wb") as output:
        write_sample(output, wanted, sample_stations(stations), seed=1)
    return path
