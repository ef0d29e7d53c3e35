"""Decisions about flags: storing and removing them, and making their months again."""

from api.ingestion import Ingestions
from weather_platform.domain.climate.overrides import KeptOverride, Override
from weather_platform.domain.ingestions import Receipt
from weather_platform.domain.months import Month, month_range
from weather_platform.storage.opening import Stores


class Overrides:
    """The overrides stored in the staging database. Repeating an interrupted request finishes it."""

    def __init__(self, layers: Stores, ingestions: Ingestions) -> None:
        self._layers = layers
        self._ingestions = ingestions

    def keep(self, override: Override, *, request_id: str = "") -> tuple[KeptOverride, Receipt | None]:
        """Store a decision and make its months again; no receipt if none of them is staged."""
        kept = self._layers.staging.flagging.keep(override)
        return kept, self._made_again(override, request_id)

    def drop(self, key: str, *, request_id: str = "") -> tuple[KeptOverride, Receipt | None]:
        """Remove a decision and make its months again; NotFound for an unknown one."""
        flagging = self._layers.staging.flagging
        kept = flagging.one(key)
        flagging.drop(key)
        return kept, self._made_again(kept.override, request_id)

    def _made_again(self, override: Override, request_id: str) -> Receipt | None:
        period = month_range(Month.of(override.first), Month.of(override.last))
        staged = {covered.month for covered in self._layers.staging.coverage(map(str, period))}
        months = [Month.parse(month) for month in sorted(staged)]
        return self._ingestions.replay(months, request_id=request_id) if months else None
