#!/usr/bin/env bash
# A service of two brokers, five workers and four clients under a seeded plan of faults, for ten minutes unless told otherwise.
# Counts every answer; ends with 1 if one was lost or came twice, or if memory grew. docs/faults.md says what is done to it.
#
#   dev/soak.sh --minutes 10 --seed 7        dev/soak.sh --seconds 40 --plan
set -euo pipefail
cd "$(dirname "$0")/.."
case " $* " in
*" --bin "* | *" --plan "* | *" --help "*) ;;
*) dev/build.sh >/dev/null ;;
esac
exec python3 dev/soak/soak.py "$@"
