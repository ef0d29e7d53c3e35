"""The code servers of a workspace, and whether they serve. Nothing of Dagster is imported."""

from pathlib import Path

import yaml

_ANSWER_TIMEOUT_S = 5.0


def code_servers(workspace: Path) -> list[tuple[str, int]]:
    """Host and port of every code server in a workspace file."""
    targets = yaml.safe_load(workspace.read_text())["load_from"]
    servers = [target["grpc_server"] for target in targets if "grpc_server" in target]
    return [(server.get("host", "localhost"), int(server["port"])) for server in servers]


def serves(host: str, port: int) -> bool:
    """Whether a code server reports that its code is loaded."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(f"{host}:{port}") as channel:
        request = health_pb2.HealthCheckRequest(service="DagsterApi")
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=_ANSWER_TIMEOUT_S)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
