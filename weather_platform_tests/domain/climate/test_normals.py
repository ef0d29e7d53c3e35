"""Official climate sheets are read section by section, and found by place and altitude."""

from datetime import date

import msgspec
import pytest

from weather_platform.domain.climate.normals import (
    ClimateSheet,
    SheetPlace,
    nearest_place,
    read_places,
    read_sheet,
)
from weather_platform.domain.errors import BadInput
from weather_platform.domain.stations import STATIONS, Station

SHEET = """FICHE CLIMATOLOGIQUE;
Statistiques 1991-2020 et records;

AILLEURS (99)                 Indicatif : 99001001, alt : 250m, lat : 45°58'35"N, lon : 01°20'00"W
Edité le : 05/11/2026
;Janv.;Févr.;Mars;Avril;Mai;Juin;Juil.;Août;Sept.;Oct.;Nov.;Déc.;Année;
La température la plus élevée (°C)
(Records établis sur la période du 01-06-1946 au 04-11-2026)
;17.1;20.5;24;28.2;31.1;38;40.1;39.3;34.8;29.4;22.3;18.5;40.1;
Date;01-2023;27-2019;31-2021;30-2005;27-2005;28-2019;25-2019;12-2003;04-2023;02-2011;01-2020;19-2015;2019;
Température maximale (Moyenne en °C)
;6.8;8.1;12.2;15.6;19.5;23;25.4;25.2;21;16.3;10.7;7.3;15.9;
Précipitations : Hauteur moyenne mensuelle (mm)
Statistiques établies sur la période 1996-2020
;70.1;60.2;-;55.5;70;60;55;54.3;61;72;78;80.9;717;
Nombre moyen de jours avec
Tx >=  30°C;.;.;.;.;0.4;2.6;5.1;4.3;0.6;.;.;.;13;
Tn <=  10°C;30;27;29;24;11;2;.;.;5;16;26;30;200;
Tn <= -10°C;0.5;0.4;.;.;.;.;.;.;.;.;.;0.2;1.1;
Rr >=  1 mm;11.5;10;10.1;9.9;10.5;9;8;8.1;8.5;10.9;11.8;12.6;120.9;
Nombre moyen de jours avec rafales
>= 16 m/s;5.1;4.5;4.6;3.3;2.5;2;2.2;2;2.1;3.3;3.9;5.2;40.7;
(16 m/s = 58 km/h, 28 m/s = 100 km/h)
Durée d'insolation (Moyenne en heures)
;-;-;-;-;-;-;-;-;-;-;-;-;-;
- : donnée manquante, . : donnée égale à 0
"""


def _rows(sheet: ClimateSheet) -> dict[str | None, tuple[float | None, float | None, int, int]]:
    """March, year, and the years of each row by figure."""
    return {row.figure: (row.values[2], row.values[12], row.first_year, row.last_year) for row in sheet.rows}


def test_a_sheet_says_whose_it_is() -> None:
    sheet = read_sheet(SHEET.encode())
    assert (sheet.number, sheet.name, sheet.department, sheet.altitude_m) == ("99001001", "AILLEURS", "99", 250)
    assert (sheet.latitude_deg, sheet.longitude_deg, sheet.edited) == (45.976389, -1.333333, date(2026, 11, 5))


def test_every_section_of_a_sheet_has_its_figure_and_years() -> None:
    assert _rows(read_sheet(SHEET.encode())) == {
        "tx.max": (24.0, 40.1, 1946, 2026),
        "tx.mean": (12.2, 15.9, 1991, 2020),
        "rr.total": (None, 717.0, 1996, 2020),
        "tx.days_ge_30": (0.0, 13.0, 1991, 2020),
        None: (29.0, 200.0, 1991, 2020),
        "tn.days_le_m10": (0.0, 1.1, 1991, 2020),
        "rr.days_ge_1": (10.1, 120.9, 1991, 2020),
        "fxi.days_ge_16": (4.6, 40.7, 1991, 2020),
    }


