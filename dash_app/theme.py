"""All colours of the site, for light and dark, and the themes of plotly and Mantine."""

from typing import Any, Final, NamedTuple


class Theme(NamedTuple):
    """Colours by what they mean. Text on `surface` keeps a contrast of 4.5 to 1 at least, lines and marks 3 to 1."""

    scheme: str
    surface: str
    text: str
    muted: str
    grid: str
    border: str
    warm: str
    cold: str
    mean: str
    band: str
    pressure: str
    wind: str
    gust: str
    rain: str
    rain_total: str
    other_years: str
    cities: tuple[str, ...]
    """Six colours distinguishable with colour blindness: blue, orange, green, purple, yellow-brown, sky."""


LIGHT: Final = Theme(
    scheme="light",
    surface="#ffffff",
    text="#1f2933",
    muted="#52606d",
    grid="#e4e7eb",
    border="#9aa5b1",
    warm="#c2410c",
    cold="#1d63b8",
    mean="#9a3412",
    band="rgba(234,138,78,0.28)",
    pressure="#6d3fb0",
    wind="#0f766e",
    gust="#b45309",
    rain="#2b7bc4",
    rain_total="#123a78",
    other_years="rgba(100,116,139,0.25)",
    cities=("#1f5fb4", "#c2500a", "#177a4c", "#8a3fa8", "#8a6a00", "#0b8aa0"),
)
DARK: Final = Theme(
    scheme="dark",
    surface="#1f2329",
    text="#e6e9ed",
    muted="#a9b2bd",
    grid="#353b44",
    border="#66707d",
    warm="#fb8b5c",
    cold="#74b3f5",
    mean="#ffb284",
    band="rgba(251,139,92,0.25)",
    pressure="#b79af0",
    wind="#4fd0bd",
    gust="#f5b35c",
    rain="#5fa8ec",
    rain_total="#a9d0fb",
    other_years="rgba(169,178,189,0.25)",
    cities=("#74a9f7", "#ff9a52", "#5ccf92", "#cf92ec", "#dfbb45", "#4fc9de"),
)
THEMES: Final = {"light": LIGHT, "dark": DARK}
FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

MANTINE: Final[dict[str, Any]] = {
    "fontFamily": FONT,
    "headings": {"fontFamily": FONT},
    "primaryColor": "blue",
    "primaryShade": {"light": 8, "dark": 5},
    "defaultRadius": "md",
    "autoContrast": True,
}
"""What Mantine's components look like; both schemes are its own, but for the darkest tones."""


def layout(theme: Theme, separators: str) -> dict[str, Any]:
    """The base layout of every chart."""
    axis = {
        "gridcolor": theme.grid,
        "zerolinecolor": theme.grid,
        "linecolor": theme.border,
        "tickcolor": theme.border,
        "automargin": True,
    }
    return {
        "paper_bgcolor": theme.surface,
        "plot_bgcolor": theme.surface,
        "font": {"family": FONT, "size": 13, "color": theme.text},
        "separators": separators,
        "margin": {"l": 8, "r": 24, "t": 8, "b": 8},
        "xaxis": {**axis, "showgrid": False},
        "yaxis": axis,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": theme.surface, "bordercolor": theme.border, "font": {"color": theme.text}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left", "font": {"size": 12}},
        "bargap": 0.15,
        # A finger scrolls the page, and an accidental drag changes nothing: zoom is a button (`site.js`).
        "dragmode": False,
    }
