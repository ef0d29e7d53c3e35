#!/bin/sh
# Write .env with secrets of its own, where there is none yet: deploy/make-env.sh [FILE]
set -eu
file=${1:-.env}
if [ -e "$file" ]; then
    echo "$file is there already; nothing changed."
    exit
fi

secret() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

umask 077
api_key=$(secret)
draft=$file.draft
# Every line of the example that has no value gets one.
while IFS= read -r line; do
    case $line in
    WEATHER_API_KEY=) echo "$line$api_key" ;;
    WEATHER_API_KEYS=) echo "${line}first:$(printf %s "$api_key" | sha256sum | cut -d' ' -f1)" ;;
    [A-Z]*=) echo "$line$(secret)" ;;
    *) echo "$line" ;;
    esac
done <"$(dirname "$0")/../.env.example" >"$draft"
mv "$draft" "$file"
echo "Wrote $file with secrets of its own; keep it, the volumes know no others."
