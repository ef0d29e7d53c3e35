"""Components as HTML text, which the browser places without React (`site.js`, `fill`)."""

from html import escape
from typing import Any, Final

_NAMES: Final = {"className": "class", "tabIndex": "tabindex", "colSpan": "colspan"}
_EMPTY: Final = ("Br", "Hr", "Img", "Input")
"""Elements without an end tag."""


def markup(node: Any) -> str:
    """A tree of `dash.html` as text; every text and value is escaped. Properties of Dash alone (`n_clicks`) are not."""
    if node is None:
        return ""
    if isinstance(node, str | int | float):
        return escape(str(node))
    if isinstance(node, list | tuple):
        return "".join(map(markup, node))
    said = node.to_plotly_json()
    tag, kind, props = said["type"].lower(), said["type"], dict(said["props"])
    inner = markup(props.pop("children", None))
    attributes = "".join(
        f' {_NAMES.get(name, name)}="{escape(str(value))}"' for name, value in props.items() if value != ""
    )
    return f"<{tag}{attributes}>" + ("" if kind in _EMPTY else f"{inner}</{tag}>")
