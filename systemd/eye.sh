#!/bin/sh
# One eye for one connection of a gate, which systemd passes as descriptor 3 (kaimon-eye@.service).
# Whichever ends first, connection or eye, ends the unit, and systemd kills what is left of it: an eye that hangs cannot outlive its gate's
# patience, for it is cat and not the eye that notices the end of the connection.
#
#   eye.sh [PROGRAM]      PROGRAM is for tests
set -u
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd -P)
. "$root/scripts/env.sh"
program=${1-$root/dist/eye/main.js}

{
  cat <&3 3<&-
  kill -KILL $$
} | {
  # The flag is NATIVE_FLAGS of src/kit/native-flags.ts.
  node --no-incremental-marking "$program"
  echo "eye: ended with exit status $?" >&2
  kill -KILL $$
}
