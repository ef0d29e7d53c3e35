"""`weather api-key`: a new key for a caller of the API."""

import secrets
from typing import Annotated

import typer

from weather_platform.commands.console import err, out
from weather_platform.domain.errors import BadInput
from weather_platform.settings import KEY_NAME, hashed_key


def api_key(name: Annotated[str, typer.Argument(help="whose key it is, as logs will call them")]) -> None:
    """Make an API key: give the key to its owner, and add the line below to WEATHER_API_KEYS."""
    if not KEY_NAME.fullmatch(name):
        raise BadInput(f"{name!r} cannot be the name of a key.", "Use the letters A to Z, digits, `_`, `.` and `-`.")
    key = secrets.token_urlsafe(32)
    err.print("The key, shown this once:", highlight=False)
    out.print(key, highlight=False)
    err.print("For WEATHER_API_KEYS (several with a comma between):", highlight=False)
    out.print(f"{name}:{hashed_key(key)}", highlight=False)
