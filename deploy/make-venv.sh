#!/bin/sh
# Make .venv, or refresh it, from a lock file: with uv where it is, else with Python's own venv and pip.
#     deploy/make-venv.sh LOCK        PYTHON=python3.12 to choose the interpreter
set -eu
lock=$1
python=.venv/bin/python

# A pyenv shim may be there and lead nowhere, so every candidate is run.
usable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

interpreter() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

if ! usable $python; then
    rm -rf .venv
    base=$(interpreter)
    if command -v uv >/dev/null; then
        # Where no interpreter will do, uv looks further, and may fetch one.
        uv venv --quiet --python "${base:-${PYTHON:->=3.11,<3.14}}" .venv
    elif [ -z "$base" ]; then
        fail "No Python from 3.11 to 3.13 was found (${PYTHON:-python3}: $("${PYTHON:-python3}" -V 2>/dev/null || echo none))." \
            "Install one, or uv, or name one: make install PYTHON=/path/to/python3.12"
    elif ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
        fail "$base cannot make a virtual environment: its package venv is not installed." \
            "On Debian, as root: apt-get install python3-venv"
    else
        "$base" -m venv .venv
    fi
fi

# The lock file is complete, so nothing is resolved again: pip refuses hashes where a package asks for another's extra.
echo "Installing $(grep -c "^[a-z].*==" "$lock") packages of $lock into .venv with $($python -V):"
echo "about 200 MB to download and 0.8 GB on disk (2 GB with the tests' packages); one to three minutes ..."
if command -v uv >/dev/null; then
    uv pip install --quiet --python $python --no-deps --require-hashes -r "$lock"
    uv pip install --quiet --python $python --no-deps -e .
else
    # A .venv that uv made has no pip.
    $python -m pip --version >/dev/null 2>&1 || $python -m ensurepip >/dev/null
    $python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
    $python -m pip install --quiet --disable-pip-version-check --no-deps -e .
fi
