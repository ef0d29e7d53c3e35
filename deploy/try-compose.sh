#!/bin/sh
# The whole story of the compose stack, for real, in a project and with secrets and ports of its own; as root, who may
# kill what runs in containers. `make test` makes the environment that it needs; --quick leaves out years and LocalStack.
set -eu
cd "$(dirname "$0")/.."
exec .venv/bin/python -u -m weather_platform_tests.containers "$@"
