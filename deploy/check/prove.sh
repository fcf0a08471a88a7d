#!/usr/bin/env bash
# Proves the checks of deploy/: breaks one thing after the other, in a copy, and expects check.sh to notice. Some minutes.
set -uo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "${PROGRAM:-.build/release/boxwood}")
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
survivors=0

# broken WHAT FILE FROM TO BY: where FROM stands first in the file it becomes TO, and the step BY has to fail.
broken() {
    local what=$1 file=$2 from=$3 to=$4 by=$5
    rm -rf "$copy/deploy" "$copy/docs" && cp -r deploy docs "$copy/" && ln -sfn "$PWD/.venv-deploy" "$copy/.venv-deploy"
    local text
    text=$(cat "$copy/deploy/$file")
    if [[ "$text" != *"$from"* ]]; then
        echo "prove: $what: '$from' is not in $file" >&2
        survivors=$((survivors + 1))
        return
    fi
    printf '%s\n' "${text/"$from"/"$to"}" >"$copy/deploy/$file"
    if PROGRAM=$program "$copy/deploy/check.sh" >"$copy/log" 2>&1; then
        echo "SURVIVED  $what"
    elif ! grep -q "^deploy: $by: failed" "$copy/log"; then
        echo "SURVIVED  $what: $(tail -1 "$copy/log")"
    else
        echo "caught    $what"
        return
    fi
    survivors=$((survivors + 1))
}

deploy/check.sh >/dev/null || exit 1
broken 'an unknown key' systemd/boxwood-broker.service 'WatchdogSec=15' 'WatchdogSecs=15' 'systemd units'
broken 'a unit that may do more' systemd/boxwood-worker@.service 'CapabilityBoundingSet=' 'CapabilityBoundingSet=~' 'systemd units'
broken 'a user that nobody makes' systemd/boxwood.sysusers.conf 'u boxwood-worker ' 'u boxwood-workers ' 'systemd units'
broken 'sudo in the image' Containerfile 'USER 65532:65532' 'RUN sudo true' 'container file'
broken 'a field that the builder does not know' kubernetes/base/kustomization.yaml 'resources:' $'commonLabels: {a: b}\nresources:' \
    'kustomizations are built'
broken 'a patch of nothing' kubernetes/overlays/development/small.yaml 'containers/0/resources' 'containers/1/resources' \
    'kustomizations are built'
broken 'an unknown field' kubernetes/base/broker.yaml 'enableServiceLinks' 'enableServiceLink' 'types of Kubernetes 1.33'
broken 'a type' kubernetes/overlays/production/broker.yaml 'topologyKey: kubernetes.io/hostname' 'topologyKey: 7' \
    'types of Kubernetes 1.33'
broken 'too little time to drain' kubernetes/base/workers.yaml 'GracePeriodSeconds: 35' 'GracePeriodSeconds: 20' \
    'probes, limits, selectors, permissions'
broken 'ready as alive' kubernetes/base/workers.yaml 'path: /readyz' 'path: /healthz' 'probes, limits, selectors, permissions'
broken 'a port that is not there' kubernetes/base/services.yaml 'targetPort: client' 'targetPort: klient' \
    'probes, limits, selectors, permissions'
broken 'root' kubernetes/base/broker.yaml 'runAsNonRoot: true' 'runAsNonRoot: false' 'probes, limits, selectors, permissions'
broken 'a policy of nothing' kubernetes/base/disruption-budgets.yaml 'io/name: boxwood-worker' 'io/name: boxwood-work' \
    'probes, limits, selectors, permissions'
broken 'scaling something else' kubernetes/overlays/production/scaled-object.yaml $'    name: boxwood-worker\n  min' \
    $'    name: boxwood-workers\n  min' 'probes, limits, selectors, permissions'
broken 'an option in a pod' kubernetes/base/workers.yaml '--precision=q8' '--precison=q8' 'options of the program'
broken 'an option in a unit' systemd/boxwood-broker.service '--journal ' '--journl ' 'options of the program'
broken 'a rule that is none' monitoring/boxwood-rules.yml 'absent(' 'absent((' 'rules'
broken 'another threshold' monitoring/boxwood-rules.yml 'work_seconds > 30' 'work_seconds > 100' 'tests of the rules'
broken 'a metric in a panel' monitoring/boxwood-dashboard.json 'boxwood_calls_open{' 'boxwood_open_calls{' \
    'metrics, labels, dashboard'
broken 'a metric in a rule' monitoring/boxwood-rules.yml 'process_start_time_seconds' 'process_started_seconds' 'tests of the rules'
broken 'a label in a panel' monitoring/boxwood-dashboard.json 'state=~' 'status=~' 'metrics, labels, dashboard'
broken 'panels that overlap' monitoring/boxwood-dashboard.json '"x": 4' '"x": 3' 'metrics, labels, dashboard'
broken 'an alert without a test' monitoring/boxwood-rules.yml '      - alert: BoxwoodBacklog' \
    $'      - alert: BoxwoodNew\n        expr: boxwood_queue_work_seconds > 1e9\n\n      - alert: BoxwoodBacklog' \
    'metrics, labels, dashboard'
broken 'a query that is none' monitoring/boxwood-dashboard.json 'histogram_quantile(0.5, sum' 'histogram_quantile(0.5 sum' \
    'queries of the dashboard'

echo "prove: $survivors not caught"
[ "$survivors" -eq 0 ]
