"""Dagster's daemon, changed to keep backfills while a code server is unavailable, and to look sooner (`prompt`).

``python -m weather_platform.dagster_patches.daemon run -w FILE …`` instead of ``dagster-daemon run -w FILE …``.

A daemon that starts before the code server serves sees a workspace without assets, and fails every backfill in progress
permanently (dagster-io/dagster#18640, #28204); it cancels those of jobs (#33527) and gives up retries. Containers start
in any order after ``docker compose restart``. So this daemon starts once the code servers serve. A setting of Dagster,
off by default, makes backfills wait for a code server that becomes unavailable later; retries wait by `prompt`.
"""

import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from weather_platform.dagster_patches.code_servers import code_servers, serves

RETRY_SETTING = "DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR"
"""Read by ``_check_validity_of_asset_backfill_data_and_should_process_backfill``: a backfill whose assets are in no
loaded code location is retried after 30 s. It still fails if all locations load without its assets."""
_PAUSE_S = 0.5
_SAY_EVERY_S = 15.0


def main(arguments: Sequence[str]) -> None:
    """Wait for the code servers of the workspace, then run Dagster's daemons, those of `prompt` among them."""
    for host, port in code_servers(_workspace(arguments)):
        _wait_for(host, port)
    os.environ.setdefault(RETRY_SETTING, "1")
    from dagster._daemon import cli
    from dagster._daemon.controller import daemon_controller_from_instance

    from weather_platform.dagster_patches.prompt import prompt_daemons

    # The command line has no option for the daemons; the function that it calls has a parameter.
    prompt = partial(daemon_controller_from_instance, gen_daemons=prompt_daemons)
    cli.daemon_controller_from_instance = prompt  # type: ignore[attr-defined]
    cli.cli(arguments)


def _wait_for(host: str, port: int) -> None:
    says_at = time.monotonic() + _SAY_EVERY_S
    while not serves(host, port):
        if time.monotonic() > says_at:
            sys.stderr.write(f"The daemon waits for the code server at {host}:{port}, which does not serve yet.\n")
            sys.stderr.flush()
            says_at += _SAY_EVERY_S
        time.sleep(_PAUSE_S)


def _workspace(arguments: Sequence[str]) -> Path:
    """The argument of ``-w`` or ``--workspace=``."""
    for place, argument in enumerate(arguments):
        if argument in ("-w", "--workspace"):
            return Path(arguments[place + 1])
        if argument.startswith("--workspace="):
            return Path(argument.partition("=")[2])
    return Path("workspace.yaml")


if __name__ == "__main__":
    main(sys.argv[1:])
