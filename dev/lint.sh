#!/usr/bin/env bash
# The one format, no place left unfinished, and each C module with exactly one Swift importer.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

swift format lint --strict --parallel --recursive Sources Tests Fuzz/Runner/Sources Fuzz/Runner/Package.swift Package.swift || failed=1

# C module -> the only room that may import it.
declare -A owner=([CZeroMQ]=Messaging [CKernels]=Kernels [CImageCodecs]=Imaging [CCairo]=Imaging
    [CSentencePiece]=Tokenization [GRDB]=Journal [GRDBSQLite]=Journal)
for module in "${!owner[@]}"; do
    strays=$(grep -rlE "^(internal |private |public |fileprivate |package )?import $module\b" Sources Tests --include='*.swift' |
        grep -v "^Sources/${owner[$module]}/" || true)
    if [ -n "$strays" ]; then
        echo "lint: only ${owner[$module]} may import $module, but so do: $strays" >&2
        failed=1
    fi
done

if grep -rnE 'TODO|FIXME|XXX' Sources Tests training dev protocol --include='*.swift' --include='*.c' --include='*.h' --include='*.cpp' \
    --include='*.py' --include='*.sh' --include='*.proto' --exclude=lint.sh; then
    echo "lint: unfinished places, see above" >&2
    failed=1
fi
[ "$failed" -eq 0 ] && echo "lint: clean"
exit "$failed"
