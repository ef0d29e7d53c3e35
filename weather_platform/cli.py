"""Météo-France SYNOP observations as daily weather statistics: load months, serve the site and the API, export.

Exit codes: 0 done, 1 an error with its cause and cure, 2 wrong usage, 130 stopped by Ctrl-C.
"""

from typing import Annotated

import typer

from weather_platform import __version__
from weather_platform.commands import (
    api_key,
    catalogue,
    climate,
    doctor,
    export,
    ingest,
    load,
    quality,
    rebuild,
    reload,
    sample,
    settings,
    stations,
    status,
    up,
    withdraw,
)
from weather_platform.commands.console import QuietAtAClosedPipe, report_errors

app = typer.Typer(cls=QuietAtAClosedPipe, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


def _show_version(wanted: bool) -> None:  # typer calls it so
    if wanted:
        typer.echo(f"weather {__version__}")
        raise typer.Exit


@app.callback()
def weather(
    version: Annotated[  # the callback does it
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


app.command()(load.load)
app.command()(ingest.ingest)
app.command()(withdraw.withdraw)
app.command()(status.status)
app.command()(climate.climate)
app.add_typer(quality.app, name="quality")
app.command()(export.export)
app.command()(sample.sample)
app.command()(stations.stations)
app.command()(status.quarantine)
app.command()(settings.settings)
app.command()(doctor.doctor)
app.command()(api_key.api_key)
app.command()(rebuild.rebuild)
app.command()(up.up)
app.command()(reload.reload)
app.command()(catalogue.catalogue)


def main() -> None:
    """The console script."""
    with report_errors():
        app()


if __name__ == "__main__":
    main()
