"""The rules of quality control: one table, from which the screening takes its thresholds and the docs their page.

Météo-France and Infoclimat mark quality value by value; so do these. `erroneous` values are left out of every figure,
`suspect` ones are kept and figures that rest on them say so. No value is changed or deleted. Thresholds were set on
13 real months (190,546 rows, 62 stations); what each rule hit there is `hits`. `REJECTED` lists rules that were tried
and flag sound values.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from weather_platform.domain.climate.windows import Zone

Verdict = Literal["erroneous", "suspect"]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a value erroneous or suspect."""

    id: str
    verdict: Verdict
    fields: tuple[str, ...]
    """What the rule may flag."""
    says: str
    threshold: float = 0.0
    unit: str = ""
    hits: str
    source: str
    version: int = 1

    @property
    def hundredths(self) -> float:
        """The threshold as the grid counts."""
        return round(self.threshold * 100)


_WMO_LIMITS = "WMO-No. 8 and No. 305, gross error limits; the values are our own"
_CONSISTENCY = "WMO-No. 305, internal consistency"
_EXTREMES = ("tn12", "tn24", "tx12", "tx24")
_RAINS = ("rr1", "rr3", "rr6", "rr12", "rr24")

LIMITS_C: Mapping[Zone, tuple[float, float]] = {
    "france": (-40, 48),
    "tropics": (8, 43),
    "saint_pierre": (-30, 35),
    "southern": (-15, 32),
    "adelie": (-50, 15),
    "unknown": (-90, 60),
}
"""The limits of E1 by climate, °C. Seen in 13 months: France -10.5 to 42.3, tropics 15.4 to 37.7, Saint-Pierre
-15.9 to 23.2, Terre Adélie -31.2 to 5.5."""

FOEHN_K = 3.0
"""NICE 2024-03-23 18 UTC: +4.2 K and -24.6 K of dew point as the wind turned from 100 to 300°. The air is at most 0.2 K
warmer at the six dew points that are wrong."""

