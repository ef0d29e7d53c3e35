"""A Celery worker that has imported everything before its first run: ``python -m weather_platform.runtime.worker``.

It replaces ``dagster-celery worker start``, which starts a second Python for the worker and keeps the first, and needs
the launcher's settings again in a file of its own. This one reads them from Dagster's instance.
"""

import argparse
import ctypes
import gc
import signal
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from celery.platforms import SecurityWarning
from celery.signals import setup_logging, task_postrun, worker_process_init, worker_ready
from dagster import DagsterInstance
from dagster._core.code_pointer import CodePointer
from dagster._core.definitions.reconstruct import reconstruct_repository_def_from_pointer
from dagster._core.workspace.autodiscovery import loadable_targets_from_python_module
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_execute_job_task, create_resume_job_task

from weather_platform.domain.errors import BadSettings
from weather_platform.logs import log_as_json
from weather_platform.memory import give_back_what_is_free

PR_SET_PDEATHSIG = 1
MAX_MEMORY_PER_CHILD_KB = 500_000
"""A child that grew beyond this is replaced after its run; a new one is forked with everything imported."""


def main() -> None:
    options = _options()
    with DagsterInstance.get() as instance:
        launcher = instance.run_launcher
    if not isinstance(launcher, CeleryRunLauncher):
        raise BadSettings("The instance does not run on Celery workers.", "Start no worker, or set WEATHER_LAUNCHER.")
    app = make_app(launcher.app_args())  # type: ignore[no-untyped-call]
    app.conf.worker_pool = "weather_platform.dagster_patches.pool:TaskPool"
    create_execute_job_task(app)
    create_resume_job_task(app)
    _load_definitions(options.module)
    gc.freeze()  # a collection in a child would copy what it shares with the others
    # Running as root (in a container, in CI) is safe: messages are JSON, never pickle.
    warnings.filterwarnings("ignore", category=SecurityWarning)

    def say_ready(**_: Any) -> None:
        app.backend.cleanup()
        if options.ready_file:
            options.ready_file.touch()

    if options.log_format == "json":
        setup_logging.connect(lambda **_: log_as_json(), weak=False)
    worker_ready.connect(say_ready, weak=False)
    task_postrun.connect(lambda **_: give_back_what_is_free(), weak=False)  # 40 MB of a child that has run a month
    worker_process_init.connect(_die_with_the_worker, weak=False)
    app.worker_main(
        [
            "worker",
            f"--queues={launcher.default_queue}",
            f"--concurrency={options.slots}",
            f"--hostname={options.name}@%h",
            f"--max-memory-per-child={MAX_MEMORY_PER_CHILD_KB}",
            "--prefetch-multiplier=1",
            "--loglevel=INFO",
            # Messages between workers have no reader here; in a folder broker they would pile up.
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


def _load_definitions(module_name: str) -> None:
    """Load the definitions as a run does, and call the module's `import_ahead` where it has one.

    Importing the module alone may not import what they need.
    """
    for target in loadable_targets_from_python_module(module_name, working_directory=None):
        pointer = CodePointer.from_module(module_name, target.attribute, working_directory=None)
        reconstruct_repository_def_from_pointer(pointer)
    getattr(import_module(module_name), "import_ahead", lambda: None)()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", required=True, help="the code to import before the first run")
    parser.add_argument("--slots", type=int, default=2, help="runs at once")
    parser.add_argument("--name", default="weather", help="one per worker of a machine")
    parser.add_argument("--ready-file", type=Path, help="created when the worker takes runs")
    parser.add_argument("--log-format", choices=("colored", "json"), default="colored", help="as Dagster's servers")
    return parser.parse_args()


def _die_with_the_worker(**_: Any) -> None:
    """A child of a killed worker would continue a run that is being retried elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
