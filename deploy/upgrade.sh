#!/bin/sh
# Bring a running stack, with its data, to the release in this folder: deploy/upgrade.sh FOLDER
# Builds the image while the old release serves, backs up into FOLDER/TIME, and starts the new release: `init` migrates
# Dagster's tables and ours before anything else starts. Months that older rules made are then made again, one by one.
set -eu
cd "$(dirname "$0")/.."
docker compose build
deploy/backup.sh "$1"
docker compose up --detach --wait
docker compose exec -T worker weather rebuild
