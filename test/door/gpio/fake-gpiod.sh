#!/bin/sh
# Stand-in for the gpiod tools, read by a script that is named like the tool: . fake-gpiod.sh, with VERSION FOLDER TOOL ARGUMENTS...
# A chip of eight lines lives in FOLDER: levelN is the wire,
# holderN the process that holds the line, writtenN every level that it was set to. Knows only what Kaimon asks for, and refuses options of the other version.
version=$1 folder=$2 tool=$3
shift 3
fail() { echo "$tool: $*" >&2; exit 1; }
[ "${1-}" = --version ] && { [ "$version" = 1 ] && echo "$tool (libgpiod) v1.6.3" || echo "$tool (libgpiod) v2.2.1"; exit 0; }

chip='' mode=exit bias='' rest=''
[ "$version" = 1 ] || mode=signal
while [ $# -gt 0 ]; do
  case $version$1 in
    1--mode=*) mode=${1#--mode=} ;;
    2-t) [ "$2" = 0 ] || fail "unknown period $2"; mode=exit; shift ;;
    2-c) chip=$2; shift ;;
    2--numeric | 1--line-buffered | ?--format=%e) ;;
    ?--bias=*) bias=${1#--bias=} ;;
    ?-*) fail "invalid option $1" ;;
    *) if [ "$version" = 1 ] && [ -z "$chip" ]; then chip=$1; else rest=$1; fi ;;
  esac
  shift
done

busy() { # offset; a process that has ended but is still listed holds nothing
  [ -f "$folder/holder$1" ] || return 1
  case $(cut -d' ' -f3 "/proc/$(cat "$folder/holder$1")/stat" 2>/dev/null) in '' | Z | X) return 1 ;; esac
}
take() {
  if busy "$1"; then fail 'error setting the GPIO line values: Device or resource busy'; fi
  echo $$ >"$folder/holder$1"
}

case $tool in
  gpiodetect) echo 'gpiochip0 [gate-gpio] (8 lines)' ;;
  gpioinfo)
    [ "$chip" = gpiochip0 ] || fail 'no such chip'
    echo 'gpiochip0 - 8 lines:'
    for n in 0 1 2 3 4 5 6 7; do
      used=''
      if busy $n; then
        # Asked once only: a second answer could differ from the one that is printed.
        [ "$n" = 0 ] && [ -f "$folder/info-fails" ] && fail 'no more'
        [ "$version" = 1 ] && used='[used]' || used='consumer="gpioset"'
      fi
      if [ "$version" = 2 ]; then echo "	line   $n:	unnamed         	output $used"
      elif [ -n "$used" ]; then echo "	line   $n:      unnamed    \"gpioset\"  output  active-high [used]"
      else echo "	line   $n:      unnamed       unused   input  active-high "; fi
    done ;;
  gpioset)
    [ "$chip" = gpiochip0 ] || fail 'no such chip'
    [ "$mode" = exit ] && [ -f "$folder/set-hangs" ] && exec sleep 1000
    n=${rest%=*}
    take "$n"
    # Whole at once: whoever looks at the wire finds no empty file.
    echo "${rest#*=}" >"$folder/.level$n.$$" && mv "$folder/.level$n.$$" "$folder/level$n"
    echo "${rest#*=}" >>"$folder/written$n"
    # Until it is killed, and a process named gpioset until then, which an exec of sleep would not be.
    [ "$mode" = exit ] || { mkfifo "$folder/never.$$" && exec 3<>"$folder/never.$$" && read -r never <&3; }
    rm -f "$folder/holder$n" ;;
  gpioget)
    # A wire that nothing drives has the level of its resistor.
    cat "$folder/level$rest" 2>/dev/null || { [ "$bias" = pull-up ] && echo 1 || echo 0; } ;;
  gpiomon)
    # Read before the line is held: from then on every change is an edge.
    was=$(cat "$folder/level$rest" 2>/dev/null)
    take "$rest"
    while sleep 0.02; do
      now=$(cat "$folder/level$rest" 2>/dev/null)
      [ -n "$now" ] && [ "$now" != "$was" ] || continue
      was=$now
      if [ "$version" = 2 ] && [ "$now" = 0 ]; then echo 2; else echo "$now"; fi
    done ;;
esac
