#!/bin/sh
# One eye for one connection of a gate, which systemd passes as descriptor 3 (kaimon-eye@.service).
# Whichever ends first, connection or eye, ends the unit, and systemd kills what is left of it: an eye that hangs cannot outlive its gate's
# patience, for it is cat and not the eye that notices the end of the connection.
# The eye has a pipe in place of the connection: what it sets there (O_NONBLOCK, by Node's sockets) would be set for cat as well, whose
# next read would end with EAGAIN.
#
#   eye.sh [PROGRAM]      PROGRAM is for tests
set -u
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd -P)
. "$root/scripts/env.sh"
program=${1-$root/dist/eye/main.js}

# A restart of the gate starts its old eyes once more (PartOf=), without a connection.
( : <&3 ) 2>/dev/null || exit 0

{
  cat <&3 3<&-
  kill -KILL $$
} | {
  {
    # The flag is NATIVE_FLAGS of src/kit/native-flags.ts.
    node --no-incremental-marking "$program" 3>&1 >&2
    echo "eye: ended with exit status $?" >&2
  } | cat >&3
  kill -KILL $$
}
