"""The schemes, the themes of pictures and of Mantine; colours of the pages are variables of `assets/site.css`."""

from typing import Any, Final, NamedTuple


class Theme(NamedTuple):
    """Colours by what they mean, for pictures that stand alone. Text keeps a contrast of 4.5 to 1 on `surface`."""

    scheme: str
    surface: str
    text: str
    muted: str
    grid: str


LIGHT: Final = Theme(scheme="light", surface="#ffffff", text="#1f2933", muted="#52606d", grid="#e4e7eb")
DARK: Final = Theme(scheme="dark", surface="#1f2329", text="#e6e9ed", muted="#a9b2bd", grid="#353b44")
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