_TABLE = (
    Rule(
        id="E1",
        verdict="erroneous",
        fields=("t", *_EXTREMES),
        says="Temperature outside what the station's climate allows.",
        hits="0 of 182,000",
        source=_WMO_LIMITS,
    ),
    Rule(
        id="E2",
        verdict="erroneous",
        fields=("t",),
        says="Temperature further than the threshold from both 3 h neighbours, on the same side.",
        threshold=9.0,
        unit="K",
        hits="1 of 182,970; at 8 K three more, all true weather",
        source="Spike tests of WMO's DataResQC and of HadISD",
    ),
    Rule(
        id="E2-td",
        verdict="erroneous",
        fields=("td", "u"),
        says="Dew point further than the threshold from both 3 h neighbours, on the same side; the humidity goes too. "
        f"Not where the air is more than {FOEHN_K:g} K warmer than at both: foehn is dry and warm at once.",
        threshold=12.0,
        unit="K",
        hits="6 of 182,068; the next is 9.4, and true",
        source="Spike tests of WMO's DataResQC and of HadISD",
        version=2,
    ),
    Rule(
        id="E3",
        verdict="erroneous",
        fields=("tn12", "tn24"),
        says="The minimum equals the maximum of the same period: the field holds the maximum twice.",
        hits="939 of 33,953 tn12 and 269 of 36,682 tn24, at LAMENTIN and CAYENNE alone",
        source="Found in the archive",
    ),
    Rule(
        id="E4",
        verdict="erroneous",
        fields=_EXTREMES,
        says="A minimum above, or a maximum below, a reading of its own period by more than the threshold.",
        threshold=0.5,
        unit="K",
        hits="24 of 70,000 (KERGUELEN 16, ST-PIERRE 8)",
        source=_CONSISTENCY,
    ),
    Rule(
        id="E4-far",
        verdict="erroneous",
        fields=_EXTREMES,
        says=(
            "A minimum below the lowest, or a maximum above the highest, of the readings of its period by more than "
            "the threshold. Needs every 3 h reading of the period, ends included: with one absent, 5 true values go."
        ),
        threshold=7.0,
        unit="K",
        hits="2 of 67,000 (TARBES, MARIGNANE)",
        source="Found in the archive",
    ),
    Rule(
        id="S1",
        verdict="suspect",
        fields=("tx12", "tx24"),
        says="As E4-far, for a maximum, by more than this threshold.",
        threshold=6.0,
        unit="K",
        hits="2 (BALE-MULHOUSE, NICE); both may be real",
        source="Found in the archive",
    ),
    Rule(
        id="E5",
        verdict="erroneous",
        fields=("td", "u"),
        says="Dew point further below the temperature than the threshold: the sensor failed.",
        threshold=42.0,
        unit="K",
        hits="13; MILLAU 2023-10-07 (36 K, 10 %, 29 °C) is true",
        source="Found in the archive",
    ),
    Rule(
        id="E5-dry",
        verdict="erroneous",
        fields=("td", "u"),
        says="Relative humidity below the threshold at a tropical station.",
        threshold=30.0,
        unit="%",
        hits="23 (ST GEORGES, EUROPA)",
        source="Found in the archive",
    ),
    Rule(
        id="E6",
        verdict="erroneous",
        fields=("ht_neige",),
        says="1 cm of snow or more on ground whose air was above the threshold for 24 h.",
        threshold=4.0,
        unit="°C",
        hits="294 of 107,445",
        source="Found in the archive",
    ),
    Rule(
        id="E6-spike",
        verdict="erroneous",
        fields=("ht_neige",),
        says="Snow deeper than at both 3 h neighbours by more than the threshold.",
        threshold=0.12,
        unit="m",
        hits="5 of 107,445 (ROUEN: 1.44 m between 0 and 0)",
        source="Found in the archive",
    ),
    Rule(
        id="S6",
        verdict="suspect",
        fields=("ht_neige",),
        says="As E6, above this threshold.",
        threshold=2.0,
        unit="°C",
        hits="48",
        source="Found in the archive",
    ),
    Rule(
        id="E7",
        verdict="erroneous",
        fields=_RAINS,
        says=(
            "A total of rain that exceeds, by more than the threshold, a later and longer total that covers its "
            "period. An rr12 that is flagged takes with it an rr24 of the same hour that is not below it."
        ),
        threshold=1.0,
        unit="mm",
        hits="2 gauge tests at NICE, each in rr1 to rr24 of its hour, corrected in all later totals",
        source="Found in the archive",
    ),
    Rule(
        id="S2",
        verdict="suspect",
        fields=("rr24",),
        says="A total of 24 h off its eight totals of 3 h by more than the threshold, and by more than 2 %.",
        threshold=0.5,
        unit="mm",
        hits="3 station-days",
        source=_CONSISTENCY,
    ),
    Rule(
        id="S3",
        verdict="erroneous",
        fields=("tminsol",),
        says="Ground minimum above the threshold.",
        threshold=45.0,
        unit="°C",
        hits="8 (KERGUELEN: 50.0 each)",
        source=_WMO_LIMITS,
    ),
    Rule(
        id="S3-stuck",
        verdict="suspect",
        fields=("tminsol",),
        says="Ground minimum of exactly 0 °C for so many readings on end.",
        threshold=8,
        unit="readings",
        hits="2 runs (ST-PIERRE)",
        source="Found in the archive",
    ),
    Rule(
        id="S4",
        verdict="suspect",
        fields=("t", "td", "pres"),
        says="The same value for so many readings on end, over 21 h or more.",
        threshold=8,
        unit="readings",
        hits="0; the longest run of t is 5",
        source="HadISD, streaks",
    ),
    Rule(
        id="S4-dd",
        verdict="suspect",
        fields=("dd",),
        says="The same wind direction for so many readings on end, over 69 h or more.",
        threshold=24,
        unit="readings",
        hits="3 runs (ST-BARTHELEMY, 60°)",
        source="HadISD, streaks",
    ),
    Rule(
        id="C2",
        verdict="suspect",
        fields=("pmer",),
        says="Sea-level pressure off the hypsometric one by more than the threshold, beyond what is usual there.",
        threshold=1.5,
        unit="hPa",
        hits="0 of 177,457; the largest below 0.5",
        source="WMO-No. 8, reduction of pressure",
    ),
    Rule(
        id="C3",
        verdict="erroneous",
        fields=("td", "u", "raf10", "rafper", "dd"),
        says=(
            "Dew point above the temperature, gust below the mean wind, gust of the period below the one of the last "
            "10 min, a direction without wind, or none with a wind above the threshold."
        ),
        threshold=0.5,
        unit="m/s",
        hits="0 of 145,182; DIJON 2023-09-29 03 UTC, 0.5 m/s from nowhere, is nearly calm",
        source=_CONSISTENCY,
    ),
    Rule(
        id="C4",
        verdict="suspect",
        fields=("u",),
        says="Relative humidity off the one that temperature and dew point give (Magnus) by more than the threshold.",
        threshold=6.0,
        unit="%",
        hits="0 of 185,692; the largest 4.9",
        source="WMO-No. 8, annex 4.B",
    ),
    Rule(
        id="B1",
        verdict="suspect",
        fields=("t",),
        says="Temperature anomaly off the median of the 5 nearest stations by more than the threshold (France alone).",
        threshold=15.0,
        unit="K",
        hits="1, true; at 12 K four, three of them foehn and inversions",
        source="Buddy check of titanlib",
    ),
    Rule(
        id="B1-td",
        verdict="suspect",
        fields=("td",),
        says="Dew point anomaly off the median of the 5 nearest stations by more than the threshold (France alone).",
        threshold=18.0,
        unit="K",
        hits="13, all known to E2-td and E5",
        source="Buddy check of titanlib",
    ),
)

RULES: Mapping[str, Rule] = {rule.id: rule for rule in _TABLE}
HAND = "hand"
"""The rule of a flag that a person set."""

REJECTED: Mapping[str, str] = {
    "Time consistency of WMO (3 h: t 9 K, td 8 K, pressure 9 hPa)": "727, 153 and 68 hits, nearly all weather",
    "Step of temperature above 16 K": "4 hits, two of them storms (BALE-MULHOUSE 24 August, DIJON 11 July)",
    "Spike of pressure below 12 hPa": "the top hits are storms Gérard and Ciarán and the lows of KERGUELEN",
    "Sea-level pressure off the neighbours by 10 hPa": "7 hits, all false (Ciarán, Genoa lows)",
    "Humidity off the neighbours": "useless: humidity is local",
    "C1, `tend` against the difference of pressure": (
        "`tend` has lost its sign at 14 stations; it is not used, the difference of `pres` is"
    ),
}
