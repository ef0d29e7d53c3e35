#!/bin/sh
# Fill the volumes of a stack that is down, and has none yet, from a backup: deploy/restore.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
folder=$(cd "$1" && pwd)
project=${COMPOSE_PROJECT_NAME:-weather}
for volume in s3-data mysql-data mongodb-data mongodb-config redis-data; do
    name=${project}_$volume
    if docker volume inspect "$name" >/dev/null 2>&1; then
        echo "$name is there already. Take it away first: docker compose down -v" >&2
        exit 1
    fi
    docker volume create --label "com.docker.compose.project=$project" --label "com.docker.compose.volume=$volume" "$name" >/dev/null
    docker run --rm --network none --user 0 --entrypoint tar \
        -v "$name:/volume" -v "$folder:/backup:ro" weather-platform:local -C /volume -xzf "/backup/$volume.tar.gz"
done
echo "Restored from $folder; docker compose up --detach --wait starts it."
