#!/bin/sh
# Puts the door's relay back to its idle level after the daemon is gone, however it went: Kaimon's ExecStopPost, run by root.
# In a fire (the daemon has written fire=active) the door is left released instead. Needs no Node: that may be what broke.
#
#   safe-state.sh [--service] [--root DIR] [FILE]      FILE defaults to /run/kaimon/door-line; --root is for tests
#
# --service: run by systemd after the service has ended. Its KillMode=process spares what the daemon has started, since a gpioset may have to
# hold the door released; everything else that is left of the service is killed here.
#
# The daemon writes FILE before it first drives the relay: simple lines, anything else is ignored. Through sysfs, in pairs:
#   path=/sys/class/gpio/gpio529/direction the file to write
#   value=low                              what to write: the idle level
# Through the character device, in threes:
#   chip=gpiochip0
#   line=17
#   level=0                                given to gpioset, of either version of the gpiod tools
# and before them, in a fire:
#   fire=active                            the line must be driven on: a gpioset is left that does it
# Beside FILE, held-CHIP-LINE names the gpioset that drives a line on: its process and its level.
#
# FILE belongs to the daemon's user and this script to root, so FILE is not trusted: only `value` and `direction` of an exported
# GPIO line are written, or a line of a chip set, only with levels a line can have.
# Exit 0: safe or nothing to do; 1: refused or could not write; 2: wrong use.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root='' service=''
most_lines=64

# Not echo: it would make a line end of "\\n" in a path, and with it a message of its own in the log.
say() { printf 'safe-state: %s\n' "$*" >&2; }

if [ "${1-}" = --service ]; then service=yes; shift; fi
if [ "${1-}" = --root ]; then
  root=$(readlink -f "${2-}") || { say 'usage: safe-state.sh [--service] [--root DIR] [FILE]'; exit 2; }
  shift 2
  PATH=$root/bin:$PATH
fi
file=$root${1-/run/kaimon/door-line}

folder=$(dirname "$file")
# Whom the record belongs to. Not followed through a link: this user could make one.
owner=$(stat -c %u "$folder" 2>/dev/null)
# Idle, or released in a fire.
state=idle

# The start of a file of the owner. Never waits and follows no link, whatever the owner puts there meanwhile.
text_of() { dd if="$1" iflag=nofollow,nonblock bs=16384 count=1 2>/dev/null; }

# The process noted in a file held-CHIP-LINE, while it is a gpioset of the owner that drives this line to the noted level. Its number alone
# says nothing: it may have been given to another process meanwhile, which holds no door open and must not be ended.
noted() { # FILE
  note=$(text_of "$1") || return 1
  pid=${note%% *} level_held=${note#* } line_held=${1##*/held-}
  case $pid in '' | *[!0-9]* | ???????????*) return 1 ;; esac
  case $level_held in 0 | 1) ;; *) return 1 ;; esac
  [ "$(stat -c %u "/proc/$pid" 2>/dev/null)" = "$owner" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = gpioset ] || return 1
  # One that has ended has no arguments any more, though it may still be listed.
  case $(tr '\000' ' ' <"/proc/$pid/cmdline") in
    *" ${line_held%-*} ${line_held##*-}=$level_held ") ;;
    *) return 1 ;;
  esac
}

# What is left of the service, but for this script and whatever holds a line.
end_the_rest() {
  group=$(sed -n 's/^0:://p' /proc/self/cgroup)
  case $group in */kaimon*.service) ;; *) say "nothing killed: '$group' is no service of Kaimon"; return ;; esac
  spared=" $$ "
  for holder in "$folder"/held-*; do noted "$holder" && spared="$spared$pid "; done
  while read -r process; do
    case $spared in *" $process "*) ;; *) kill -KILL "$process" 2>/dev/null && say "killed process $process, left by the service" ;; esac
  done <"/sys/fs/cgroup$group/cgroup.procs"
}

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
  if printf '%s\n' "$2" >"$real"; then say "relay $state: $2 written to $1"; else say "FAILED to write $2 to $1"; return 1; fi
}

# The daemon's own gpioset dies with it; until it has, the line is busy. Two seconds are long enough for a dying process.
most_tries=20

