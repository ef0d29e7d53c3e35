"""Météo-France's official climate sheets: which places have one, and the sheets as published."""

import httpx2 as httpx

from weather_platform.domain.climate.normals import SheetPlace, read_places
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.sources.transport import RetryPolicy, get, unexpected, web_address, whole_body

_LIST = "liste_fiches_clim.geojson"
_MOST_BYTES = 20_000_000
_OK = 200


class ClimateSheets:
    """The sheets below an address. Raises SourceUnavailable if they cannot be fetched."""

    name = "meteofrance"

    def __init__(self, url: str, retry_policy: RetryPolicy | None = None) -> None:
        self._url = web_address(url, "the climate sheets")
        self._retry_policy = retry_policy or RetryPolicy()
        self._client = self._retry_policy.client()

    def places(self) -> list[SheetPlace]:
        """Every place with a sheet."""
        return read_places(self._get(_LIST))

    def sheet(self, number: str) -> tuple[bytes, Provenance]:
        """The sheet of a place as published."""
        name = f"FICHECLIM_{number}.data"
        provenance = Provenance(source=self.name, name=f"{self._url}/{name}", licence=ETALAB)
        return self._get(name), provenance

    def close(self) -> None:
        self._client.close()

    def _get(self, name: str) -> bytes:
        def read(response: httpx.Response) -> bytes:
            if response.status_code != _OK:
                raise unexpected(response)
            return whole_body(response, _MOST_BYTES)

        return get(self._client, f"{self._url}/{name}", read, self._retry_policy)
