"""`weather …`: the command line. Exit code 0 is done, 1 is an error that is explained, 2 is wrong usage."""

import typer

from weather_platform.commands import (
    api_key,
    catalogue,
    doctor,
    export,
    ingest,
    load,
    look,
    reload,
    sample,
    settings,
    stations,
    up,
)
from weather_platform.commands.console import QuietAtAClosedPipe, said_plainly

app = typer.Typer(
    cls=QuietAtAClosedPipe, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
app.command()(load.load)
app.command()(ingest.ingest)
app.command()(look.status)
app.command()(export.export)
app.command()(sample.sample)
app.command()(stations.stations)
app.command()(look.quarantine)
app.command()(settings.settings)
app.command()(doctor.doctor)
app.command()(api_key.api_key)
app.command()(up.up)
app.command()(reload.reload)
app.command()(catalogue.catalogue)


def main() -> None:
    """The console script."""
    with said_plainly():
        app()


if __name__ == "__main__":
    main()
