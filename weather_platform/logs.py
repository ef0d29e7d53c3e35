"""Logs as JSON, one object per line, with the field names of Dagster's own servers.

Fields: ``timestamp``, ``level``, ``logger``, ``event``, then a record's `extra`, values bound for the request
(`structlog.contextvars`), and ``exception``.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict


def json_formatter(**_: Any) -> logging.Formatter:
    """A formatter for any handler of `logging`; ignores the arguments of ``dictConfig``."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ExtraAdder(),
            _answer_of_gunicorn,
        ],
        pass_foreign_args=True,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )


def log_as_json(*verbose: str) -> None:
    """Write all logs and warnings of this process to standard output as JSON.

    Libraries log from WARNING on; the `verbose` loggers, or all if none is named, from INFO on.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(json_formatter())
    logging.basicConfig(level=logging.WARNING if verbose else logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in verbose:
        logging.getLogger(name).setLevel(logging.INFO)


def _answer_of_gunicorn(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Gunicorn's access log has its values as arguments of the message, keyed by one letter."""
    atoms = line.pop("positional_args", None)
    if line["logger"] == "gunicorn.access":
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
