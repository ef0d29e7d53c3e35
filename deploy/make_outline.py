"""Draw dash_app/assets/outline/: France, its departments, and its overseas territories in the insets of each layout.

    python deploy/make_outline.py FOLDER FONT.ttf

FOLDER holds fra, atf, spm and blm ``.geo.json``: Natural Earth's admin-1 shapes (public domain), simplified by
mapshaper as dash_app/assets/README.md says. Names are drawn as outlines of FONT's letters, because a map without a
network has no glyphs. Needs fontTools, which the platform does not.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

from dash_app.insets import INSETS, LAYOUTS, Inset, Layout, latitude

_TARGET = Path(__file__).resolve().parent.parent / "dash_app" / "assets" / "outline"
_LETTER_SHARE = 0.155
_BASELINE_SHARE = 0.055
"""Of a box's height; a name that is wider than its box is set smaller."""
_NAME_SHARE = 0.92
_CURVE_STEPS = 2

Ring = list[list[float]]


def main(folder: Path, font: Path) -> None:
    shapes = [shape for name in ("fra", "atf", "spm", "blm") for shape in _polygons(folder / f"{name}.geo.json")]
    for layout in LAYOUTS:
        land = [drawn for shape in shapes if (drawn := _drawn(shape, layout))]
        names = [ring for inset in INSETS for ring in _name(inset, layout, TTFont(font))]
        frames = [[_frame(inset, layout)] for inset in INSETS]
        for kind, polygons in (("land", land), ("frames", frames), ("names", names)):
            shape = {"type": "MultiPolygon", "coordinates": polygons}
            text = json.dumps({"type": "Feature", "properties": {}, "geometry": shape}, separators=(",", ":"))
            (_TARGET / f"{kind}-{layout.name}.geojson").write_text(text + "\n", encoding="ascii")


def _polygons(path: Path) -> list[list[Ring]]:
    found: list[list[Ring]] = []
    for feature in json.loads(path.read_text())["features"]:
        geometry = feature["geometry"]
        found += geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return found


def _drawn(polygon: list[Ring], layout: Layout) -> list[Ring] | None:
    """The polygon where the map shows it; None where a point of it is outside every window."""
    rings = []
    for ring in polygon:
        points = [layout.drawn_at(x, y) for x, y in ring]
        if None in points:
            return None
        rings.append([[round(v, 3) for v in point] for point in points if point])
    return rings


def _frame(inset: Inset, layout: Layout) -> Ring:
    west, bottom, east, top = layout.box(inset)
    corners = [(west, bottom), (east, bottom), (east, top), (west, top), (west, bottom)]
    return [[round(x, 3), round(latitude(y), 3)] for x, y in corners]


def _name(inset: Inset, layout: Layout, font: TTFont) -> list[list[Ring]]:
    glyphs, cmap, em = font.getGlyphSet(), font.getBestCmap(), font["head"].unitsPerEm
    west, bottom, east, top = layout.box(inset)
    width = sum(glyphs[cmap[ord(letter)]].width for letter in inset.name)
    scale, x = min(_LETTER_SHARE * (top - bottom) / em, _NAME_SHARE * (east - west) / width), 0.0
    polygons: list[list[Ring]] = []
    for letter in inset.name:
        name = cmap[ord(letter)]
        pen = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(pen)
        shapes = _with_holes(_rings(pen.value))
        polygons += [[[[x + px * scale, py * scale] for px, py in ring] for ring in shape] for shape in shapes]
        x += glyphs[name].width * scale
    left, floor = (west + east - x) / 2, bottom + _BASELINE_SHARE * (top - bottom)
    return [
        [[[round(left + px, 3), round(latitude(floor + py), 4)] for px, py in ring] for ring in shape]
        for shape in polygons
    ]


def _with_holes(rings: list[Ring]) -> list[list[Ring]]:
    """TrueType outlines: clockwise rings are ink, the others holes in the ink around them."""
    ink = [[ring] for ring in rings if _area(ring) < 0]
    for hole in (ring for ring in rings if _area(ring) >= 0):
        around = next((shape for shape in ink if _spans(shape[0], hole)), None)
        if around is None:  # a mirrored accent
            ink.append([hole])
        else:
            around.append(hole)
    return ink


def _area(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def _spans(outer: Ring, inner: Ring) -> bool:
    return all(min(p[axis] for p in outer) <= p[axis] <= max(p[axis] for p in outer) for p in inner for axis in (0, 1))


def _rings(pen: list[tuple[str, Any]]) -> list[Ring]:
    """The outlines of a glyph, its quadratic curves as short lines."""
    rings: list[Ring] = []
    for verb, points in pen:
        if verb == "moveTo":
            rings.append([list(points[0])])
        elif verb == "lineTo":
            rings[-1].append(list(points[0]))
        elif verb == "qCurveTo":
            *controls, end = points
            for i, control in enumerate(controls):
                last = i == len(controls) - 1
                to = end if last else [(control[j] + controls[i + 1][j]) / 2 for j in (0, 1)]
                rings[-1] += _curve(rings[-1][-1], control, to)
        elif verb == "closePath":
            rings[-1].append(rings[-1][0])
    return rings


def _curve(start: list[float], control: list[float], end: list[float]) -> Ring:
    steps = [n / _CURVE_STEPS for n in range(1, _CURVE_STEPS + 1)]
    return [[(1 - t) ** 2 * start[j] + 2 * t * (1 - t) * control[j] + t**2 * end[j] for j in (0, 1)] for t in steps]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
