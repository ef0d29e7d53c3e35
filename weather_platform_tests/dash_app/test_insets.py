"""Every station of the reference table is on the map: at home, or in the inset of its territory."""

import pytest

from dash_app.insets import FRAME, INSETS, drawn_at, latitude, mercator
from weather_platform.domain.stations import STATIONS


def test_every_station_is_drawn_within_the_frame() -> None:
    west, south, east, north = FRAME
    for station in STATIONS.values():
        assert station.longitude_deg is not None
        assert station.latitude_deg is not None
        spot = drawn_at(station.longitude_deg, station.latitude_deg)
        assert spot is not None, station.name
        assert west <= spot[0] <= east, station.name
        assert south <= spot[1] <= north, station.name


def test_a_place_at_home_is_where_it_is() -> None:
    assert drawn_at(7.209, 43.6488) == (7.209, 43.6488)


def test_a_place_of_no_territory_is_not_drawn() -> None:
    assert drawn_at(-73.9, 40.7) is None


def test_a_territory_stays_within_its_box_and_boxes_apart() -> None:
    for inset in INSETS:
        left, bottom, right, top = inset.box
        for corner in ((inset.west, inset.south), (inset.east, inset.north)):
            x, y = inset.place(*corner)
            assert left <= x <= right
            assert bottom <= mercator(y) <= top
    assert len({inset.slot for inset in INSETS}) == len(INSETS)


@pytest.mark.parametrize("degrees", [-66.0, 0.0, 43.6, 51.0])
def test_mercator_turns_back(degrees: float) -> None:
    assert latitude(mercator(degrees)) == pytest.approx(degrees)