SECTIONS = [
    ("La température la plus élevée (°C)", "", "tx.max"),
    ("Température maximale (Moyenne en °C)", "", "tx.mean"),
    ("Température moyenne (Moyenne en °C)", "", "tm.mean"),
    ("Température minimale (Moyenne en °C)", "", "tn.mean"),
    ("La température la plus basse (°C)", "", "tn.min"),
    *(("Nombre moyen de jours avec", f"Tx >=  {n}°C", f"tx.days_ge_{n}") for n in (35, 30, 25)),
    ("Nombre moyen de jours avec", "Tx <=  0°C", "tx.days_le_0"),
    *(("Nombre moyen de jours avec", f"Tn <= {n}°C", f"tn.days_le_{n}".replace("-", "m")) for n in ("0", "-5", "-10")),
    ("Précipitations : Hauteur quotidienne maximale (mm)", "", "rr.max"),
    ("Précipitations : Hauteur moyenne mensuelle (mm)", "", "rr.total"),
    *(("Nombre moyen de jours avec", f"Rr >=  {n} mm", f"rr.days_ge_{n}") for n in (1, 5, 10)),
    ("Degrés Jours Unifiés (Moyenne en °C)", "", "tm.heating_18"),
    ("Rayonnement global (Moyenne en J/cm²)", "", None),
    ("Durée d'insolation (Moyenne en heures)", "", None),
    ("Evapotranspiration Potentielle (ETP Penman moyenne en mm)", "", None),
    ("Rafale maximale de vent (m/s)", "", "fxi.max"),
    ("Vitesse du vent moyenné sur 10 mn (Moyenne en m/s)", "", None),
    *(("Nombre moyen de jours avec rafales", f">= {n} m/s", f"fxi.days_ge_{n}") for n in (16, 28)),
    *(("Nombre moyen de jours avec brouillard / orage / grêle / neige", of, None) for of in ("Brouillard", "Orage")),
]


@pytest.mark.parametrize("padding", [";", ";" * 13])
def test_every_section_that_is_known_is_read(padding: str) -> None:
    head = SHEET.partition("La température")[0]
    values = ";1;2;3;4;5;6;7;8;9;10;11;12;13;"
    sheet = read_sheet(
        "\n".join(
            [
                head,
                *(
                    f"{title}{padding}\nRr : hauteur de précipitations{padding}\n{label}{values}"
                    for title, label, _ in SECTIONS
                ),
            ]
        ).encode()
    )
    assert [(row.section, row.label, row.figure) for row in sheet.rows] == SECTIONS
    assert {row.values for row in sheet.rows} == {tuple(float(n) for n in range(1, 14))}


def test_records_have_their_dates() -> None:
    record, mean = read_sheet(SHEET.encode()).rows[:2]
    assert (record.dates[1], record.dates[12], mean.dates) == ("27-2019", "2019", ())


@pytest.mark.parametrize("content", [b"", b"<html>Not found</html>", b"\xff\xfe", SHEET.partition("La ")[0].encode()])
def test_another_file_is_refused_as_a_sheet(content: bytes) -> None:
    with pytest.raises(BadInput):
        read_sheet(content)


def test_the_list_of_sheets_is_read() -> None:
    feature = {"properties": {"num": "6088001", "nom": "NICE"}, "geometry": {"coordinates": [7.2, 43.65]}}
    assert read_places(msgspec.json.encode({"type": "FeatureCollection", "features": [feature]})) == [
        SheetPlace(number="06088001", name="NICE", latitude_deg=43.65, longitude_deg=7.2)
    ]
    with pytest.raises(BadInput, match="Not a list of climate sheets"):
        read_places(b'{"features": [{"properties": {}}]}')


def _place(number: str, north_km: float, altitude_m: float | None) -> SheetPlace:
    nice = STATIONS["07690"]
    assert nice.latitude_deg is not None
    assert nice.longitude_deg is not None
    return SheetPlace(
        number=number,
        name="",
        latitude_deg=nice.latitude_deg + north_km / 111.2,
        longitude_deg=nice.longitude_deg,
        altitude_m=altitude_m,
    )


def test_a_sheet_belongs_to_the_nearest_station_of_its_altitude() -> None:
    high, far = _place("1", 0.1, 60), _place("2", 3.1, 2)
    near, farther = _place("3", 1.0, 12), _place("4", -2.0, None)
    assert nearest_place(STATIONS["07690"], [high, far, farther, near]) == near
    assert nearest_place(STATIONS["07690"], [high, far]) is None
    assert nearest_place(Station(station_id="99999", name="", slug="x"), [near]) is None
