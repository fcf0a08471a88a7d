#!/usr/bin/env bash
# Installs the Debian packages that building, testing and the demo need, and says what it does.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
    build-essential pkg-config
    libzmq3-dev libjpeg62-turbo-dev libpng-dev libsentencepiece-dev libcairo2-dev
    libsqlite3-dev       # the journal of durable jobs
    fonts-dejavu-core    # the labels on drawn boxes
    python3-zmq          # the protocol's worked example, run by the tests
    python3-venv systemd # what checks deploy/; systemd for systemd-analyze
)

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done

if ! command -v swift >/dev/null; then
    echo "setup: no 'swift' on the PATH; install the Swift 6.3 toolchain from swift.org first" >&2
    exit 1
fi
# promtool checks what we export. It is taken out of its package, which would also start a server on this machine.
promtool=.tools/promtool
if [ ! -x "$promtool" ] && ! command -v promtool >/dev/null; then missing_promtool=yes; fi
[ ${#missing[@]} -eq 0 ] && [ -z "${missing_promtool:-}" ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then
        as_root=(sudo)
    else
        [ ${#missing[@]} -eq 0 ] && { echo "setup: without promtool; its tests are skipped" >&2; exit 0; }
        echo "setup: these Debian packages are missing and this user may not install them:" >&2
        echo "    sudo apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi

echo "setup: installing ${missing[*]}${missing_promtool:+ promtool}"
"${as_root[@]}" apt-get update -qq
[ ${#missing[@]} -eq 0 ] || "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
if [ -n "${missing_promtool:-}" ]; then
    download=$(mktemp -d)
    trap 'rm -rf "$download"' EXIT
    (cd "$download" && apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb .)
    install -D "$download/usr/bin/promtool" "$promtool"
fi
echo "setup: done"
