#!/bin/sh
# Fill the volumes of a stack that is down, and has none yet, from one backup: deploy/restore.sh FOLDER/TIME
# All archives are checked before the first volume is made; a restore that fails takes away what it made.
set -eu
cd "$(dirname "$0")/.."
folder=$(cd "$1" && pwd)
project=${COMPOSE_PROJECT_NAME:-weather}
volumes="s3-data mysql-data mongodb-data mongodb-config redis-data"
for volume in $volumes; do
    gzip -t "$folder/$volume.tar.gz" || { echo "$folder is no whole backup; nothing was changed." >&2; exit 1; }
    if docker volume inspect "${project}_$volume" >/dev/null 2>&1; then
        echo "${project}_$volume is there already. Take it away first: docker compose down -v" >&2
        exit 1
    fi
done
end() {
    status=$?
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        for volume in $volumes; do docker volume rm --force "${project}_$volume" >/dev/null; done
        echo "Nothing was restored." >&2
    fi
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT TERM
for volume in $volumes; do
    name=${project}_$volume
    docker volume create --label "com.docker.compose.project=$project" --label "com.docker.compose.volume=$volume" "$name" >/dev/null
    docker run --rm --interactive --network none --user 0 --entrypoint tar \
        -v "$name:/volume" weather-platform:local -C /volume -xzf - <"$folder/$volume.tar.gz"
done
echo "Restored from $folder; docker compose up --detach --wait starts it."
