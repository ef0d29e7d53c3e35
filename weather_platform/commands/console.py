"""How commands speak: figures to standard output, progress and errors to standard error."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from logging import INFO, Handler, LogRecord, getLogger
from typing import Any
from unicodedata import category

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from weather_platform.domain.errors import WeatherError
from weather_platform.intake import PROGRESS

out = Console()
err = Console(stderr=True)
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
    out.print(table)


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
def months_progress(steps: int) -> Iterator[None]:
    """A bar that moves on with every line of the progress logger; quiet where standard error is no terminal."""
    bar = Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    task = bar.add_task("starting Dagster", total=steps)

    class Advance(Handler):
        def emit(self, record: LogRecord) -> None:
            bar.update(task, advance=1, description=record.getMessage())

    logger, handler = getLogger(PROGRESS), Advance()
    logger.addHandler(handler)
    logger.setLevel(INFO)
    try:
        with bar:
            yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def said_plainly() -> Iterator[None]:
    """Cause, cure and exit code 1 for what a person can mend; a traceback is for what they cannot."""
    try:
        yield
    except WeatherError as error:
        _say_trouble(error.cause, error.cure)
        raise SystemExit(1) from error
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    except OSError as error:  # the machine's trouble: a full disk, a folder of somebody else
        _say_trouble(f"{error}.", "Free space there or give this user the right to write, then run again.")
        raise SystemExit(1) from error


def _say_trouble(cause: str, cure: str) -> None:
    say(cause, style="bold red")
    say(cure)
