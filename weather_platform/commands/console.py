"""How commands speak: figures to standard output, progress and errors to standard error."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from logging import INFO, Handler, LogRecord, getLogger
from pathlib import Path
from typing import Any
from unicodedata import category

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from typer.core import TyperGroup

from weather_platform.domain.errors import BadArgument, BadInput, WeatherError
from weather_platform.files import atomic_write
from weather_platform.intake import PROGRESS
from weather_platform.sources.port import DOWNLOADS

_EDGELESS_COLUMNS = 100_000


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Left to `QuietAtAClosedPipe`; rich would end with exit code 1."""
        raise BrokenPipeError


out = _Console()
err = _Console(stderr=True)
_STEERING = ("Cc", "Cf", "Cs")
"""Unicode's controls, formats and half characters."""


def say(line: str, style: str | None = None) -> None:
    """A line for people on standard error, as it is: brackets are no markup, and only the terminal breaks it."""
    err.print(_printable(line), style=style, markup=False, highlight=False, soft_wrap=True)


def _printable(text: str) -> str:
    """The text without signs that move a terminal's cursor or change its colours: records are written by strangers."""
    return "".join("�" if category(sign) in _STEERING and sign != "\n" else sign for sign in text)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people; None shows as a dash, numbers stand to the right."""
    listed = [list(row) for row in rows]
    table = Table(header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        numeric = any(isinstance(row[index], int | float) and not isinstance(row[index], bool) for row in listed)
        table.add_column(column, justify="right" if numeric else "left")
    for row in listed:
        table.add_row(*map(_cell, row))
    # A pipe or a file has no edge at which cells would have to be cut.
    (out if out.is_terminal else _Console(width=_EDGELESS_COLUMNS)).print(table)


def _cell(value: object) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case _:
            return escape(_printable(str(value)))


def show_json(value: object) -> None:
    """JSON for scripts."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=str)).decode() + "\n")


def show(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, as_json: bool) -> None:
    """The same rows as a table or as JSON."""
    if as_json:
        show_json([{column: row[column] for column in columns} for row in rows])
    else:
        show_table(columns, ([row[column] for column in columns] for row in rows))


@contextmanager
def months_progress(months: int) -> Iterator[Callable[[], None]]:
    """A bar of months that tells each line of progress and of downloads; quiet where standard error is no terminal.

    Gives what moves it on by a month. It writes to a copy of standard error: during a run Dagster sends that to a file.
    """
    own = Console(file=os.fdopen(os.dup(sys.stderr.fileno()), "w")) if err.is_terminal else err
    bar = Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=own,
        transient=True,
        disable=not err.is_terminal,
    )
    task = bar.add_task("starting Dagster", total=months)

    class Describe(Handler):
        def emit(self, record: LogRecord) -> None:
            bar.update(task, description=record.getMessage())

    handler = Describe()
    for name in (PROGRESS, DOWNLOADS):
        getLogger(name).addHandler(handler)
        getLogger(name).setLevel(INFO)
    try:
        with bar:
            yield lambda: bar.advance(task)
    finally:
        for name in (PROGRESS, DOWNLOADS):
            getLogger(name).removeHandler(handler)


@contextmanager
def said_plainly() -> Iterator[None]:
    """Cause, cure and exit code 1 for what a person can mend; a traceback is for what they cannot."""
    try:
        yield
    except WeatherError as error:
        say_trouble(error.cause, error.cure)
        raise SystemExit(2 if isinstance(error, BadArgument) else 1) from error
    except OSError as error:  # the machine's trouble: a full disk, a folder of somebody else
        say_trouble(f"{error}.", "Free space there or give this user the right to write, then run again.")
        raise SystemExit(1) from error


@contextmanager
def writing_to(output: Path) -> Iterator[Path]:
    """A path to write to, which becomes `output` when all is written; BadInput where nothing can be written there."""
    try:
        with atomic_write(output) as unfinished:
            yield unfinished
    except OSError as error:
        raise BadInput(
            f"{output} cannot be written: {error.strerror}.", "Free space there, or choose another --output."
        ) from error


class QuietAtAClosedPipe(TyperGroup):
    """Commands that a person may stop (Ctrl-C), and whose reader may leave before the end, as `head` does.

    The latter is a good end, without a word: typer, click and rich each make exit code 1 of it, and what is still in
    Python's buffer makes a noise at exit.
    """

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer's context is click's
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            say("Stopping …")
            raise SystemExit(130) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None
        return result


def say_trouble(cause: str, cure: str) -> None:
    """Two lines for people on standard error; a cure may be missing where somebody else's words are told."""
    say(cause, style="bold red")
    if cure:
        say(cure)