set_line() { # chip line level
  number=${1#gpiochip}
  case $number in '' | *[!0-9]*) say "refused: '$1' is no GPIO chip"; return 1 ;; esac
  [ "$1" = "gpiochip$number" ] || { say "refused: '$1' is no GPIO chip"; return 1; }
  case $2 in '' | *[!0-9]* | ?????*) say "refused: '$2' is no line of a chip"; return 1 ;; esac
  case $3 in 0 | 1) ;; *) say "refused: '$3' is no level of a line (0, 1)"; return 1 ;; esac
  case $state$(gpioset --version 2>/dev/null) in
    idle*' v1.'*) set -- "$@" --mode=exit ;;
    idle*' v2.'*) set -- "$@" -t 0 -c ;;
    *' v1.'*) set -- "$@" --mode=signal ;;
    *' v2.'*) set -- "$@" -c ;;
    *) say 'FAILED: gpioset is missing or of an unknown version: apt-get install gpiod'; return 1 ;;
  esac
  chip=$1 offset=$2 wanted=$3 tries=0 holder=$folder/held-$1-$2
  shift 3
  if [ $state = released ]; then hold_line "$@"; return; fi
  # What held the line in a fire that is over.
  if noted "$holder"; then kill -KILL "$pid"; rm -f "$holder"; fi
  until heard=$(gpioset "$@" "$chip" "$offset=$wanted" 2>&1); do
    tries=$((tries + 1))
    if [ "$tries" -ge "$most_tries" ]; then say "FAILED to set line $offset of $chip to $wanted: $heard"; return 1; fi
    sleep 0.1
  done
  say "relay idle: line $offset of $chip set to $wanted"
}

# Leaves a gpioset that drives the line, unless the daemon has: as the daemon's user, who must be able to end it when the fire is over.
hold_line() { # the arguments of gpioset before chip and line
  while :; do
    if noted "$holder" && [ "$level_held" = "$wanted" ]; then
      say "relay released for the fire: process $pid holds line $offset of $chip at $wanted"
      return
    fi
    complaint=$(mktemp) || return 1
    as_owner setsid gpioset "$@" "$chip" "$offset=$wanted" </dev/null >/dev/null 2>"$complaint" &
    new=$!
    sleep 0.2
    if kill -0 "$new" 2>/dev/null; then
      rm -f "$complaint"
      # With a limit: what the owner has put in its place may never take it.
      if ! (as_owner timeout -s KILL 2 sh -c 'rm -f "$2"; echo "$1" >"$2"' sh "$new $wanted" "$holder"); then
        say "FAILED to note in $holder that process $new holds line $offset of $chip at $wanted"
        return 1
      fi
      continue
    fi
    heard=$(cat "$complaint"); rm -f "$complaint"
    tries=$((tries + 1))
    if [ "$tries" -ge "$most_tries" ]; then say "FAILED to hold line $offset of $chip at $wanted: $heard"; return 1; fi
  done
}

as_owner() {
  if [ "$(id -u)" -ne 0 ] || [ "$owner" -eq 0 ]; then exec "$@"; fi
  exec setpriv --reuid "$owner" --regid "$(stat -c %g "$folder")" --groups "$(stat -c %g "/dev/$chip")" "$@"
}

[ -z "$service" ] || end_the_rest

if ! [ -e "$file" ] && ! [ -L "$file" ]; then
  say "no relay recorded in $file: nothing to do (simulated door, or the daemon never drove one)"
  exit 0
fi
if [ -L "$file" ] || ! [ -f "$file" ] || ! record=$(text_of "$file"); then
  say "refused: $file is not a plain file"
  exit 1
fi

failed=0 applied=0 count=0 path='' chip_named='' line_named=''
while IFS= read -r line; do
  count=$((count + 1))
  [ "$count" -le "$most_lines" ] || break
  case $line in
    fire=active) state=released ;;
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
done <<END
$record
END

if [ -n "$path$chip_named" ]; then
  say "no value recorded for $path$chip_named"
  failed=1
elif [ "$applied" -eq 0 ]; then
  say "no relay recorded in $file: nothing to do"
fi
exit "$failed"
