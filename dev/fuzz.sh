#!/usr/bin/env bash
# Gives a target of Fuzz/ to libFuzzer, everything instrumented: dev/fuzz.sh TARGET [--seconds N | --runs N] [INPUT...]
#
#   dev/fuzz.sh --list           the targets
#   dev/fuzz.sh --all [...]      one after the other, but for journal, whose database takes long to build
#   dev/fuzz.sh --seeds          writes Fuzz/corpus and Fuzz/words anew, but for inputs that were found
#   dev/fuzz.sh TARGET FILE      runs one input, as it was kept of a failure
#
# What is learned stays in .build-fuzz/corpus, what fails in .build-fuzz/failures. FUZZ_JOBS runs several processes of a
# target. docs/fuzzing.md says what to do with a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
out=.build-fuzz
limit=()
target=
inputs=()
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) limit=("-max_total_time=$2") && shift ;;
        --runs) limit=("-runs=$2") && shift ;;
        -*) target=$1 ;;
        *) if [ -z "$target" ]; then target=$1; else inputs+=("$1"); fi ;;
    esac
    shift
done
[ -n "$target" ] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
[ ${#limit[@]} -gt 0 ] || limit=("-max_total_time=60")

# The journal brings its database along, and has a build of its own.
build() {
    local folder=$out/build
    unset BOXWOOD_FUZZ_JOURNAL
    if [ "$1" = journal ]; then
        folder=$out/build-journal
        export BOXWOOD_FUZZ_JOURNAL=1
    fi
    # SwiftPM is told of the fuzzer, so that `main` is libFuzzer's; of both only by the compiler's own argument, because of
    # two of SwiftPM's the compiler takes the last.
    local flags=(--sanitize fuzzer -Xswiftc -sanitize=fuzzer,address
        -Xcc -fsanitize=fuzzer-no-link,address,undefined -Xcc -fsanitize-trap=undefined)
    mkdir -p "$out"
    if ! swift build --package-path Fuzz/Runner --scratch-path "$folder" -c release "${flags[@]}" \
        --product boxwood-fuzz >"$out/build.log" 2>&1; then
        grep -E 'error|warning: unre' "$out/build.log" >&2 || tail -20 "$out/build.log" >&2
        return 1
    fi
    program=$folder/release/boxwood-fuzz
}

fuzz() {
    local name=$1
    build "$name"
    local longest
    longest=$("$program" list | awk -v name="$name" '$1 == name { print $2 }')
    [ -n "$longest" ] || { echo "fuzz: there is no target $name; dev/fuzz.sh --list" >&2; return 2; }
    mkdir -p "$out/corpus/$name" "$out/failures/$name"
    local arguments=(-max_len="$longest" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1
        -artifact_prefix="$out/failures/$name/")
    [ ! -s "Fuzz/words/$name.dict" ] || arguments+=(-dict="Fuzz/words/$name.dict")
    if [ ${#inputs[@]} -gt 0 ]; then
        arguments+=("${inputs[@]}")
    else
        arguments+=("${limit[@]}" "$out/corpus/$name" "Fuzz/corpus/$name")
        [ "${FUZZ_JOBS:-1}" -eq 1 ] || arguments+=(-fork="$FUZZ_JOBS")
    fi
    # The runtime's own tracer gets in the way of the sanitizer's; what Foundation leaks is not ours to mend.
    BOXWOOD_FUZZ_TARGET=$name SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_stack_use_after_return=0 \
        LSAN_OPTIONS=suppressions=Fuzz/leaks.txt:print_suppressions=0 "$program" "${arguments[@]}"
}

all() {
    build frames
    "$program" list | cut -d' ' -f1
}

case $target in
    --list) all && echo journal ;;
    --all)
        failed=0
        names=$(all)
        for name in $names; do
            fuzz "$name" >"$out/$name.log" 2>&1 || failed=1
            grep -aE 'BROKEN|SUMMARY|Fatal' "$out/$name.log" || true
            runs=$(awk '/number_of_executed/ { print $2 }' "$out/$name.log")
            echo "$name: ${runs:-no} inputs, $(grep -aoE 'cov: [0-9]+' "$out/$name.log" | tail -1)"
        done
        exit "$failed" ;;
    --seeds) BOXWOOD_WRITE_SEEDS=1 dev/test.sh --filter FuzzTargetTests/seeds ;;
    *) fuzz "$target" ;;
esac
