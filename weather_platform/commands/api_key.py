"""`weather api-key`: a new key for a caller of the API."""

import secrets
from typing import Annotated

import typer

from weather_platform.commands.console import err, out
from weather_platform.domain.errors import BadInput
from weather_platform.settings import KEY_NAME, hashed_key


def api_key(name: Annotated[str, typer.Argument(help="name of the key's owner, as it will appear in logs")]) -> None:
    """Make an API key. Give the key to its owner and add the printed line to WEATHER_API_KEYS."""
    if not KEY_NAME.fullmatch(name):
        raise BadInput(f"{name!r} cannot be the name of a key.", "Use the letters A to Z, digits, `_`, `.` and `-`.")
    key = secrets.token_urlsafe(32)
    err.print("The key, shown this once:", highlight=False)
    out.print(key, highlight=False)
    err.print("For WEATHER_API_KEYS (separate several with commas):", highlight=False)
    out.print(f"{name}:{hashed_key(key)}", highlight=False)
