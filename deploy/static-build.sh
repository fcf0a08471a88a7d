#!/usr/bin/env bash
# Builds the program as it goes into the container: one file with Swift's runtime and every library inside of which Debian
# has an archive. "What is static" in README.md says what is left outside, and why.
#
#   static-build.sh packages     installs Debian's packages that it needs (as root)
#   static-build.sh build DIR    builds, and puts DIR/boxwood there
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(binutils libcairo2-dev libjpeg62-turbo-dev libpng-dev libsentencepiece-dev libsqlite3-dev libzmq3-dev pkg-config)

# Libraries whose archive takes the place of the shared one. The first are the program's own, the others what those need.
archives=(zmq sodium jpeg png16 sqlite3 cairo z pgm norm protokit pixman-1 fontconfig freetype expat brotlidec brotlicommon uuid)
# What the archives of libzmq and cairo need beyond what the program asks for itself.
needed=(-lsodium -lpgm -lnorm -lpixman-1 -lfontconfig -lfreetype -lexpat -lbrotlidec -lbrotlicommon -lpng16 -luuid -lz -lgssapi_krb5)

case "${1:-}" in
packages)
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
    rm -rf /var/lib/apt/lists/*
    ;;
build)
    out=${2:?a folder to put the program in}
    # A folder with archives alone: the linker looks there first, and where it finds one it takes no shared library.
    static=$PWD/.build-static/archives
    rm -rf "$static"
    mkdir -p "$static" "$out"
    system=/usr/lib/$(gcc -print-multiarch)
    for name in "${archives[@]}"; do
        ln -s "$(readlink -f "$system/lib$name.a")" "$static/lib$name.a"
    done
    # pkg-config names libpng16, the program libpng.
    ln -s "$static/libpng16.a" "$static/libpng.a"
    options=()
    for flag in "-L$static" "-L$system/mit-krb5" "${needed[@]}" --gc-sections; do options+=(-Xlinker "$flag"); done
    swift build -c release --product boxwood --static-swift-stdlib --scratch-path .build-static -Xswiftc -use-ld=lld \
        "${options[@]}" "${@:3}"
    install -m 755 "$(swift build -c release --static-swift-stdlib --scratch-path .build-static --show-bin-path)/boxwood" "$out/boxwood"
    strip --strip-unneeded "$out/boxwood"
    ;;
*)
    sed -n '2,7p' "$0" >&2
    exit 64
    ;;
esac
