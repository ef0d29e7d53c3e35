"""All colours of the site, for light and dark, and the themes of plotly and Mantine."""

from typing import Any, Final, NamedTuple


class Theme(NamedTuple):
    """Colours by what they mean. Text on `surface` keeps a contrast of 4.5 to 1 at least, lines and marks 3 to 1."""

    scheme: str
    surface: str
    text: str
    muted: str
    grid: str
    land: str
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
    missing: str
    cities: tuple[str, ...]
    """Six colours distinguishable with colour blindness: blue, orange, green, purple, yellow-brown, sky."""
    scales: dict[str, list[list[float | str]]]
    """Colours of a metric from its lowest to its highest value."""


_TEMPERATURE: Final[list[list[float | str]]] = [
    [0.0, "#43207c"],
    [0.15, "#2b5fb5"],
    [0.3, "#4ba4d6"],
    [0.45, "#86cfae"],
    [0.6, "#f1e28c"],
    [0.75, "#f1a04b"],
    [0.88, "#d64a2c"],
    [1.0, "#8c1424"],
]
"""Many hues, as on weather maps: with the Antarctic and the tropics on one scale, two leave all of France one blue."""
_PRESSURE: Final[list[list[float | str]]] = [[0.0, "#4b2a84"], [0.5, "#a68cc9"], [1.0, "#f0d9a8"]]
_WIND: Final[list[list[float | str]]] = [[0.0, "#d5ece3"], [0.5, "#46a58c"], [1.0, "#0b4a4a"]]
_RAIN: Final[list[list[float | str]]] = [[0.0, "#e3eef8"], [0.5, "#4f97d1"], [1.0, "#123a78"]]
_SHARE: Final[list[list[float | str]]] = [[0.0, "#b3432c"], [0.5, "#e6b450"], [0.9, "#7fb98a"], [1.0, "#2f7d4f"]]
_SCALES: Final = {
    "temperature": _TEMPERATURE,
    "pressure": _PRESSURE,
    "wind": _WIND,
    "rain": _RAIN,
    "share": _SHARE,
}

LIGHT: Final = Theme(
    scheme="light",
    surface="#ffffff",
    text="#1f2933",
    muted="#52606d",
    grid="#e4e7eb",
    land="#eef1f4",
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
    missing="#9aa5b1",
    cities=("#1f5fb4", "#c2500a", "#177a4c", "#8a3fa8", "#8a6a00", "#0b8aa0"),
    scales=_SCALES,
)
DARK: Final = Theme(
    scheme="dark",
    surface="#1f2329",
    text="#e6e9ed",
    muted="#a9b2bd",
    grid="#353b44",
    land="#2c323a",
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
    missing="#66707d",
    cities=("#74a9f7", "#ff9a52", "#5ccf92", "#cf92ec", "#dfbb45", "#4fc9de"),
    scales=_SCALES,
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
        "modebar": {"remove": ["toImage"]},
    }
