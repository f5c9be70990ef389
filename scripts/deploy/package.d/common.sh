# shellcheck shell=bash
# Sourced by scripts/deploy/package and by each of its parts. The parts hand files to each other below $work, nothing else.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd -P)
root=$(cd "$here/../../.." && pwd -P)
# shellcheck source=../../env.sh
. "$root/scripts/env.sh"
export LC_ALL=C.UTF-8 TZ=UTC
# Files in the package must not depend on who builds it.
umask 022

suite=${KAIMON_SUITE:?is set by scripts/deploy/package} arch=${KAIMON_ARCH:?is set by scripts/deploy/package}
cache=${KAIMON_PACKAGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kaimon/package}
work="$cache/$suite-$arch"

case $arch in
  amd64) triplet=x86_64-linux-gnu npm_arch=x64 machine='X86-64' ;;
  arm64) triplet=aarch64-linux-gnu npm_arch=arm64 machine='AArch64' ;;
esac

# The compiler's programs for the target begin with its name where it is not this machine's.
if [[ $arch == "$(dpkg --print-architecture)" ]]; then tools=''; else tools="$triplet-"; fi

# What differs between the suites: the mark in the version, whose Node runs Kaimon (the suite's from 20.19 on, else a private
# one), and where its packages keep their units.
case $suite in
  bookworm) mark=deb12 node_from=private unit_dir=/lib/systemd/system ;;
  trixie) mark=deb13 node_from=suite unit_dir=/usr/lib/systemd/system ;;
  jammy) mark=ubuntu22.04 node_from=private unit_dir=/lib/systemd/system ;;
  noble) mark=ubuntu24.04 node_from=private unit_dir=/usr/lib/systemd/system ;;
esac
export tools triplet npm_arch machine mark node_from unit_dir

# Times in the package are the commit's, which is asked for once: another may be made meanwhile.
commit=${KAIMON_COMMIT:-$(git -C "$root" rev-parse HEAD)}
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH

say() { printf 'package: %s\n' "$*" >&2; }
die() { say "$*"; exit 4; }

# Runs a noisy command with its output in a log, which is shown where it fails.
quietly() { # LOG COMMAND…
  local log="$work/log/$1.log"
  shift
  mkdir -p "$work/log"
  if ! "$@" >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    die "'$*' failed; the whole output: $log"
  fi
}

# Some steps cost minutes and depend on little: their folder is kept with a note of what it was made from.
fresh() { [[ $(cat "$1/.made-from" 2>/dev/null) == "$2" ]]; }
made_from() { printf '%s' "$2" >"$1/.made-from"; }
