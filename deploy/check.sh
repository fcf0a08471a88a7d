#!/usr/bin/env bash
# Checks what is in deploy/: units, container file, Kubernetes' objects, rules and their tests, dashboard, command lines.
# What it needs and does not find it gets (Python packages into .venv-deploy, promtool out of Debian's package) or names; it
# never leaves a check out. PROGRAM=FILE is the program whose options are compared, .build/release/boxwood unless given.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$PWD/.venv-deploy
program=${PROGRAM:-.build/release/boxwood}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

die() {
    echo "deploy: $*" >&2
    exit 1
}

# step NAME COMMAND...: runs it quietly; what it says is shown when it fails. Inside, the shell does not stop at a failure by
# itself: functions say where they end.
step() {
    local name=$1
    shift
    if ! "$@" >"$work/log" 2>&1; then
        cat "$work/log" >&2
        die "$name: failed"
    fi
    echo "deploy: $name: ok"
}

prepare_python() {
    local wanted
    wanted=$(sha256sum deploy/check/requirements.txt | cut -d' ' -f1)
    [ "$(cat "$venv/requirements" 2>/dev/null || true)" = "$wanted" ] && return
    rm -rf "$venv"
    python3 -m venv "$venv" || die "no Python environment can be made; install python3-venv"
    "$venv/bin/pip" install -q --disable-pip-version-check -r deploy/check/requirements.txt ||
        die "the packages of deploy/check/requirements.txt cannot be installed"
    echo "$wanted" >"$venv/requirements"
}

# Debian's package would start a server where it is installed; one program of it is all that is wanted.
find_promtool() {
    promtool=$(command -v promtool || true)
    [ -n "$promtool" ] && return
    promtool=$venv/prometheus/usr/bin/promtool
    [ -x "$promtool" ] && return
    (cd "$work" && apt-get download -qq prometheus >/dev/null 2>&1) ||
        { (apt-get update -qq && cd "$work" && apt-get download -qq prometheus) >/dev/null 2>&1; } ||
        die "no promtool, and Debian's package prometheus cannot be downloaded"
    dpkg-deb -x "$work"/prometheus_*.deb "$venv/prometheus"
}

# --- systemd ---
# Exposure as systemd-analyze measures it, in tenths: 9.6 is a unit without any protection.
exposure=15

check_units() {
    cp deploy/systemd/* "$work/units/" || return 1
    # That the program is installed is not the question here; /bin/true stands for it.
    sed -i 's#^ExecStart=/usr/local/bin/boxwood#ExecStart=/bin/true#' "$work"/units/*.service
    cp "$work/units/boxwood-worker@.service" "$work/units/boxwood-worker@1.service"
    local said
    said=$(cd "$work/units" && systemd-analyze verify --man=no boxwood-broker.service boxwood-worker@1.service \
        boxwood-workers.target 2>&1) || { echo "$said"; return 1; }
    # A key that systemd does not know is a warning to it.
    [ -z "$said" ] || { echo "$said"; return 1; }
    local unit user
    for unit in deploy/systemd/*.service; do
        systemd-analyze security --offline=yes --threshold=$exposure --no-pager "$unit" || return 1
        user=$(sed -n 's/^User=//p' "$unit")
        grep -q "^u $user " deploy/systemd/boxwood.sysusers.conf || { echo "$unit: nobody makes the user $user"; return 1; }
    done
}

# --- Kubernetes ---
kustomizations=(base overlays/development overlays/production)

build_objects() {
    local name
    for name in "${kustomizations[@]}"; do
        "$venv/bin/python" deploy/check/kustomize.py "deploy/kubernetes/$name" >"$work/$(basename "$name").yaml" ||
            return 1
    done
}

# Objects of KEDA and of the Prometheus operator have no type there; manifests.py looks at those.
check_types() {
    "$venv/bin/python" - "$work" <<'PYTHON' || return 1
import sys, yaml, pathlib
for path in pathlib.Path(sys.argv[1]).glob("*.yaml"):
    own = [d for d in yaml.safe_load_all(path.read_text()) if "k8s.io" in d["apiVersion"] or "." not in d["apiVersion"]]
    assert len(own) >= 12, f"{path.name} has {len(own)} objects"
    path.with_suffix(".known").write_text(yaml.safe_dump_all(own))
PYTHON
    local file
    for file in "$work"/*.known; do
        "$venv/bin/kubernetes-validate" --strict --quiet -k 1.33 "$file" || return 1
    done
}

compare_builders() {
    "$venv/bin/python" - "$work" "$1" deploy/kubernetes "${kustomizations[@]}" <<'PYTHON'
import subprocess, sys, yaml, pathlib
work, tool, folder, *names = sys.argv[1:]
command = [tool, "build"] if tool.endswith("kustomize") else [tool, "kustomize"]
key = lambda o: (o["kind"], o["metadata"]["name"])

def plain(value):
    # Where a merged element stands among the others is each builder's own; it means nothing here.
    if isinstance(value, dict):
        return {k: sorted(map(plain, v), key=lambda e: e["name"]) if k == "env" else plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value

for name in names:
    text = subprocess.run(command + [f"{folder}/{name}"], capture_output=True, text=True, check=True).stdout
    theirs = sorted((d for d in yaml.safe_load_all(text) if d), key=key)
    ours = sorted(yaml.safe_load_all((pathlib.Path(work) / (pathlib.Path(name).name + ".yaml")).read_text()), key=key)
    for a, b in zip(ours, theirs):
        assert plain(a) == plain(b), f"{name}: {key(a)} differs:\n{yaml.safe_dump(a)}\n---\n{yaml.safe_dump(b)}"
    assert len(ours) == len(theirs), name
PYTHON
}

# --- all of it ---
[ -x "$program" ] || die "$program is not there: build it first (make build)"
command -v systemd-analyze >/dev/null || die "no systemd-analyze; install Debian's package systemd"
mkdir -p "$work/units"
prepare_python
find_promtool

step "systemd units" check_units
step "container file" "$venv/bin/hadolint" --config deploy/.hadolint.yaml deploy/Containerfile
step "kustomizations are built" build_objects
step "types of Kubernetes 1.33" check_types
step "probes, limits, selectors, permissions" "$venv/bin/python" deploy/check/manifests.py "$work"/*.yaml
tool=$(command -v kustomize || command -v kubectl || true)
if [ -n "$tool" ]; then
    step "the same as $(basename "$tool") builds" compare_builders "$tool"
fi
step "options of the program" "$venv/bin/python" deploy/check/command_lines.py "$program" "$work"/*.yaml
step "rules" "$promtool" check rules deploy/monitoring/boxwood-rules.yml
step "tests of the rules" "$promtool" test rules deploy/monitoring/boxwood-rules.test.yml
step "metrics, labels, dashboard" "$venv/bin/python" deploy/check/metrics.py "$work/dashboard-rules.yml"
step "queries of the dashboard" "$promtool" check rules "$work/dashboard-rules.yml"
