"""OpenDataSoft's Explore API v2.1: a month as one streamed export, accepted only if complete.

An export may break off after status 200, so its records are counted against the portal's total.
"""

import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

import httpx2 as httpx
import msgspec

from weather_platform.domain.errors import BadInput, EmptyMonth, SourceUnavailable
from weather_platform.domain.months import Month
from weather_platform.sources.due import ends_early
from weather_platform.sources.port import ETALAB, Payload, Provenance
from weather_platform.sources.selection import station_numbers
from weather_platform.sources.transport import (
    ErrorBody,
    Interrupted,
    RetryPolicy,
    get,
    unexpected,
    web_address,
    whole_body,
)

_logger = logging.getLogger(__name__)

DATASET = "donnees-synop-essentielles-omm"
LAST_OBSERVATION: Final = datetime(2026, 1, 15, 9, tzinfo=UTC)
"""Last observation of all copies of the dataset (measured by a public project on 2026-09-02); they still answer 200."""
_GO_ON: Final = (
    f"OpenDataSoft's copy ends at {LAST_OBSERVATION:%Y-%m-%d %H} UTC: load later months from source meteofrance."
)

# End of an export that fails after status 200.
_BROKEN_OFF: Final = b"Streaming interrupted due to the following error"

# A month is 18 MB for 62 stations, about 55 MB for the 190 since 2025.
_LARGEST_MONTH_BYTES: Final = 512 * 1024**2


class OpenDataSoftSource:
    """The dataset on an OpenDataSoft portal, as in its JSON export: an array of flat records."""

    name = "opendatasoft"
    grows_daily = True

    def __init__(self, base_url: str, retry_policy: RetryPolicy | None = None) -> None:
        portal_url = web_address(base_url, "the OpenDataSoft portal (WEATHER_OPENDATASOFT_URL)")
        self._dataset_url = f"{portal_url}/api/explore/v2.1/catalog/datasets/{DATASET}"
        self._retry_policy = retry_policy or RetryPolicy()

    def newest(self) -> datetime | None:
        query = {"select": "date", "order_by": "date desc", "limit": "1", "timezone": "UTC"}
        with self._retry_policy.client() as client:
            return get(client, f"{self._dataset_url}/records", _newest, self._retry_policy, params=query)

    def station_list(self) -> tuple[bytes, Provenance] | None:
        """None: this source has no list of stations."""
        return None

    def fetch(self, month: Month, stations: Collection[str] | None = None) -> Payload:
        """The month's records as exported, ordered by time and station. Errors as in the port.

        Two requests: the number of records, then the export. In this order a record that
        arrives in between makes the export longer than announced, never shorter.
        """
        chosen = station_numbers(stations)
        query = {"where": where(month, chosen), "timezone": "UTC"}
        with self._retry_policy.client() as client:
            count = get(
                client, f"{self._dataset_url}/records", _total_count, self._retry_policy, params=query | {"limit": "0"}
            )
            if not count:
                raise EmptyMonth(
                    f"{httpx.URL(self._dataset_url).host} has no observation for {month}{_of(chosen)}.",
                    _GO_ON if month >= Month.of(LAST_OBSERVATION) else "Choose another month.",
                )
            payload, newest = get(
                client,
                f"{self._dataset_url}/exports/json",
                lambda response: _export(response, count),
                self._retry_policy,
                params=query | {"order_by": "date,numer_sta"},
            )
        early = ends_early(month, newest, self._retry_policy.now()) if newest and chosen is None else None
        if early is None:
            return payload
        if month >= Month.of(LAST_OBSERVATION):
            early = f"{early} {_GO_ON}"
        _logger.warning("%s", early)
        return msgspec.structs.replace(payload, notes=(early,))


def where(month: Month, stations: tuple[str, ...] | None) -> str:
    """An ODSQL condition for the month (end excluded) and, if given, the stations."""
    period = f"date >= date'{month.first_day}' AND date < date'{month.next.first_day}'"
    if stations is None:
        return period
    any_station = " OR ".join(f"numer_sta = '{number}'" for number in stations)
    return f"{period} AND ({any_station})"


class _Count(msgspec.Struct):
    total_count: int


def _total_count(response: httpx.Response) -> int:
    body = _accepted(response)
    try:
        return msgspec.json.decode(body, type=_Count).total_count
    except ValueError as error:
        raise Interrupted(f"{response.url.host} did not answer with a number of records: {error}.") from error


class _Dated(msgspec.Struct):
    date: datetime


class _Page(msgspec.Struct):
    results: list[_Dated]


def _newest(response: httpx.Response) -> datetime | None:
    body = _accepted(response)
    try:
        dates = [record.date for record in msgspec.json.decode(body, type=_Page).results]
    except ValueError as error:
        raise Interrupted(f"{response.url.host} did not answer with the time of its records: {error}.") from error
    return dates[0].astimezone(UTC) if dates else None


def _export(response: httpx.Response, count: int) -> tuple[Payload, datetime | None]:
    """The records and the time of the last one."""
    body, host = _accepted(response), response.url.host
    broken_off = body.find(_BROKEN_OFF)
    if broken_off >= 0:
        raise Interrupted(f"{host} broke its export off: {body[broken_off:].decode('utf-8', 'replace').strip()[:300]}.")
    try:
        records = msgspec.json.decode(body, type=list[msgspec.Raw])
    except ValueError as error:
        raise Interrupted(f"{host} sent an export that is not complete JSON: {error}.") from error
    if len(records) < count:
        raise Interrupted(f"{host} exported {len(records)} records of {count}.")
    provenance = Provenance(source=OpenDataSoftSource.name, name=str(response.url), licence=ETALAB)
    return Payload(body=body, provenance=provenance), _time_of(records[-1])


def _time_of(record: bytes) -> datetime | None:
    """None for a record without a readable one; parsing refuses it later, with its reason."""
    try:
        return msgspec.json.decode(record, type=_Dated).date.astimezone(UTC)
    except msgspec.DecodeError:
        return None


def _accepted(response: httpx.Response) -> bytes:
    if response.status_code == 400:
        raise BadInput(
            f"{response.url.host} refused the query: {ErrorBody.of(response)}.",
            "Check the month and the stations; if they are right, the portal's query language has changed: "
            "load from the source meteofrance.",
        )
    if response.status_code == 404:
        raise SourceUnavailable(
            f"{response.url.host} does not have the dataset {DATASET} now: {ErrorBody.of(response)}.",
            "It is missing at times: try again tomorrow, or load from the source meteofrance.",
        )
    if response.status_code != 200:
        raise unexpected(response)
    return whole_body(response, _LARGEST_MONTH_BYTES)


def _of(stations: tuple[str, ...] | None) -> str:
    return f" of {', '.join(stations)}" if stations else ""
