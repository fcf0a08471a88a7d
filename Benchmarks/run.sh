#!/usr/bin/env bash
# Boxwood beside transformers and llama.cpp, in one run on one machine: prints a Markdown table with ratios.
#
#     Benchmarks/run.sh --model DIR [--precisions f32 q8 q4] [--threads N] [--out FILE.json]
#
# DIR is a checkpoint of the published size for figures that mean something (weights may be random). BOXWOOD names a
# built program; without it the program is built. Needs 10 GB of memory at the published size.
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
"$folder/setup.sh"
if [ -z "${BOXWOOD:-}" ]; then
    echo "benchmarks: building the program" >&2
    (cd "$folder/.." && swift build -c release --product boxwood) >&2
    BOXWOOD=$folder/../.build/release/boxwood
fi
exec "$folder/.venv/bin/python" "$folder/compare.py" --boxwood "$BOXWOOD" --missing "$folder/.venv/missing" "$@"
