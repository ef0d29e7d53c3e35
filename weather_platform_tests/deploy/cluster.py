"""As much of a Kubernetes cluster as Dagster asks of one: what a job's container would run, runs as a process here.

Every job that arrives is held against Kubernetes' own schema. A container gets the config maps and secrets that it
names, and nothing else of the environment.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import kubernetes_validate
import yaml

from weather_platform_tests.runtime.serving import REPOSITORY
from weather_platform_tests.servers.process import LOOPBACK

Json = dict[str, Any]


class Cluster:
    """Jobs by name, and the processes that they became."""

    def __init__(
        self, folder: Path, config_maps: Mapping[str, Mapping[str, str]], secrets: Mapping[str, Mapping[str, str]]
    ) -> None:
        self.jobs: dict[str, Json] = {}
        self._pods: dict[str, subprocess.Popen[bytes]] = {}
        self._folder = folder
        self._config_maps = config_maps
        self._secrets = secrets
        self._server = ThreadingHTTPServer((LOOPBACK, 0), _handler(self))
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        for pod in self._pods.values():
            pod.kill()
            pod.wait()
        self._cleanup.close()

    def write_kubeconfig(self, path: Path) -> None:
        """How to reach this cluster, as kubectl and its like read it."""
        entry = {"name": "test"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{**entry, "cluster": {"server": f"http://{LOOPBACK}:{self._server.server_port}"}}],
            "users": [{**entry, "user": {}}],
            "contexts": [{**entry, "context": {"cluster": "test", "user": "test"}}],
        }
        path.write_text(yaml.safe_dump(config))

    def create(self, job: Json) -> Json:
        """Accept a job and start its pod; ValueError where Kubernetes would not take it."""
        try:
            kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)
        except kubernetes_validate.ValidationError as error:
            raise ValueError(str(error)) from error
        name = job["metadata"]["name"]
        (container,) = job["spec"]["template"]["spec"]["containers"]
        log = self._cleanup.enter_context((self._folder / f"{name}.log").open("wb"))
        program, *arguments = container["args"]
        self._pods[name] = subprocess.Popen(
            [sys.executable, "-m", program, *arguments],
            cwd=REPOSITORY,
            env=self._environment(container),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.jobs[name] = job
        return job

    def status(self, name: str) -> Json | None:
        if (job := self.jobs.get(name)) is None:
            return None
        ended = self._pods[name].poll()
        state = {None: "active", 0: "succeeded"}.get(ended, "failed")
        return {**job, "status": {state: 1}}

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in self._folder.glob("*.log"))

    def _environment(self, container: Json) -> dict[str, str]:
        found = {"PATH": os.environ["PATH"]}
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                found |= self._config_maps[source["configMapRef"]["name"]]
            else:
                found |= self._secrets[source["secretRef"]["name"]]
        plain = {entry["name"]: entry["value"] for entry in container.get("env", []) if "value" in entry}
        return found | plain


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                self._answer(HTTPStatus.CREATED, cluster.create(body))
            except (ValueError, KeyError) as error:
                self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"kind": "Status", "message": str(error)})

        def do_GET(self) -> None:
            name = self.path.removesuffix("/status").rsplit("/", 1)[-1]
            found = cluster.status(name)
            self._answer(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, found or {"kind": "Status"})

        def _answer(self, status: HTTPStatus, content: Json) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name in the standard library
            """Nothing: the jobs' own logs tell what went wrong."""

    return Handler
