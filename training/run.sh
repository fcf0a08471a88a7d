#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes boxwood-nano from nothing: environment, pool of scenes, both training stages, calibration, pictures, figures.
# Run it again after an interruption: finished steps are skipped and training goes on from its last save.
#
#   apt-get install python3-venv openclipart-png fonts-noto-color-emoji
#   training/run.sh [FOLDER FOR EVERYTHING IT MAKES]
#
# Environment: SCENES (44000), VISION_MINUTES (45), TEXT_MINUTES (22), THREADS (all cores), PYTHON (python3).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$here/build}
threads=${THREADS:-$(nproc)}
mkdir -p "$work"

for needed in /usr/share/openclipart/png /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf; do
    [ -e "$needed" ] || { echo "missing $needed: install openclipart-png and fonts-noto-color-emoji" >&2; exit 1; }
done
if [ ! -e "$work/venv/ready" ]; then
    "${PYTHON:-python3}" -m venv "$work/venv"
    "$work/venv/bin/pip" install -r "$here/requirements.txt"
    touch "$work/venv/ready"
fi
python="$work/venv/bin/python"
export PYTHONPATH="$here"

"$python" -m boxwood_nano.pool "$work/pool" --scenes "${SCENES:-44000}" --workers "$threads"
"$python" -m boxwood_nano.train_vision "$work/pool" "$work/vision" \
    --minutes "${VISION_MINUTES:-45}" --threads "$threads" --bfloat16
[ -e "$work/tokenizer/tokenizer.json" ] || "$python" -m boxwood_nano.tokenizer "$work/tokenizer"
"$python" -m boxwood_nano.train_text "$work/pool" "$work/vision" "$work/tokenizer" "$work/text" \
    --minutes "${TEXT_MINUTES:-22}" --threads "$threads"
if [ ! -e "$work/text/calibrated" ]; then
    "$python" -m boxwood_nano.calibrate "$work/text/checkpoint"
    touch "$work/text/calibrated"
fi
"$python" -m boxwood_nano.release "$work/text/checkpoint"
"$python" -m boxwood_nano.evaluate "$work/text/checkpoint" --threads "$threads"
echo "the checkpoint is in $work/text/checkpoint"
