"""What a person would look at: memory, the site in a browser, logs, command lines, networks, commands of the pages."""

import contextlib
import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from weather_platform_tests.containers.stack import PORTS, PROJECT, NotAsItShouldBe, Stack, say

_REACHED_BY_THE_SITE = """
import socket, sys
for host, port in (word.split(":") for word in sys.argv[1:]):
    try:
        socket.create_connection((host, int(port)), 3).close()
        print(host)
    except OSError:
        pass
"""
SERVED = (
    "mysql:3306",
    "mongodb:27017",
    "redis:6379",
    "s3:9000",
    "dagster-webserver:3000",
    "code-server:4000",
    "api:8000",
)


@contextlib.contextmanager
def watching_memory() -> Iterator[dict[str, float]]:
    """The most that each container was seen to hold, in MB."""
    peaks: dict[str, float] = {}
    over = threading.Event()
    units = {"GiB": 1073.7, "MiB": 1.0486, "KiB": 0.001, "B": 0.000001}

    def look() -> None:
        command = ["docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}"]
        while not over.wait(1):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            for line in done.stdout.splitlines():
                name, used, *_ = line.split()
                if not name.startswith(PROJECT):
                    continue
                number = used.rstrip("KMGiB")
                peaks[name] = max(peaks.get(name, 0), float(number) * units[used.removeprefix(number)])

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


def look_at_the_site() -> None:
    from playwright.sync_api import TimeoutError as TookTooLong
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("requestfailed", lambda request: problems.append(f"{request.url}: {request.failure}"))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        page.set_default_timeout(60_000)
        page.goto(f"http://127.0.0.1:{PORTS['SITE_PORT']}/city?city=nice&lang=en")
        try:
            page.locator("svg[data-points]").first.wait_for()
        except TookTooLong as error:
            raise NotAsItShouldBe(
                f"no chart on the site: {problems}, {page.locator('body').inner_text()[:2000]}"
            ) from error
        title, plots = page.title(), page.locator("svg[data-points]").count()
        browser.close()
    if problems:
        raise NotAsItShouldBe(f"the site in Chromium: {problems}")
    say(f"the site in Chromium: {title!r}, {plots} figures, no error")


def look_at_what_strangers_see(stack: Stack) -> None:
    """No secret on a command line; the site reaches its two databases alone; no log has a traceback."""
    settings = dict(line.split("=", 1) for line in stack.env_file.read_text().splitlines() if re.match("[A-Z]", line))
    secrets = [value for value in settings.values() if re.fullmatch("[0-9a-f]{64}", value)]
    containers = [found["ID"] for found in stack.containers()]
    shown = subprocess.check_output(["ps", "-eo", "args", "ww"], text=True) + subprocess.check_output(
        ["docker", "inspect", "-f", "{{.Path}} {{.Args}} {{.Config.Healthcheck}}", *containers], text=True
    )
    if not secrets or any(secret in shown for secret in secrets):
        raise NotAsItShouldBe("a secret stands on a command line")
    reached = stack.compose("exec", "-T", "site", "python", "-c", _REACHED_BY_THE_SITE, *SERVED).split()
    if reached != ["mysql", "mongodb"]:
        raise NotAsItShouldBe(f"the site reaches {reached}")
    logs = stack.compose("logs", "--no-color")
    if "Traceback" in logs:
        raise NotAsItShouldBe(f"a traceback in the logs: {logs[logs.index('Traceback') :][:2000]}")
    say(f"no secret of {len(secrets)} on a command line, no traceback in the logs, the site reaches {reached}")


def try_commands_of(stack: Stack, page: Path) -> None:
    """The commands of a page that look at a running stack."""
    commands = re.findall(r"^docker compose (?:ps|logs|exec).*$", page.read_text(), re.MULTILINE)
    for command in commands:
        stack.script(*shlex.split(command))
    say(f"{len(commands)} commands of {page}: each ends well")
