#!/usr/bin/env bash
# Builds everything, tests included, optimised, in one configuration: `make demo` and `make test` share the objects.
# Undeclared imports between rooms are errors, so the target graph in Package.swift is the graph that holds.
set -euo pipefail
cd "$(dirname "$0")/.."
exec swift build -c release --build-tests --explicit-target-dependency-import-check error "$@"
