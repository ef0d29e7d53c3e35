"""Logs for machines: a JSON object a line, as Dagster's own servers write them."""

import logging
import sys

from dagster._utils.log import get_structlog_json_formatter


def log_as_json() -> None:
    """Have everything that is logged in this process written to standard output as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(get_structlog_json_formatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
