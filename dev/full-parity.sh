#!/usr/bin/env bash
# The full-size configuration (1.66 billion parameters, random weights) against the reference's recording of one run.
# Needs the reference's folder (BOXWOOD_ORACLE, by default ../shared/oracle) and python3 with numpy; writes 6.7 GB.
#
# BOXWOOD_FULL_CHECKPOINT names a folder that already holds the checkpoint, or where it may be kept.
set -euo pipefail
cd "$(dirname "$0")/.."
oracle=${BOXWOOD_ORACLE:-../shared/oracle}
golden=$oracle/goldens/full-s1/caption_snowman.safetensors
if [ ! -f "$golden" ]; then
    echo "full-parity: no recording at $golden; set BOXWOOD_ORACLE" >&2
    exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
checkpoint=${BOXWOOD_FULL_CHECKPOINT:-$scratch/full-s1}
if [ ! -f "$checkpoint/config.json" ]; then
    echo "full-parity: writing the checkpoint (6.7 GB)"
    python3 "$oracle/make_checkpoint.py" --preset full --seed 1 --dtype f32 --shards 4 \
        --tokenizer "$oracle/tokenizer" --out "$checkpoint"
fi

dev/build.sh
echo "full-parity: running the engine"
/usr/bin/env time -f 'full-parity: %e s, peak memory %M kB (weights are mapped, shared pages included)' \
    .build/release/boxwood inspect forward --model "$checkpoint" --reference \
    --image "$oracle/goldens/images/snowman.png" --text '<grounding> An image of' \
    --max-new-tokens 24 --beams 3 --out "$scratch/got.safetensors"
dev/compare_forward.py "$scratch/got.safetensors" "$golden" --tolerance 5e-4
