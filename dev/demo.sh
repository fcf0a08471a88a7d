#!/usr/bin/env bash
# The whole way once: a broker and two workers with the embedded model, five tasks on pictures that ship with it.
# Prints each result's JSON, writes the annotated pictures to demo-out/, and stops everything it started.
set -euo pipefail
cd "$(dirname "$0")/.."
boxwood=.build/release/boxwood
samples=models/boxwood-nano/samples
out=demo-out
mkdir -p "$out"
rm -f "$out"/*.png "$out"/*.json "$out"/service.*

# Free ports, so that a service that already runs here is left alone.
"$boxwood" up --workers 2 --http none --client-endpoint 'tcp://127.0.0.1:*' --worker-endpoint 'tcp://127.0.0.1:*' \
    >"$out/service.out" 2>"$out/service.log" &
service=$!
stop() {
    kill -TERM "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
}
trap stop EXIT

echo "demo: starting a broker and two workers"
for _ in $(seq 300); do
    grep -q '^ready' "$out/service.out" && break
    if ! kill -0 "$service" 2>/dev/null; then
        echo "demo: the service did not start:" >&2
        cat "$out/service.log" >&2
        exit 1
    fi
    sleep 0.1
done
BOXWOOD_ENDPOINT=$(grep -oE 'tcp://[^ ]+' "$out/service.out" | head -n 1)
export BOXWOOD_ENDPOINT
"$boxwood" status

# ask NAME VERB PICTURE ARGUMENT...: one task, its JSON on the screen and in a file, its picture beside it.
ask() {
    local name=$1 verb=$2 picture=$3
    shift 3
    echo
    echo "demo: boxwood $verb $picture ${*@Q}"
    "$boxwood" "$verb" "$picture" "$@" --json --draw "$out/$name.png" | tee "$out/$name.json"
}

ask detect-1 detect "$samples/scene-1.jpg" --label penguin --label lemon --label apple
ask detect-4 detect "$samples/scene-4.jpg" --label cat --label heart --label flower --label penguin --label boat
ask detect-5 detect "$samples/scene-5.jpg" --label balloon --label cat --label lemon --label tree
ask ground-3 ground "$samples/scene-3.jpg" 'A photo of <phrase>a dog</phrase> and <phrase>a flower</phrase>'
ask align-4 align "$samples/scene-4.jpg" 'An image of a penguin, a cat and a heart.'
ask caption-6 caption "$samples/scene-6.jpg"
ask caption-2 caption "$samples/scene-2.jpg"
ask ask-2 ask "$samples/scene-2.jpg" 'How many gifts are there?'
ask photograph detect "$samples/photograph-cat.jpg" --label cat --label car

echo
echo "demo: annotated pictures:"
ls -1 "$PWD/$out"/*.png
stop
trap - EXIT
echo "demo: stopped everything it started"
