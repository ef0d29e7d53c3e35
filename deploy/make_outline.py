"""Draw dash_app/assets/outline/: France, its departments, and its overseas territories in the insets of each layout.

    python deploy/make_outline.py FOLDER

FOLDER holds fra, atf, spm and blm ``.geo.json``: Natural Earth's admin-1 shapes (public domain), simplified by
mapshaper as dash_app/assets/README.md says.
"""

import json
import sys
from pathlib import Path

from dash_app.figures.stations_map import drawn_at
from dash_app.insets import LAYOUTS, Layout

_TARGET = Path(__file__).resolve().parent.parent / "dash_app" / "assets" / "outline"

Ring = list[list[float]]


def main(folder: Path) -> None:
    shapes = [shape for name in ("fra", "atf", "spm", "blm") for shape in _polygons(folder / f"{name}.geo.json")]
    for layout in LAYOUTS:
        path = "".join(drawn for shape in shapes if (drawn := _drawn(shape, layout)))
        svg = f'<svg xmlns="http://www.w3.org/2000/svg"><path id="land" fill-rule="evenodd" d="{path}"/></svg>\n'
        (_TARGET / f"{layout.name}.svg").write_text(svg, encoding="ascii")


def _polygons(path: Path) -> list[list[Ring]]:
    found: list[list[Ring]] = []
    for feature in json.loads(path.read_text())["features"]:
        geometry = feature["geometry"]
        found += geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return found


def _drawn(polygon: list[Ring], layout: Layout) -> str | None:
    """The polygon where the map shows it; None where a point of it is outside every window."""
    rings = []
    for ring in polygon:
        points = [drawn_at(layout, x, y) for x, y in ring[:-1]]
        if None in points:
            return None
        rings.append("M" + "L".join(f"{point[0]:.1f} {point[1]:.1f}" for point in points if point) + "Z")
    return "".join(rings)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
