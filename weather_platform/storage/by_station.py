"""One document per station, beside the monthly sheets: references and official normals."""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

import msgspec

from weather_platform.domain.climate.normals import StationNormals
from weather_platform.domain.climate.reference import StationReferences

Document = TypeVar("Document", StationReferences, StationNormals)


class Kind(msgspec.Struct, Generic[Document], frozen=True):
    """A kind of documents: its name in the store, and its type."""

    collection: str
    type: type[Document]


REFERENCES = Kind("ClimateReference", StationReferences)
NORMALS = Kind("ClimateNormals", StationNormals)


class ByStation(Protocol):
    """One document by kind and station. Errors are those of `curated.CuratedStore`. May be shared by threads."""

    def replace(self, kind: Kind[Document], documents: Iterable[Document]) -> int:
        """Replace all documents of the kind; returns their number. Readers may see old and new ones meanwhile."""
        ...

    def get(self, kind: Kind[Document], station_id: str) -> Document | None:
        """The document of a station; None without one."""
        ...

    def revision(self, kind: Kind[Document]) -> str:
        """A text that changes whenever the documents of the kind are replaced; empty before the first time."""
        ...


REVISION = "_revision"
"""Key of what `revision` reads, beside the documents: no number of a station."""
