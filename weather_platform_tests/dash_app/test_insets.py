"""Every station of the reference table is on the map: at home, or in the inset of its territory."""

import pytest

from dash_app.insets import INSETS, LAYOUTS, WIDE, Layout, latitude, mercator
from weather_platform.domain.stations import STATIONS


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_station_is_drawn_within_the_frame(layout: Layout) -> None:
    for station in STATIONS.values():
        assert station.longitude_deg is not None
        assert station.latitude_deg is not None
        spot = layout.drawn_at(station.longitude_deg, station.latitude_deg)
        assert spot is not None, station.name
        assert layout.west <= spot[0] <= layout.east, station.name
        assert layout.south <= spot[1] <= layout.north, station.name


def test_a_place_at_home_is_where_it_is() -> None:
    assert WIDE.drawn_at(7.209, 43.6488) == (7.209, 43.6488)


def test_a_place_of_no_territory_is_not_drawn() -> None:
    assert WIDE.drawn_at(-73.9, 40.7) is None


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_territory_stays_within_its_box_and_boxes_apart(layout: Layout) -> None:
    boxes = [layout.box(inset) for inset in INSETS]
    for inset, (left, bottom, right, top) in zip(INSETS, boxes, strict=True):
        for corner in ((inset.west, inset.south), (inset.east, inset.north)):
            x, y = layout.place(inset, *corner)
            assert left <= x <= right
            assert bottom <= mercator(y) <= top
        assert layout.west <= left < right <= layout.east
        assert layout.south <= latitude(bottom) + 1e-9
    for n, (left, bottom, right, top) in enumerate(boxes):
        for other in boxes[:n]:
            assert right <= other[0] or other[2] <= left or top <= other[1] or other[3] <= bottom


@pytest.mark.parametrize("degrees", [-66.0, 0.0, 43.6, 51.0])
def test_mercator_turns_back(degrees: float) -> None:
    assert latitude(mercator(degrees)) == pytest.approx(degrees)
