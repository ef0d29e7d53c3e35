"""Logs for machines: one JSON object per line, with the names that Dagster's own servers use.

``timestamp``, ``level``, ``logger`` and ``event``, then what a record has as `extra`, what is bound for the request
(`structlog.contextvars`), and ``exception``.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict


def json_formatter(**_: Any) -> logging.Formatter:
    """A formatter for any handler of `logging`; takes and ignores what ``dictConfig`` gives."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ExtraAdder(),
            _answer_of_gunicorn,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )


def log_as_json(*verbose: str) -> None:
    """Have all that this process logs, and its warnings, written to standard output as JSON.

    Of libraries warnings and worse; of the `verbose` loggers, or of all where none is named, INFO too.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(json_formatter())
    logging.basicConfig(level=logging.WARNING if verbose else logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in verbose:
        logging.getLogger(name).setLevel(logging.INFO)


def _answer_of_gunicorn(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Gunicorn's access log has its figures as arguments of the message, by one letter each."""
    if line["logger"] == "gunicorn.access":
        atoms = line["_record"].args
        line.update(
            event="answered",
            caller=atoms["h"],
            method=atoms["m"],
            path=atoms["U"],
            status=int(atoms["s"]),
            bytes=atoms["B"],
            seconds=float(atoms["L"]),
        )
    return line
