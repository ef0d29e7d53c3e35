"""`weather settings`: every setting, its value in effect and its default."""

from typing import Annotated

import typer

from weather_platform.commands.console import show_table
from weather_platform.settings import Settings, all_settings, shown

_PAGE = """\
# Configuration

Settings are environment variables, or lines `NAME=value` in the file `.env` of the folder where a command starts.
`WEATHER_ENV_FILE` names another file. The environment wins over the file. An empty variable counts as unset.
`weather settings` shows the values in effect, with secrets masked; `weather doctor` tests them. `docker compose` reads
the same `.env`.

| Variable | Default | Meaning |
|---|---|---|
{rows}
This page is generated from `weather_platform/settings.py` by `make docs`; a test compares the two.
"""


def settings(
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="print docs/configuration.md, with defaults only")
    ] = False,
) -> None:
    """Show every setting with its value in effect (secrets masked) and its meaning."""
    if markdown:
        typer.echo(as_page(), nl=False)
        return
    known = Settings.from_environment()
    show_table(["variable", "value", "meaning"], [(s.variable, shown(known, s), s.meaning) for s in all_settings()])


def as_page() -> str:
    """The page docs/configuration.md."""
    rows = "".join(f"| `{s.variable}` | {s.default and f'`{s.default}`'} | {s.meaning} |\n" for s in all_settings())
    return _PAGE.format(rows=rows)
