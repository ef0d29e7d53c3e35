"""The legend of a scale of colours, as SVG: a bar of its colours, and its values below."""

from collections.abc import Callable, Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape

from dash_app.language import Language
from dash_app.scales import Scale
from weather_platform.domain.units import Unit


class Bar(NamedTuple):
    """Where a legend stands, in the drawing's units, and the size of its text."""

    left: float
    top: float
    length: float
    height: float
    font: float


def tick(word: Language, unit: Unit, value: float, *, signed: bool) -> str:
    """``−3``, ``0`` or ``+0,3``: a value of a scale in a unit; of a `signed` one, a difference."""
    exact = unit.difference(value) if signed else unit.exact(value)
    text = word.number(exact, 0 if abs(exact - round(exact)) < 0.05 else 1)
    return f"+{text}" if signed and exact > 0 else text


def legend(scale: Scale, bar: Bar, said: Callable[[float], str]) -> Iterator[str]:
    """`said` writes a value of the scale; every second is left out where they would touch."""
    for start, share, color in scale.pieces:
        x, wide = bar.left + start * bar.length, share * bar.length + 0.5
        yield f'<rect x="{x:.1f}" y="{bar.top:g}" width="{wide:.1f}" height="{bar.height:g}" fill="{color}"/>'
    marks = [(place, said(value)) for place, value in scale.marks]
    longest = 0.6 * bar.font * (1 + max(len(text) for _, text in marks))
    every = 2 if longest * len(marks) > bar.length else 1
    y = bar.top + bar.height + 1.1 * bar.font
    for place, text in marks[::every]:
        yield f'<text x="{bar.left + place * bar.length:.1f}" y="{y:.1f}" class="tick">{escape(text)}</text>'
