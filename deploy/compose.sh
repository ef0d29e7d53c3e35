#!/bin/sh
# `make compose`: bring the stack up, wait until it is healthy, load December 2023 and a small year, print the addresses.
set -eu
cd "$(dirname "$0")/.."
if ! docker compose version >/dev/null 2>&1; then
    echo "make compose needs Docker with its Compose plugin, version 2.20 or newer (docker compose version); without: make run." >&2
    exit 1
fi
deploy/make-env.sh

setting() {
    sed -n "s/^$1=//p" .env | tail -1
}

began=$(date +%s)
docker compose up --build --detach --wait
echo "Healthy after $(($(date +%s) - began)) s."
WEATHER_API_KEY=$(setting WEATHER_API_KEY) docker compose exec -T -e WEATHER_API_KEY api python first_load.py
port() { setting "$1" | grep . || echo "$2"; }
cat <<SAID

Dagster  http://127.0.0.1:$(port DAGSTER_PORT 3000)
API      http://127.0.0.1:$(port API_PORT 8000)/docs      the key for writing is WEATHER_API_KEY in .env
site     http://127.0.0.1:$(port SITE_PORT 8050)

docker compose logs --follow worker     docker compose down (data stay)     docker compose down -v (nothing stays)
SAID
