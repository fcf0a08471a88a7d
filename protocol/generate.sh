#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes Sources/Wire/Generated from protocol/boxwood/v1/*.proto.
# Needs protoc, and protoc-gen-swift of swift-protobuf 1.39 on the PATH or in PROTOC_GEN_SWIFT.
set -eu
cd "$(dirname "$0")/.."
plugin=${PROTOC_GEN_SWIFT:-$(command -v protoc-gen-swift || true)}
if [ -z "$plugin" ]; then
    echo "generate.sh: no protoc-gen-swift; build it in a checkout of swift-protobuf:" >&2
    echo "  swift build -c release --product protoc-gen-swift" >&2
    exit 1
fi
out=Sources/Wire/Generated
rm -rf "$out"
mkdir -p "$out"
protoc --plugin=protoc-gen-swift="$plugin" --proto_path=protocol \
    --swift_opt=Visibility=Public --swift_opt=UseAccessLevelOnImports=true --swift_opt=FileNaming=DropPath \
    --swift_out="$out" protocol/boxwood/v1/*.proto
