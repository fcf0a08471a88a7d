#!/usr/bin/env bash
# The Python client, checked: format, lint, types, tests with the real program, and the README's examples. With arguments, those
# go to pytest. `dev/python.sh --recipes` runs what needs Ray, Spark and the like instead, in an environment of its own.
#
#   BOXWOOD_PROGRAM   the program that the tests ask; .build/release/boxwood unless given
#   PYTHON            the interpreter that the environments are made of; python3 unless given
set -euo pipefail
cd "$(dirname "$0")/.."
export BOXWOOD_PROGRAM="${BOXWOOD_PROGRAM:-$PWD/.build/release/boxwood}"

# environment FOLDER REQUIREMENTS: makes it, or brings it up to date; neither where nothing has changed since.
environment() {
    local stamp="$1/installed" wanted
    wanted=$(cat "$2" clients/python/pyproject.toml | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    [ -x "$1/bin/python" ] || "${PYTHON:-python3}" -m venv "$1"
    echo "python: installing into $1"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable clients/python
    echo "$wanted" >"$stamp"
}

if [ "${1:-}" = --recipes ]; then
    command -v java >/dev/null || { echo "python: Spark needs Java: sudo apt-get install default-jre-headless" >&2; exit 1; }
    environment .venv-python-recipes clients/python/requirements-recipes.txt
    cd clients/python
    exec ../../.venv-python-recipes/bin/python -m pytest tests/recipes "$@"
fi

environment .venv-python clients/python/requirements-test.txt
bin=$PWD/.venv-python/bin
cd clients/python
if [ $# -gt 0 ]; then exec "$bin/python" -m pytest "$@"; fi
"$bin/ruff" format --check --quiet . || { echo "python: run ruff format in clients/python" >&2; exit 1; }
"$bin/ruff" check --quiet .
"$bin/mypy" --no-error-summary
"$bin/python" -m pytest --quiet
