#!/usr/bin/env bash
# Kills and stops workers one after the other and measures how long until their work runs elsewhere; ends with 1 where that is
# longer than promised, or a call was lost. About four minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
case " $* " in
*" --bin "* | *" --help "*) ;;
*) dev/build.sh >/dev/null ;;
esac
exec python3 dev/soak/recovery.py "$@"
