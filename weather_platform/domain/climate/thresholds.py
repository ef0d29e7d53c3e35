"""The thresholds of climatology in one table: counts of days, by Météo-France's names, with ETCCDI's beside them.

Every threshold is inclusive, as in Météo-France's monthly data (descriptor MENSQ). ETCCDI's are not always inclusive:
its frost day is Tn < 0 and its tropical night Tn > 20.
"""

from typing import Literal, NamedTuple

Element = Literal["tn", "tx", "rr", "fxi", "snow"]


class DayCount(NamedTuple):
    """Days on which an element reaches a value."""

    element: Element
    name: str
    """Of the count in a monthly sheet."""
    reached: Literal["at_least", "at_most"]
    value: float
    unit: str
    says: str
    says_fr: str
    meteofrance: str = ""
    """Name in Météo-France's monthly data."""
    etccdi: str = ""
    """Name and, where it differs, definition among the ETCCDI indices."""


DAY_COUNTS: tuple[DayCount, ...] = (
    DayCount("tn", "days_le_0", "at_most", 0, "°C", "frost days", "jours de gel", "NBJGELEE", "FD (Tn < 0)"),
    DayCount("tn", "days_le_m5", "at_most", -5, "°C", "days of severe frost", "jours de forte gelée", "NBJTN5"),
    DayCount("tn", "days_le_m10", "at_most", -10, "°C", "days of great cold", "jours de grand froid", "NBJTN10"),
    DayCount(
        "tn", "days_ge_20", "at_least", 20, "°C", "tropical nights", "nuits tropicales", "NBJTNS20", "TR (Tn > 20)"
    ),
    DayCount("tn", "days_ge_25", "at_least", 25, "°C", "very hot nights", "nuits très chaudes", "NBJTNS25"),
    DayCount("tx", "days_le_0", "at_most", 0, "°C", "ice days", "jours sans dégel", "NBJTX0", "ID (Tx < 0)"),
    DayCount("tx", "days_ge_25", "at_least", 25, "°C", "summer days", "jours d'été", "NBJTX25", "SU (Tx > 25)"),
    DayCount("tx", "days_ge_30", "at_least", 30, "°C", "hot days", "jours de chaleur", "NBJTX30"),
    DayCount("tx", "days_ge_32", "at_least", 32, "°C", "hot days (tropics)", "jours chauds (tropiques)", "NBJTXS32"),
    DayCount("tx", "days_ge_35", "at_least", 35, "°C", "very hot days", "jours de forte chaleur", "NBJTX35"),
    DayCount("rr", "days_ge_1", "at_least", 1, "mm", "rain days", "jours de pluie", "NBJRR1", "RR1 (wet days)"),
    DayCount("rr", "days_ge_5", "at_least", 5, "mm", "days of 5 mm", "jours de 5 mm", "NBJRR5"),
    DayCount("rr", "days_ge_10", "at_least", 10, "mm", "days of 10 mm", "jours de 10 mm", "NBJRR10", "R10mm"),
    DayCount("rr", "days_ge_20", "at_least", 20, "mm", "days of 20 mm", "jours de 20 mm", "", "R20mm"),
    DayCount("rr", "days_ge_30", "at_least", 30, "mm", "days of 30 mm", "jours de 30 mm", "NBJRR30"),
    DayCount("rr", "days_ge_50", "at_least", 50, "mm", "days of 50 mm", "jours de 50 mm", "NBJRR50"),
    DayCount("rr", "days_ge_100", "at_least", 100, "mm", "days of 100 mm", "jours de 100 mm", "NBJRR100"),
    DayCount(
        "fxi", "days_ge_10", "at_least", 10, "m/s", "days of gusts of 36 km/h", "jours de rafales de 36 km/h", "NBJFF10"
    ),
    DayCount("fxi", "days_ge_16", "at_least", 16, "m/s", "days of gusts of 58 km/h", "jours de vent fort", "NBJFF16"),
    DayCount(
        "fxi",
        "days_ge_28",
        "at_least",
        28,
        "m/s",
        "days of gusts of 100 km/h",
        "jours de rafales de 100 km/h",
        "NBJFF28",
    ),
    DayCount("snow", "days_ge_1", "at_least", 1, "cm", "days of lying snow", "jours de sol enneigé", ""),
)

HEATING_BASE_C = 18.0
"""Of degree days: max(0, 18 - (Tn + Tx)/2) summed, as on Météo-France's sheets (data.gouv.fr, Métropole de Lyon). The
heating trade's own method, between Tn and Tx, differs."""
GROWING_BASE_C = 10.0
"""Of growing degree days (vine): max(0, (Tn + Tx)/2 - 10) summed."""
FOG_M = 1_000

# Present weather by WMO 4677; from 2025 also the automatic codes of BUFR 0 20 003, which are WMO 4680 and 100.
FOG_CODES = frozenset({*range(41, 50), *range(130, 136)})
THUNDER_CODES = frozenset({17, 29, *range(91, 100), 126, *range(190, 197)})
SNOW_CODES = frozenset(
    {22, 23, 26, 68, 69, *range(70, 80), *range(83, 87), 93, 94, 124, 145, 146, 167, 168, *range(170, 174), 177}
    | {*range(185, 188)}
)
HAIL_CODES = frozenset({27, *range(87, 91), 96, 99, 189, 193, 196})

NOT_COMPUTABLE = {
    "insolation": "SYNOP reports no sunshine",
    "etp": "Penman's evapotranspiration needs radiation, which SYNOP does not report",
    "heat_wave": "a vague de chaleur is national: the mean of 30 stations; 17 of them report SYNOP",
}
"""Figures of a French climate sheet that these observations cannot give, and why."""
