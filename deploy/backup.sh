#!/bin/sh
# Copy every volume into a new folder below FOLDER, one archive each: deploy/backup.sh FOLDER
# The stack stands still meanwhile, so that all stores are of one moment; it is started again whatever happens. Earlier
# backups are left as they are. Keep .env with them: its secrets fit the volumes.
set -eu
umask 077
cd "$(dirname "$0")/.."
mkdir -p "$1"
folder=$(cd "$1" && pwd)
project=${COMPOSE_PROJECT_NAME:-weather}
backup=$folder/$(date -u +%Y%m%dT%H%M%SZ)
unfinished=$backup.unfinished
mkdir "$unfinished"
end() {
    status=$?
    trap - EXIT
    docker compose start || status=1
    if [ "$status" -ne 0 ]; then
        rm -rf "$unfinished"
        echo "No backup was made; earlier ones in $folder are as they were." >&2
    fi
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT TERM
docker compose stop
for volume in s3-data mysql-data mongodb-data mongodb-config redis-data; do
    docker run --rm --network none --user 0 --entrypoint tar -v "${project}_$volume:/volume:ro" \
        weather-platform:local -C /volume --use-compress-program='gzip -1' -cf - . >"$unfinished/$volume.tar.gz"
done
for archive in "$unfinished"/*.tar.gz; do gzip -t "$archive"; done
mv "$unfinished" "$backup"
echo "Backed up to $backup: $(du -sh "$backup" | cut -f1)"
