#!/usr/bin/env bash
# The figures of BENCHMARKS.md: whole processes on the embedded model, medians of several runs.
set -euo pipefail
cd "$(dirname "$0")/.."
dev/build.sh >/dev/null
exec python3 dev/bench.py "$@"
