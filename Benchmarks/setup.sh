#!/usr/bin/env bash
# Makes the virtual environment of the comparison, Benchmarks/.venv, with pinned versions. What cannot be installed is
# written down in Benchmarks/.venv/missing, one name a line, and said again by the comparison.
#
# BOXWOOD_PYTHON names a Python to make it from (default: python3).
set -euo pipefail
cd "$(dirname "$0")"
venv=.venv
stamp=$venv/installed
if [ -f "$stamp" ] && cmp -s "$stamp" <(cat requirements.txt requirements-llama.txt); then exit 0; fi

[ -x "$venv/bin/python" ] || "${BOXWOOD_PYTHON:-python3}" -m venv "$venv"
: >"$venv/missing"
install() {
    local name=$1 file=$2
    echo "benchmarks: installing $name" >&2
    if ! "$venv/bin/pip" install --quiet -r "$file" >"$venv/$name.log" 2>&1; then
        echo "benchmarks: $name cannot be installed; see Benchmarks/$venv/$name.log" >&2
        echo "$name" >>"$venv/missing"
    fi
}
install transformers requirements.txt
# The arithmetic for this very processor; no pictures, which this decoder has none of.
export CMAKE_ARGS="${CMAKE_ARGS:--DGGML_NATIVE=ON -DLLAVA_BUILD=OFF}"
install llama.cpp requirements-llama.txt
# With something missing the next run tries again.
[ -s "$venv/missing" ] || cat requirements.txt requirements-llama.txt >"$stamp"
