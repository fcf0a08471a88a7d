#!/usr/bin/env bash
# How cost grows with jobs, pictures and labels: prints three Markdown tables.
#
#     Benchmarks/growth.sh --model DIR [options of `boxwood bench engine`]
#
# BOXWOOD names a built program; without it the one in .build/release is taken.
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
boxwood=${BOXWOOD:-$folder/../.build/release/boxwood}

bench() { "$boxwood" bench engine --json --repeats 2 "$@" 2>/dev/null; }

{
    bench "$@" --jobs 1,2,4,8,16,32 --labels 1
    for pictures in 2 4 8 16; do bench "$@" --batch "$pictures"; done
    for labels in 5 10 20 40 80; do bench "$@" --tokens 2 --labels "$labels"; done
} | python3 "$folder/growth.py"
