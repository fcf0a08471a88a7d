#!/usr/bin/env bash
# Builds and runs every test. What needs the reference's recordings is skipped by name where they are absent.
#
# In two parts, and what is in deploy/ and the Python client after them: whole processes are tested by themselves, so that they do not share the cores with a thousand
# recorded tokens and look slow for it. Arguments go to `swift test` and make it one part.
set -euo pipefail
cd "$(dirname "$0")/.."
dev/build.sh
if [ $# -gt 0 ]; then
    exec swift test -c release --skip-build "$@"
fi

log=$(mktemp)
trap 'rm -f "$log" "$log.python"' EXIT
failed=0
swift test -c release --skip-build --skip EndToEndTests 2>&1 | tee -a "$log" || failed=1
swift test -c release --skip-build --filter EndToEndTests 2>&1 | tee -a "$log" || failed=1

deploy/check.sh || failed=1
dev/python.sh 2>&1 | tee "$log.python" || failed=1

# The count of both parts, by their closing marks.
passes=$(grep -cE '^✔ Test .* passed after|^✔ Test [^ ]+\(.*\) passed after' "$log" || true)
failures=$(grep -cE '^✘ Test .* failed after' "$log" || true)
runs=$(grep -cE '^. Test run with' "$log" || true)
passes=$((passes - $(grep -cE '^✔ Test run with' "$log" || true)))
failures=$((failures - $(grep -cE '^✘ Test run with' "$log" || true)))
if [ "$runs" -ne 2 ]; then
    echo "test: a part of the tests did not come to its end" >&2
    failed=1
fi
skipped=$(grep -cE '^➜ Test .* skipped' "$log" || true)
# of_python WORD: what pytest counted of it.
of_python() { grep -oE "[0-9]+ $1" "$log.python" | tail -1 | cut -d' ' -f1 || true; }
python_passes=$(of_python passed)
python_failures=$(of_python failed)
python_skipped=$(of_python skipped)
passes=$((passes + ${python_passes:-0}))
failures=$((failures + ${python_failures:-0}))
skipped=$((skipped + ${python_skipped:-0}))
echo "$passes passed, $failures failed, $skipped skipped"
exit "$failed"
