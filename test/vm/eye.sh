#!/usr/bin/env bash
# test/vm/eye.sh RECIPE WORKDIR: the eye in its unit, in a throw-away Debian guest; RECIPE and WORKDIR as for gpio.sh. The guest needs OpenCV:
#   EXTRA='libopencv-contrib406 libopencv-highgui406 libopencv-videoio406 libopencv-dnn406 libopencv-ml406 libopencv-photo406 opencv-data' (Debian 12)
# Needs `npm run build` and built models, in a checkout whose node_modules is no link. Exits 1 when anything came through.
set -euo pipefail
recipe=${1:?usage: test/vm/eye.sh RECIPE WORKDIR} work=${2:?usage: test/vm/eye.sh RECIPE WORKDIR}
root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd -P)
vm() { bash "$recipe" "$work" "$@"; }
[ -e "$root/dist/cli/main.js" ] || { echo 'eye.sh: npm run build first' >&2; exit 2; }

vm build
SHARE=${SHARE:-$root} MEM=${MEM:-2048} vm up
trap 'vm down || true' EXIT
vm exec 'mkdir -p /opt/kaimon && mount --bind /mnt/share /opt/kaimon'
vm exec bash -s <"$root/test/vm/eye-guest.sh"
