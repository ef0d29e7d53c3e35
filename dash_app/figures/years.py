"""Figures over years, as SVG: the matrix of years and months, and the stripes of anomalies."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from dash_app import scales
from dash_app.figures.legend import Bar, legend
from dash_app.scales import Scale

_CELL_WIDTH, _CELL_HEIGHT, _LEFT, _TOP, _GAP = 60, 30, 62, 34, 10
"""Of the matrix, in the drawing's own units."""
_STRIPES_WIDTH, _STRIPES_HEIGHT, _YEARS_BELOW, _LEGEND_BELOW, _STRIPES_FONT = 1_000, 200, 30, 50, 17
_MOST_LABELS = 12


class Cell(NamedTuple):
    """A figure of a year and period."""

    text: str
    """As shown; empty where there is none."""
    value: float | None
    """In the stored unit; None where it is not complete, and so has no colour."""
    says: str
    href: str


class Column(NamedTuple):
    """A period of the matrix."""

    name: str
    scale: Scale
    starts_group: bool


class Stripe(NamedTuple):
    """A year against what is usual; None where it is not complete."""

    year: int
    anomaly: float | None
    says: str
    href: str


def matrix(years: Sequence[int], columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, title: str) -> str:
    """One row of cells per year; a complete one has its colour, an incomplete one a dashed frame."""
    lefts, x = [], _LEFT
    for column in columns:
        x += _GAP if column.starts_group else 0
        lefts.append(x)
        x += _CELL_WIDTH
    height = _TOP + _CELL_HEIGHT * len(years)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x + 4} {height + 4}" role="group"'
            f' aria-label={quoteattr(title)} class="matrix-drawing">'
        )
    ]
    for column, left in zip(columns, lefts, strict=True):
        parts.append(f'<text x="{left + _CELL_WIDTH / 2:g}" y="{_TOP - 12}" class="tick">{escape(column.name)}</text>')
    for number, (year, row) in enumerate(zip(years, rows, strict=True)):
        y = _TOP + number * _CELL_HEIGHT
        parts.append(f'<text x="{_LEFT - 10}" y="{y + 20}" class="year">{year}</text>')
        for cell, column, left in zip(row, columns, lefts, strict=True):
            parts += _cell(cell, column.scale, left, y)
    return "".join([*parts, "</svg>"])


def _cell(cell: Cell, scale: Scale, x: float, y: float) -> Iterator[str]:
    box = f'x="{x:g}" y="{y:g}" width="{_CELL_WIDTH - 2}" height="{_CELL_HEIGHT - 2}"'
    if not cell.text:
        yield f'<rect {box} class="none"/>'
        return
    yield f'<a href={quoteattr(cell.href)} data-go="here" tabindex="-1"><title>{escape(cell.says)}</title>'
    if cell.value is None:
        style, kind = 'class="partial"', 'class="value partial"'
    else:
        color = scale.color(cell.value)
        style, kind = f'fill="{color}" class="full"', f'fill="{scales.ink_on(color)}" class="value"'
    yield f"<rect {box} {style}/>"
    yield f'<text x="{x + _CELL_WIDTH / 2 - 1:g}" y="{y + 20:g}" {kind}>{escape(cell.text)}</text></a>'


def stripes(found: Sequence[Stripe], scale: Scale, *, said: Callable[[float], str], unit: str, title: str) -> str:
    """One stripe per year, from blue to red or from dry to wet, as Ed Hawkins draws them; grey without a value.

    The legend is below; `said` writes a value of the scale.
    """
    width, height = _STRIPES_WIDTH / max(1, len(found)), _STRIPES_HEIGHT + _YEARS_BELOW + _LEGEND_BELOW
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_STRIPES_WIDTH} {height}"'
            f' role="group" aria-label={quoteattr(title)} class="stripes-drawing">'
        )
    ]
    every = -(-len(found) // _MOST_LABELS)
    for number, stripe in enumerate(found):
        x = number * width
        color = "var(--land)" if stripe.anomaly is None else scale.color(stripe.anomaly)
        parts.append(
            f'<a href={quoteattr(stripe.href)} data-go="here" tabindex="-1"><title>{escape(stripe.says)}</title>'
            f'<rect x="{x:.2f}" y="0" width="{width + 0.5:.2f}" height="{_STRIPES_HEIGHT}" fill="{color}"/></a>'
        )
        if number % every == 0:
            parts.append(f'<text x="{x + width / 2:.2f}" y="{_STRIPES_HEIGHT + 22}" class="tick">{stripe.year}</text>')
    bar = Bar(20, height - 34, _STRIPES_WIDTH - 160, 12, _STRIPES_FONT)
    parts += legend(scale, bar, said)
    parts.append(f'<text x="{bar.left + bar.length + 16:g}" y="{bar.top + 12:g}" class="unit">{escape(unit)}</text>')
    return "".join([*parts, "</svg>"])
