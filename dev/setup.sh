#!/usr/bin/env bash
# Installs the Debian packages that building, testing and the demo need, and says what it does.
set -euo pipefail

packages=(
    build-essential pkg-config
    libzmq3-dev libjpeg62-turbo-dev libpng-dev libsentencepiece-dev libcairo2-dev
    libsqlite3-dev       # the journal of durable jobs
    fonts-dejavu-core    # the labels on drawn boxes
    python3-zmq          # the protocol's worked example, run by the tests
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
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then
        as_root=(sudo)
    else
        echo "setup: these Debian packages are missing and this user may not install them:" >&2
        echo "    sudo apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi

echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "setup: done"
