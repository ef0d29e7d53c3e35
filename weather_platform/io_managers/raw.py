"""Raw observations: what a source gave goes into the raw store; reading gives a month's objects, earliest first."""

import dagster as dg

from weather_platform.domain.provenance import RawObject
from weather_platform.domain.record_files import RecordFile
from weather_platform.io_managers.explained import explained
from weather_platform.io_managers.months import describe_month, months_of
from weather_platform.io_managers.stores import StoresResource
from weather_platform.monthly import Monthly
from weather_platform.pipeline import raw_month, receive
from weather_platform.sources.port import Payload

RawMonth = list[tuple[RawObject, RecordFile]]


class RawIOManager(dg.ConfigurableIOManager):
    """S3 or a folder, by the settings."""

    stores: dg.ResourceDependency[StoresResource]

    def handle_output(self, context: dg.OutputContext, obj: Monthly[Payload]) -> None:
        raw = self.stores.open().raw
        with explained(context.step_context.previous_attempt_count):
            for month in obj:
                payload = obj[month]
                stored = receive(raw, payload.body, payload.provenance, self.stores.partitions)
                describe_month(
                    context,
                    month,
                    {
                        "dagster/partition_row_count": sum(s.object.records for s in stored),
                        "source": payload.provenance.source,
                        "fetched_from": payload.provenance.name,
                        "licence": payload.provenance.licence,
                        "synthetic": payload.provenance.synthetic,
                        "raw_objects": [s.object.key for s in stored],
                        "new_objects": sum(s.new for s in stored),
                        "bytes": sum(s.object.size_bytes for s in stored),
                    },
                )

    def load_input(self, context: dg.InputContext) -> Monthly[RawMonth]:
        raw = self.stores.open().raw
        return Monthly(months_of(context), lambda month: list(raw_month(raw, str(month))))
