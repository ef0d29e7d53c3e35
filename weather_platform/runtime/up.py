"""`weather up`: the services of the platform on this machine, until Ctrl-C."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from weather_platform import names
from weather_platform.dagster_patches.folder_broker import forget_dead_workers
from weather_platform.domain.errors import CannotServe
from weather_platform.files import file_lock, is_locked
from weather_platform.runtime.instance import (
    make_home,
    open_once,
    write_instance,
    write_workspace,
)
from weather_platform.runtime.service import (
    HOST,
    Service,
    accepts_connections,
    answers_http,
    any_free_port,
    check_ports,
    is_written,
)
from weather_platform.runtime.supervisor import Supervisor
from weather_platform.settings import Settings, dagster_environment

DEFINITIONS = "weather_platform.definitions"


def up(
    settings: Settings,
    *,
    report: Callable[[str], None],
    when_ready: Callable[[], None],
    doors: Sequence[Service] = (),
    module_name: str = DEFINITIONS,
) -> None:
    """Serve Dagster's UI, its daemon and a warm worker, and `doors` beside them, until Ctrl-C or SIGTERM.

    Raises:
        CannotServe: a port is taken, the home is in use, or a service did not start.
    """
    make_home(settings)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # `reload_code` before the services run would end this process
    with _alone(settings.home):
        home = write_instance(settings)
        open_once(home)
        forget_dead_workers(home / "broker")
        services = [*doors, *dagster_services(settings, home, module_name)]
        Supervisor(services, settings.home / "logs", report).run(when_ready)


def check_can_serve(settings: Settings) -> None:
    """Raise CannotServe if the home is already served or ports are in use; names all of them."""
    if pid := serving_process(settings.home):
        raise _served_already(settings.home, pid)
    check_ports([*doors(settings), _webserver(settings, Path(), {})])


def doors(settings: Settings) -> list[Service]:
    """The API and the site, as commands: this package may not import them."""
    api = Service(
        name="api",
        command=_python("api"),
        port=settings.api.port,
        port_setting="WEATHER_API_PORT",
        is_ready=answers_http(settings.api.port, "/livez"),
        holds_code=True,
    )
    site = Service(
        name="site",
        command=_python(
            *("gunicorn", "--bind", f"{settings.site.host}:{settings.site.port}"),
            *("--threads", "4", "--log-level", "warning", "dash_app.app:server()"),
        ),
        port=settings.site.port,
        port_setting="WEATHER_SITE_PORT",
        is_ready=answers_http(settings.site.port, "/health"),
        holds_code=True,
    )
    return [api, site]


def dagster_services(settings: Settings, home: Path, module_name: str) -> list[Service]:
    """Code server, webserver, daemon and, unless Dagster's standard launcher is chosen, a worker."""
    code_port = any_free_port()
    workspace = write_workspace(home, code_port)
    environment = dagster_environment(home)
    webserver = _webserver(settings, workspace, environment)
    daemon = Service(
        name="daemon",
        command=_python("weather_platform.dagster_patches.daemon", "run", "-w", str(workspace)),
        environment=environment,
        is_ready=lambda: True,
        after="webserver",  # people wait for that one
    )
    code_server = Service(
        name="code-server",
        command=_python(
            *("dagster", "api", "grpc", "--module-name", module_name, "--location-name", names.LOCATION),
            *("--host", HOST, "--port", str(code_port)),
        ),
        environment=environment,
        port=code_port,
        is_ready=accepts_connections(code_port),
        holds_code=True,
    )
    services = [webserver, daemon, code_server]
    if settings.launcher == "celery":
        services.insert(2, _worker(settings, home, module_name))
    return services


def _python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def _webserver(settings: Settings, workspace: Path, environment: Mapping[str, str]) -> Service:
    return Service(
        name="webserver",
        command=_python(
            "weather_platform.runtime.webserver",
            "-h",
            HOST,
            "-p",
            str(settings.dagster_port),
            "-w",
            str(workspace),
        ),
        environment=environment,
        port=settings.dagster_port,
        port_setting="WEATHER_DAGSTER_PORT",
        is_ready=answers_http(settings.dagster_port, "/server_info"),
        after="code-server",
    )


def _worker(settings: Settings, home: Path, module_name: str) -> Service:
    ready = home / "worker.ready"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "weather_platform.runtime.worker", "--module", module_name]
    return Service(
        name="worker",
        command=[*command, "--slots", str(settings.worker_slots), "--ready-file", str(ready)],
        environment=dagster_environment(home),
        is_ready=is_written(ready),
        holds_code=True,
    )


def reload_code(home: Path) -> int:
    """Make the `up` that serves this home reload the code in all its services; returns its process id.

    Raises:
        CannotServe: no `up` serves this home.
    """
    pid = serving_process(home)
    if pid is None:
        raise CannotServe(f"No `weather up` serves {home}, so no code can be reloaded.", "Start `weather up`.")
    os.kill(pid, signal.SIGUSR1)
    return pid


def serving_process(home: Path) -> int | None:
    """Process id of the `up` that serves this home; None if there is none."""
    path = home / "up.pid"
    try:
        return int(path.read_text()) if is_locked(path) else None
    except OSError:  # no such file, or no such home
        return None


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One `up` per home: two daemons on one instance retry every lost run twice (seen here)."""
    path = home / "up.pid"
    try:
        with file_lock(path, timeout_s=0.1):  # longer than `serving_process` of another process holds it
            path.write_text(str(os.getpid()))
            yield
    except Timeout:
        raise _served_already(home, int(path.read_text())) from None


def _served_already(home: Path, pid: int) -> CannotServe:
    return CannotServe(
        f"{home} is already served by process {pid}.", "Stop that one, or set WEATHER_HOME to another folder."
    )
