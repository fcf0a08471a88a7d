#!/usr/bin/env bash
# Builds and runs every test. What needs the reference's recordings is skipped by name where they are absent.
set -euo pipefail
cd "$(dirname "$0")/.."
dev/build.sh
exec swift test -c release --skip-build "$@"
