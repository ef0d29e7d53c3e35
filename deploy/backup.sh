#!/bin/sh
# Copy every volume into a folder, one archive each: deploy/backup.sh FOLDER
# The stack stands still meanwhile, so that all stores are of one moment. Keep .env beside it: its secrets fit the volumes.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "$1"
folder=$(cd "$1" && pwd)
project=${COMPOSE_PROJECT_NAME:-weather}
docker compose stop
for volume in s3-data mysql-data mongodb-data mongodb-config redis-data; do
    docker run --rm --network none --user 0 --entrypoint tar \
        -v "${project}_$volume:/volume:ro" -v "$folder:/backup" weather-platform:local \
        -C /volume -czf "/backup/$volume.tar.gz" .
done
docker compose start
echo "Backed up to $folder: $(du -sh "$folder" | cut -f1)"
