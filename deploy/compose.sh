#!/bin/sh
# `make compose`: bring the stack up, wait until it is healthy, load December 2023 and a small year, print the addresses.
set -eu
cd "$(dirname "$0")/.."
version=$(docker compose version --short 2>/dev/null) || version=none
case ${version#v} in
2.[2-9][0-9].* | 2.[1-9][0-9][0-9].* | [3-9].* | [1-9][0-9].*) ;;
*)
    echo "make compose needs Docker with its Compose plugin, version 2.20 or newer (found: $version); without: make run." >&2
    exit 1
    ;;
esac
if ! docker info >/dev/null 2>&1; then
    echo "make compose needs a Docker engine that answers this user; \`docker info\` says why it does not." >&2
    exit 1
fi
deploy/make-env.sh

setting() {
    sed -n "s/^$1=//p" .env | tail -1
}

# Later commands read .env alone, so what this start is told beside it goes in there too.
umask 077
for name in $(grep -oE '\$\{[A-Z0-9_]+:?-' docker-compose.yml | tr -d '${:-' | sort -u); do
    given=$(printenv "$name") || continue
    [ "$given" != "$(setting "$name")" ] || continue
    case $given in
    *[!A-Za-z0-9:/._,@%+=\ -]*) echo "$name holds for this start alone: its signs need quotes in .env." ;;
    *)
        sed "/^$name=/d" .env >.env.draft
        echo "$name=$given" >>.env.draft
        mv .env.draft .env
        echo "Wrote $name to .env, as this start was told: later commands read it there."
        ;;
    esac
done

began=$(date +%s)
docker compose up --build --detach --wait
echo "Healthy after $(($(date +%s) - began)) s."
WEATHER_API_KEY=$(setting WEATHER_API_KEY) docker compose exec -T -e WEATHER_API_KEY api python first_load.py
cat <<SAID

Dagster  http://$(docker compose port dagster-webserver 3000)
API      http://$(docker compose port api 8000)/docs      the key for writing is WEATHER_API_KEY in .env
site     http://$(docker compose port site 8050)

docker compose logs --follow worker     docker compose down (data stay)     docker compose down -v (nothing stays)
SAID
