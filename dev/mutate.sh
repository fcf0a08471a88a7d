#!/usr/bin/env bash
# Proves the simulation's checker: breaks the scheduler on purpose, in a copy, one place at a time, and expects the
# simulation to notice. Arguments are names of mutations; without any, all are tried. Takes about half a minute each.
set -uo pipefail
cd "$(dirname "$0")/.."
seeds=${MUTATE_SEEDS:-3000}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
survivors=0
tried=0

# mutation NAME FILE FROM TO...: each FROM is replaced by its TO wherever it stands in the file, and must stand there.
mutation() {
    local name=$1 file=$2
    shift 2
    if [ ${#wanted[@]} -gt 0 ] && [[ ! " ${wanted[*]} " == *" $name "* ]]; then return; fi
    rm -rf "$copy/Scheduling" && cp -r Sources/Broker/Scheduling "$copy/Scheduling"
    local text
    text=$(cat "$copy/Scheduling/$file")
    while [ $# -gt 0 ]; do
        if [[ "$text" != *"$1"* ]]; then
            echo "mutate: $name: '$1' is not in $file" >&2
            survivors=$((survivors + 1))
            return
        fi
        text=${text//"$1"/"$2"}
        shift 2
    done
    printf '%s\n' "$text" >"$copy/Scheduling/$file"
    tried=$((tried + 1))
    export SIMULATE_OUT="$copy/out" SIMULATE_SCHEDULER="$copy/Scheduling"
    rm -rf "$copy/out"
    # Only what was built and then found a broken promise, or trapped, counts as caught.
    if ! dev/simulate.sh --seeds 0 >"$copy/log" 2>&1 && [ ! -x "$copy/out/simulate" ]; then
        echo "mutate: $name does not build:" >&2
        tail -5 "$copy/log" >&2
        survivors=$((survivors + 1))
    elif ! timeout 120 "$copy/out/simulate" --seeds "$seeds" >"$copy/log" 2>&1; then
        echo "caught    $name: $(head -1 "$copy/log" | cut -c1-100)"
    elif ! timeout 240 "$copy/out/simulate" --capacity >"$copy/log" 2>&1; then
        echo "caught    $name: by its capacity"
    else
        echo "SURVIVED  $name"
        survivors=$((survivors + 1))
    fi
}

wanted=("$@")
mutation late-deadlines Scheduler+Time.swift 'deadlines.takeDue(at: now)' 'deadlines.takeDue(at: now - .seconds(2))'
mutation any-answer-counts Scheduler+Workers.swift \
    'guard let held = workers[id]?.held.removeValue(forKey: attempt) else' \
    'guard let held = Optional(workers[id]?.held.removeValue(forKey: attempt) ?? WorkerState.Held()) else' \
    'workers[id]!.done += 1' 'workers[id]?.done += 1' \
    'return work.attempts == attempt.number && work.holder?.worker == worker' \
    'return work.attempts >= attempt.number && work.holder?.worker != WorkerID(0)'
mutation one-credit-too-many WorkerState.swift 'max(0, credits - held.count)' 'max(0, credits + 1 - held.count)'
mutation budget-leaks Load.swift 'total = total - load' 'total = total - Load(bytes: load.bytes / 2, pixels: load.pixels)'
mutation budget-ignored Displacement.swift 'if load.bytes > terms.queueBytes' 'if load.bytes > 2 * terms.queueBytes'
mutation pixels-ignored Displacement.swift 'load.pixels > terms.queuePixels ?' 'load.pixels > 2 * terms.queuePixels ?'
mutation client-budget-ignored Displacement.swift 'while exceedsAccount(newcomer)' 'while false && exceedsAccount(newcomer)'
mutation lost-with-its-worker Scheduler+Endings.swift '                waitAgain(attempt.call)' \
    '                if held.startedAt == nil { waitAgain(attempt.call) }'
mutation all-are-blamed Scheduler+Endings.swift 'if held.startedAt != nil { works' 'if held.endedAt == nil { works'
mutation poison-goes-on Scheduler+Endings.swift 'work.failures >= configuration.maxFailures ||' \
    'work.failures > configuration.maxFailures + 1 ||'
mutation suspects-in-company Work.swift 'var isSuspect: Bool { failures > 0 }' 'var isSuspect: Bool { failures > 1 }'
mutation batch-never-ages WaitingLine.swift 'place.arrival + batchAge <= now' 'place.arrival + batchAge <= now - .seconds(1_000_000)'
mutation batch-goes-first WaitingLine.swift 'shares.next(of: urgent) ?? shares.next(of: lanes.keys)' 'shares.next(of: lanes.keys)'
mutation newest-first WaitingLine.swift 'guard let first = lane.interactive.first' 'guard let first = lane.interactive.places.last'
mutation one-ends-all Scheduler+Endings.swift 'let isLast = works[call.work]!.calls.isEmpty' 'let isLast = true'
mutation any-key-joins Scheduler.swift 'guard work.terms.fingerprint == terms.fingerprint' 'guard work.terms.kind == terms.kind'
mutation any-key-is-answered Scheduler.swift 'guard fingerprint == terms.fingerprint' 'guard fingerprint == terms.fingerprint || terms.kind == 0'
mutation answers-pile-up KeptAnswers.swift '|| bytes > terms.bytes' '|| bytes > 2 * terms.bytes'
mutation silence-is-golden WorkerState.swift 'lastHeard + terms.silenceLimit <= now' 'lastHeard + terms.silenceLimit * 2 <= now'
mutation credit-never-back Scheduler+Endings.swift 'workers[holder.worker]?.held[attempt]?.endedAt = now' '_ = attempt'
mutation standstill-is-blamed WorkerState.swift 'lastHeard = min(now, lastHeard + gap)' 'lastHeard = min(now, lastHeard + gap / 2)'
mutation nobody-is-told Scheduler+Workers.swift 'settlement.actions = forgetAnswers(at: now) + assign(at: now)' \
    'settlement.actions = forgetAnswers(at: now)'
mutation held-while-it-waits Scheduler+Endings.swift '        works[id]!.holder = nil' ''
mutation quarantine-is-forgotten Scheduler+Endings.swift '[.quarantine(id, work.blame)] + endWork' 'endWork'
mutation turns-for-shares FairShares.swift 'served += price' 'served += .zero'
mutation time-is-no-matter Scheduler+Admission.swift 'return lacking > .zero ? bounded(lacking) : nil' 'return lacking > .seconds(1_000_000) ? .zero : nil'
mutation work-for-who-is-set-aside WorkerState.swift '!isDraining && !isSetAside' '!isDraining'
mutation set-aside-for-ever Scheduler+Operators.swift 'workers[id]!.isSetAside = false' ''
mutation nobody-left-is-somebody Scheduler+Operators.swift 'workers.allSatisfy { $0.value.isSetAside }' 'workers.isEmpty'
mutation taken-back-for-nothing Scheduler+Operators.swift 'return assign(at: now)' 'return []'
mutation pictures-are-forgotten Scheduler+Placement.swift 'workers[worker]!.pictures.add(picture)' '_ = picture'

echo "mutate: $tried tried, $survivors not caught"
[ "$survivors" -eq 0 ]
