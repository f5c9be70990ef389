#!/bin/sh
# Puts the door's relay back to its idle level after the daemon is gone, however it went: Kaimon's ExecStopPost, run by root.
# Needs no Node: that may be what broke.
#
#   safe-state.sh [--root DIR] [FILE]      FILE defaults to /run/kaimon/door-line; --root is for tests
#
# The daemon writes FILE before it first drives the relay: simple lines, anything else is ignored. Through sysfs, in pairs:
#   path=/sys/class/gpio/gpio529/direction the file to write
#   value=low                              what to write: the idle level
# Through the character device, in threes:
#   chip=gpiochip0
#   line=17
#   level=0                                given to gpioset, of either version of the gpiod tools
#
# FILE belongs to the daemon's user and this script to root, so FILE is not trusted: only `value` and `direction` of an exported
# GPIO line are written, or a line of a chip set, only with levels a line can have.
# Exit 0: safe or nothing to do; 1: refused or could not write; 2: wrong use.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=''
most_lines=64

say() { echo "safe-state: $*" >&2; }

if [ "${1-}" = --root ]; then
  root=$(readlink -f "${2-}") || { say 'usage: safe-state.sh [--root DIR] [FILE]'; exit 2; }
  shift 2
  PATH=$root/bin:$PATH
fi
file=$root${1-/run/kaimon/door-line}

# A line that is exported has these two files side by side; the kernel makes them, no user can.
is_gpio_line() { [ -f "$1/active_low" ] && [ -f "$1/value" ]; }

apply() { # path value
  case $1 in
    /sys/class/gpio/* | /sys/devices/*) ;;
    *) say "refused: $1 is outside /sys/class/gpio and /sys/devices"; return 1 ;;
  esac
  case $2 in
    0 | 1 | low | high | in) ;;
    *) say "refused: '$2' is no level of a line (0, 1, low, high, in)"; return 1 ;;
  esac
  # An unexported line is driven by nobody: the pull of the board has it.
  if ! [ -e "$root$1" ]; then say "$1 is gone, the line is released: nothing to do"; return 0; fi
  real=$(readlink -f "$root$1") || { say "refused: cannot follow $1"; return 1; }
  case $real in
    "$root"/sys/devices/*/value | "$root"/sys/devices/*/direction | "$root"/sys/class/gpio/*/value | "$root"/sys/class/gpio/*/direction) ;;
    *) say "refused: $1 leads to $real, which is no level or direction of a line"; return 1 ;;
  esac
  is_gpio_line "$(dirname "$real")" || { say "refused: $1 is no exported GPIO line"; return 1; }
  if printf '%s\n' "$2" >"$real"; then say "relay idle: $2 written to $1"; else say "FAILED to write $2 to $1"; return 1; fi
}

# The daemon's own gpioset dies with it; until it has, the line is busy. Two seconds are long enough for a dying process.
most_tries=20

set_line() { # chip line level
  number=${1#gpiochip}
  case $number in '' | *[!0-9]*) say "refused: '$1' is no GPIO chip"; return 1 ;; esac
  [ "$1" = "gpiochip$number" ] || { say "refused: '$1' is no GPIO chip"; return 1; }
  case $2 in '' | *[!0-9]* | ?????*) say "refused: '$2' is no line of a chip"; return 1 ;; esac
  case $3 in 0 | 1) ;; *) say "refused: '$3' is no level of a line (0, 1)"; return 1 ;; esac
  case $(gpioset --version 2>/dev/null) in
    *' v1.'*) set -- "$@" --mode=exit ;;
    *' v2.'*) set -- "$@" -t 0 -c ;;
    *) say 'FAILED: gpioset is missing or of an unknown version: apt-get install gpiod'; return 1 ;;
  esac
  chip=$1 offset=$2 wanted=$3 tries=0
  shift 3
  until heard=$(gpioset "$@" "$chip" "$offset=$wanted" 2>&1); do
    tries=$((tries + 1))
    if [ "$tries" -ge "$most_tries" ]; then say "FAILED to set line $offset of $chip to $wanted: $heard"; return 1; fi
    sleep 0.1
  done
  say "relay idle: line $offset of $chip set to $wanted"
}

if ! [ -e "$file" ] && ! [ -L "$file" ]; then
  say "no relay recorded in $file: nothing to do (simulated door, or the daemon never drove one)"
  exit 0
fi
if [ -L "$file" ] || ! [ -f "$file" ]; then
  say "refused: $file is not a plain file"
  exit 1
fi

failed=0 applied=0 count=0 path='' chip_named='' line_named=''
while IFS= read -r line || [ -n "$line" ]; do
  count=$((count + 1))
  [ "$count" -le "$most_lines" ] || break
  case $line in
    path=*) path=${line#path=} ;;
    value=*)
      [ -n "$path" ] || continue
      apply "$path" "${line#value=}" || failed=1
      applied=$((applied + 1)) path=''
      ;;
    chip=*) chip_named=${line#chip=} ;;
    line=*) line_named=${line#line=} ;;
    level=*)
      [ -n "$chip_named" ] && [ -n "$line_named" ] || continue
      set_line "$chip_named" "$line_named" "${line#level=}" || failed=1
      applied=$((applied + 1)) chip_named='' line_named=''
      ;;
  esac
done <"$file"

if [ -n "$path$chip_named" ]; then
  say "no value recorded for $path$chip_named"
  failed=1
elif [ "$applied" -eq 0 ]; then
  say "no relay recorded in $file: nothing to do"
fi
exit "$failed"
