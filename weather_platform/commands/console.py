"""Output of the commands: results on standard output, progress and errors on standard error."""

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
"""Unicode categories of control, format and surrogate characters."""


def say(line: str, style: str | None = None) -> None:
    """Print a line on standard error as it is: no markup is read, and only the terminal wraps it."""
    err.print(_printable(line), style=style, markup=False, highlight=False, soft_wrap=True)


def _printable(text: str) -> str:
    """The text without terminal control characters: text of uploaded records is untrusted."""
    return "".join("�" if category(sign) in _STEERING and sign != "\n" else sign for sign in text)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; None shows as a dash, numbers are right-aligned."""
    listed = [list(row) for row in rows]
    table = Table(header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        numeric = any(isinstance(row[index], int | float) and not isinstance(row[index], bool) for row in listed)
        table.add_column(column, justify="right" if numeric else "left")
    for row in listed:
        table.add_row(*map(_cell, row))
    # A pipe or a file has no width, so no cell is truncated there.
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
    """Show a progress bar of months with messages of progress and downloads; only if standard error is a terminal.

    Yields a function that advances the bar by one month. The bar writes to a copy of standard error, because Dagster
    redirects standard error to a file during a run.
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
        bar.start()  # not as a context manager: Ctrl-C within its start would leave the bar on the terminal
        yield lambda: bar.advance(task)
    finally:
        bar.stop()
        for name in (PROGRESS, DOWNLOADS):
            getLogger(name).removeHandler(handler)


@contextmanager
def report_errors() -> Iterator[None]:
    """Print cause and cure of an expected error and exit with code 1; other errors keep their traceback."""
    try:
        yield
    except WeatherError as error:
        say_trouble(error.cause, error.cure)
        raise SystemExit(2 if isinstance(error, BadArgument) else 1) from error
    except OSError as error:  # a full disk, or a folder of another user
        say_trouble(f"{error}.", "Free space there or give this user the right to write, then run again.")
        raise SystemExit(1) from error


@contextmanager
def writing_to(output: Path) -> Iterator[Path]:
    """A temporary path that replaces `output` once it is complete; BadInput if `output` cannot be written."""
    try:
        with atomic_write(output) as unfinished:
            yield unfinished
    except OSError as error:
        raise BadInput(
            f"{output} cannot be written: {error.strerror}.", "Free space there, or choose another --output."
        ) from error


class QuietAtAClosedPipe(TyperGroup):
    """Exit quietly on Ctrl-C, and when the reader of a pipe closes it early, as `head` does.

    A closed pipe is a success. Without this class typer, click and rich exit with code 1, and Python prints an error
    when it flushes its buffer at exit.
    """

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer's context is click's
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt as stopped:
            say(f"Stopping … {stopped}".rstrip())
            raise SystemExit(130) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None
        return result


def say_trouble(cause: str, cure: str) -> None:
    """Print cause and cure on standard error, one line each; an error of another program may have no cure."""
    say(cause, style="bold red")
    if cure:
        say(cure)
