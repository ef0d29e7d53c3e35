"""Raw observations: what a source gave goes into the raw store; reading gives a month's objects, earliest first."""

import dagster as dg

from weather_platform.domain.months import Month
from weather_platform.domain.provenance import UNPLACED, Provenance, RawObject
from weather_platform.domain.record_files import RecordFile
from weather_platform.intake import Stored, receive
from weather_platform.io_managers.explained import explained
from weather_platform.io_managers.months import describe_month, months_of
from weather_platform.io_managers.stores import StoresResource
from weather_platform.monthly import Monthly
from weather_platform.pipeline import quarantine_unplaced, raw_month
from weather_platform.sources.port import Payload

RawMonth = list[tuple[RawObject, RecordFile]]


class RawIOManager(dg.ConfigurableIOManager):
    """S3 or a folder, by the settings."""

    stores: dg.ResourceDependency[StoresResource]

    def handle_output(self, context: dg.OutputContext, obj: Monthly[Payload]) -> None:
        with explained(context.step_context.previous_attempt_count):
            stores = self.stores.open()
            for month in obj:
                payload = obj[month]
                stored = receive(stores.raw, payload.body, payload.provenance, self.stores.partitions)
                if any(s.object.partition == UNPLACED for s in stored):
                    quarantine_unplaced(stores, self.stores.partitions)
                describe_month(
                    context, month, _metadata(month, payload.provenance, stored) | {"notes": list(payload.notes)}
                )

    def load_input(self, context: dg.InputContext) -> Monthly[RawMonth]:
        return Monthly(months_of(context), lambda month: list(raw_month(self.stores.open().raw, str(month))))


def _metadata(month: Month, provenance: Provenance, stored: list[Stored]) -> dict[str, object]:
    here = [s.object for s in stored if s.object.partition == str(month)]
    return {
        "dagster/partition_row_count": sum(obj.records for obj in here),
        "records_of_no_or_another_month": sum(s.object.records for s in stored) - sum(obj.records for obj in here),
        "source": provenance.source,
        "fetched_from": provenance.name,
        "licence": provenance.licence,
        "synthetic": provenance.synthetic,
        "raw_objects": [s.object.key for s in stored],
        "new_objects": sum(s.new for s in stored),
        "bytes": sum(s.object.size_bytes for s in stored),
    }
