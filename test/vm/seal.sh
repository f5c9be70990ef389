#!/usr/bin/env bash
# test/vm/seal.sh RECIPE WORKDIR: the sealing key under real systemd, in a throw-away Debian guest with a virtual GPIO chip; RECIPE and WORKDIR
# as for gpio.sh. The key in an encrypted credential, then damaged, then one that hangs, back again, destroyed on tamper, brought anew; exit
# button and relay are looked at throughout. Needs `npm run build` and built models, in a checkout whose node_modules is no link.
# Exits 1 on failure.
set -euo pipefail
recipe=${1:?usage: test/vm/seal.sh RECIPE WORKDIR} work=${2:?usage: test/vm/seal.sh RECIPE WORKDIR}
root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd -P)
vm() { bash "$recipe" "$work" "$@"; }
[ -e "$root/dist/cli/main.js" ] || { echo 'seal.sh: npm run build first' >&2; exit 2; }

vm build
SHARE=${SHARE:-$root} MEM=${MEM:-2048} vm up
trap 'vm down || true' EXIT
EXEC_TIMEOUT=${EXEC_TIMEOUT:-5400} vm exec bash -s <"$root/test/vm/seal-guest.sh"
