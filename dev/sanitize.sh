#!/usr/bin/env bash
# The C kernels under the sanitizers of the toolchain's own clang: addresses and undefined behaviour, then threads.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=$(readlink -f "$(command -v swift)")
clang=$(dirname "$swift")/clang
# The thread sanitizer of this toolchain wants its dispatch library.
libraries=$(dirname "$swift")/../lib/swift/linux
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

kernels=Sources/CKernels
"$clang" -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -I "$kernels/include" \
    dev/sanitize/kernels.c "$kernels"/{f32,kernels,q4,q4_pack,q8}.c -o "$out/kernels" -lm 2>"$out/log" || { cat "$out/log" >&2; exit 1; }
"$out/kernels"
"$clang" -g -O1 -fsanitize=thread -I "$kernels/include" dev/sanitize/team.c "$kernels/team.c" -o "$out/team" \
    -L "$libraries" -Wl,-rpath,"$libraries" -ldispatch -lBlocksRuntime -lpthread 2>"$out/log" || { cat "$out/log" >&2; exit 1; }
"$out/team"
