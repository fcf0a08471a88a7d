#!/usr/bin/env bash
# The scheduler, simulated, without the rest of the house: --seeds N, --from SEED, --seed SEED (one, with its history),
# --threads N. A million seeds take about an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${SIMULATE_OUT:-.build/simulate}
scheduler=${SIMULATE_SCHEDULER:-Sources/Broker/Scheduling}
mkdir -p "$out"
flags=(-swift-version 6 -O -wmo -package-name boxwood -enable-upcoming-feature ExistentialAny
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility)
swiftc "${flags[@]}" -parse-as-library -module-name Broker -emit-module -emit-module-path "$out/Broker.swiftmodule" \
    -c "$scheduler"/*.swift -o "$out/Broker.o"
swiftc "${flags[@]}" -module-name simulate -I "$out" Tests/BrokerTests/Simulation/*.swift dev/simulate/main.swift \
    "$out/Broker.o" -o "$out/simulate"
exec "$out/simulate" "$@"
