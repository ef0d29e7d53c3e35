"""Every column of an observation once: name, unit, meaning, plausible range, special codes.

SQL columns, Dagster's column schema, the parser's types, checks and the documentation derive from
`Observation`. Names are those of SYNOP, as in Météo-France's documents.
Units are SYNOP's too (K, Pa, m/s, mm); a unit changes only in the daily documents.

Ranges are what can be measured on Earth's surface, wider than any value in 132,700 real observations
of 2023 (243.55 to 315.45 K, gusts to 53.5 m/s, 193.1 mm in 3 h): a value outside is a broken record.
Sources: WMO World Weather & Climate Extremes Archive for the records, WMO No. 306 for the codes.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal, NamedTuple, get_type_hints

Kind = Literal["key", "measure", "code", "flag", "trace"]
Number = int | float | None


@dataclass(frozen=True)
class Field:
    """What one column means.

    `low` and `high` are the plausible range as published, both included; `label_fr` is the header of
    OpenDataSoft's CSV export; `remark` describes special codes and how cleaning treats them.
    """

    kind: Kind
    unit: str
    label: str
    label_fr: str
    low: float = 0.0
    high: float = 0.0
    remark: str = ""
    name: str = ""


TRACE_MM = -0.1
"""Published value of a trace of rain: 11,857 of 190,546 rr3 readings; summed as it is, daily rain is negative."""
SKY_HIDDEN_PERCENT = 101
"""Code in `n` for a hidden sky (fog, blowing snow); not a percentage."""
RAIN_FIELDS = ("rr1", "rr3", "rr6", "rr12", "rr24")
"""Fields that may hold a trace; the n-th is bit n of `rr_trace`."""

_TRACE = f"{TRACE_MM} is a trace: becomes 0, flagged in rr_trace"
_K = (183.15, 333.15)  # -90 °C (Vostok -89.2) to 60 °C (Furnace Creek 56.7)


class Observation(NamedTuple):
    """What one station reported at one time, cleaned. Field order is column order in every store."""

    numer_sta: Annotated[str, Field("key", "", "WMO station number", "ID OMM station")]
    date: Annotated[datetime, Field("key", "UTC", "time of observation", "Date", remark="without an offset")]
    pmer: Annotated[Number, Field("measure", "Pa", "sea-level pressure", "Pression au niveau mer", 86_000, 110_000)]
    tend: Annotated[
        Number, Field("measure", "Pa", "pressure change in 3 h", "Variation de pression en 3 heures", -15_000, 15_000)
    ]
    cod_tend: Annotated[
        Number, Field("code", "", "pressure tendency (WMO 0200)", "Type de tendance barométrique", 0, 15)
    ]
    dd: Annotated[
        Number,
        Field(
            "measure",
            "°",
            "wind direction, 10 min mean",
            "Direction du vent moyen 10 mn",
            0,
            360,
            "0 is calm, 360 is north",
        ),
    ]
    ff: Annotated[Number, Field("measure", "m/s", "wind speed, 10 min mean", "Vitesse du vent moyen 10 mn", 0, 110)]
    t: Annotated[Number, Field("measure", "K", "air temperature", "Température", *_K)]
    td: Annotated[Number, Field("measure", "K", "dew point", "Point de rosée", 143.15, 313.15)]
    u: Annotated[Number, Field("measure", "%", "relative humidity", "Humidité", 0, 100)]
    vv: Annotated[Number, Field("measure", "m", "visibility", "Visibilité horizontale", 0, 200_000)]
    ww: Annotated[Number, Field("code", "", "present weather (WMO 4677, BUFR 0 20 003)", "Temps présent", 0, 511)]
    n: Annotated[
        Number,
        Field(
            "measure",
            "%",
            "total cloud cover",
            "Nebulosité totale",
            0,
            SKY_HIDDEN_PERCENT,
            f"{SKY_HIDDEN_PERCENT} is a hidden sky: becomes null, flagged in n_hidden",
        ),
    ]
    pres: Annotated[Number, Field("measure", "Pa", "station pressure", "Pression station", 40_000, 110_000)]
    tn12: Annotated[Number, Field("measure", "K", "minimum over 12 h", "Température minimale sur 12 heures", *_K)]
    tn24: Annotated[Number, Field("measure", "K", "minimum over 24 h", "Température minimale sur 24 heures", *_K)]
    tx12: Annotated[Number, Field("measure", "K", "maximum over 12 h", "Température maximale sur 12 heures", *_K)]
    tx24: Annotated[Number, Field("measure", "K", "maximum over 24 h", "Température maximale sur 24 heures", *_K)]
    raf10: Annotated[
        Number, Field("measure", "m/s", "gust in the last 10 min", "Rafale sur les 10 dernières minutes", 0, 150)
    ]
    rafper: Annotated[Number, Field("measure", "m/s", "gust over `per`", "Rafales sur une période", 0, 150)]
    per: Annotated[
        Number,
        Field(
            "measure",
            "min",
            "gust period",
            "Periode de mesure de la rafale",
            -1_440,
            1_440,
            "published negative: becomes positive",
        ),
    ]
    ht_neige: Annotated[
        Number,
        Field(
            "measure",
            "m",
            "snow depth",
            "Hauteur totale de la couche de neige, glace, autre au sol",
            -0.02,
            20,
            "BUFR 0 13 013: -0.01 is a trace, -0.02 snow that does not cover the ground",
        ),
    ]
    rr1: Annotated[
        Number,
        Field("measure", "mm", "rain in the last hour", "Précipitations dans la dernière heure", TRACE_MM, 400, _TRACE),
    ]
    rr3: Annotated[
        Number,
        Field("measure", "mm", "rain in 3 h", "Précipitations dans les 3 dernières heures", TRACE_MM, 800, _TRACE),
    ]
    rr6: Annotated[
        Number,
        Field("measure", "mm", "rain in 6 h", "Précipitations dans les 6 dernières heures", TRACE_MM, 1_200, _TRACE),
    ]
    rr12: Annotated[
        Number,
        Field("measure", "mm", "rain in 12 h", "Précipitations dans les 12 dernières heures", TRACE_MM, 1_600, _TRACE),
    ]
    rr24: Annotated[
        Number,
        Field("measure", "mm", "rain in 24 h", "Précipitations dans les 24 dernières heures", TRACE_MM, 2_000, _TRACE),
    ]
    n_hidden: Annotated[int, Field("flag", "0 or 1", "the sky could not be seen", "")]
    rr_trace: Annotated[
        int, Field("flag", "bits", "traces of rain: 1 rr1, 2 rr3, 4 rr6, 8 rr12, 16 rr24", "", remark="0 means none")
    ]
    raw_object: Annotated[str, Field("trace", "", "raw object that the row was read from", "")]


def _named_fields() -> dict[str, Field]:
    hints = get_type_hints(Observation, include_extras=True)
    return {name: replace(hint.__metadata__[0], name=name) for name, hint in hints.items()}


FIELDS: dict[str, Field] = _named_fields()
"""Columns by name, in column order."""
MEASURED: tuple[Field, ...] = tuple(field for field in FIELDS.values() if field.kind in ("measure", "code"))
"""The published columns of a record: numbers with a range."""
