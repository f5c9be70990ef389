#!/usr/bin/env bash
# test/vm/gpio.sh RECIPE WORKDIR: the door on a virtual GPIO chip, in a throw-away Debian guest.
#   RECIPE   recipe.sh of a folder that builds and boots such a guest (gpio-sim, gpiod tools, systemd, `vhw`)
#   WORKDIR  its working folder; built there if need be (some minutes)
# Needs `npm run build` and built models. In the guest: the hardware through onoff and through the gpiod tools, the contract suite
# on both, then the daemon (DAEMON=door: only its door, for slow emulations) under its own unit: killed, frozen and stopped in a fire, killed and frozen in
# the middle of a pulse. ONLY=fire: the fire alone. Prints what was measured; exits 1 on failure.
set -euo pipefail
recipe=${1:?usage: test/vm/gpio.sh RECIPE WORKDIR} work=${2:?usage: test/vm/gpio.sh RECIPE WORKDIR}
root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd -P)
vm() { bash "$recipe" "$work" "$@"; }
[ -e "$root/dist/cli/main.js" ] || { echo 'gpio.sh: npm run build first' >&2; exit 2; }

vm build
SHARE=${SHARE:-$root} MEM=${MEM:-2048} vm up
trap 'vm down || true' EXIT
# An hour and a half: the recipe itself would end it after 15 minutes.
EXEC_TIMEOUT=${EXEC_TIMEOUT:-5400} vm exec "DAEMON=${DAEMON:-whole} ONLY=${ONLY:-} bash -s" <"$root/test/vm/gpio-guest.sh"
