"""Météo-France SYNOP observations as daily weather statistics: load months, serve the site and the API, export.

Exit codes: 0 done, 1 an error with its cause and cure, 2 wrong usage, 130 stopped by Ctrl-C.
"""

import ast
from importlib import import_module
from importlib.resources import files
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from weather_platform import __version__, commands
from weather_platform.commands.console import QuietAtAClosedPipe, report_errors

COMMANDS = (
    *("load", "ingest", "withdraw", "status", "climate", "quality", "export", "sample", "stations", "quarantine"),
    *("settings", "doctor", "api-key", "rebuild", "up", "reload", "catalogue"),
)
_BESIDE = {"quarantine": "status"}
"""Modules of commands that share one."""


class Commands(QuietAtAClosedPipe):
    """Imports the module of the command that is called, and none for the list of commands: all take 0.5 s of CPU.

    Typer's context is click's (`type: ignore`).
    """

    _is_listing = False

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        if self._is_listing:
            return TyperCommand(cmd_name, help=help_of(cmd_name))
        return _imported(cmd_name)

    def format_help(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        self._is_listing = True
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        self.commands = dict.fromkeys(COMMANDS, TyperCommand(None))  # typer suggests the nearest of these names
        return super().resolve_command(ctx, args)


def help_of(command: str) -> str:
    """The docstring of a command's function, or of the module of a group, read without importing it."""
    module, function = _place(command)
    tree = ast.parse(files(commands).joinpath(f"{module}.py").read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return ast.get_docstring(functions.get(function, tree)) or ""


def _place(command: str) -> tuple[str, str]:
    """Module and function."""
    name = command.replace("-", "_")
    return _BESIDE.get(name, name), name


def _imported(command: str) -> Any:
    module, function = _place(command)
    imported = import_module(f"{commands.__name__}.{module}")
    if not hasattr(imported, function):  # a group
        return typer.main.get_command(imported.app)
    alone = typer.Typer(add_completion=False)
    alone.command(command)(getattr(imported, function))
    return typer.main.get_command(alone)


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


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


def main() -> None:
    """The console script."""
    with report_errors():
        app()


if __name__ == "__main__":
    main()
