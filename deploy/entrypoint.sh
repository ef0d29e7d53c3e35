#!/bin/sh
# Tell Dagster's processes what the settings say, then become the command.
set -eu
python -m weather_platform.runtime.instance
exec "$@"
