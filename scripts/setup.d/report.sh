# shellcheck shell=bash
# shellcheck disable=SC2154 # root and titles come from scripts/setup
# Sourced by scripts/setup: how a step is run and what the person in front of it sees. Needs $root.
state="$root/.setup"
log_dir="$state/log"
progress_file="$state/progress"
ticker=''
[[ -t 2 ]] && tty=true || tty=false
# Traps run while a step's output goes to its log: what a person must see then goes to 4.
exec 4>&2

elapsed() { # seconds
  if (($1 >= 60)); then printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); else printf '%d s' "$1"; fi
}

header() { printf '%s ... ' "$1"; }
finish() { printf '%s\n' "$1"; }
indent() { sed 's/^/      /'; }

# Two setups in one checkout would pull node_modules from under each other.
only_one_setup() {
  mkdir -p "$log_dir"
  command -v flock >/dev/null || return 0
  exec 9>"$state/lock"
  if ! flock -n 9; then
    echo 'Another setup is at work in this folder: waiting for it.'
    flock 9
  fi
}

# A step runs in a bash of its own: `set -e` would be switched off inside a function called in a condition.
run_part() { # step part
  bash "$root/scripts/setup.d/$1.sh" "$2" 4>&- 9>&-
}

perform() { # step
  local step=$1 log="$log_dir/$1.log" began=$SECONDS
  : >"$log" && : >"$progress_file"
  run_part "$step" prepare || fail "$step"
  start_ticker "$log"
  if KAIMON_PROGRESS=$progress_file run_part "$step" work 3>&2 >"$log" 2>&1; then
    stop_ticker
    printf '      done in %s\n' "$(elapsed $((SECONDS - began)))"
  else
    stop_ticker
    fail "$step" "$log" $((SECONDS - began))
  fi
}

# On a terminal one line shows the seconds and what the step does; elsewhere a line a minute shows that it lives.
start_ticker() { # log
  local log=$1 began=$SECONDS period=60
  $tty && period=1
  (
    # A sleep left behind would hold the caller's pipe open.
    trap 'kill "$pause" 2>/dev/null; exit 0' TERM
    while true; do
      sleep $period >/dev/null 2>&1 &
      pause=$!
      wait "$pause"
      local passed what
      passed=$(elapsed $((SECONDS - began)))
      if $tty; then
        what=$(cat "$progress_file" 2>/dev/null || true)
        [[ -n $what ]] || what=$(tail -c 300 "$log" | tr '\r' '\n' | tail -n 1 | tr -dc '[:print:]')
        printf '\r\033[K      %s  %.90s' "$passed" "$what"
      else
        printf '      still at it after %s\n' "$passed"
      fi
    done
  ) 9>&- &
  ticker=$!
}

stop_ticker() {
  [[ -n $ticker ]] || return 0
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  ticker=''
  if $tty; then printf '\r\033[K' >&4; fi
}
trap stop_ticker EXIT
trap 'stop_ticker; echo "      interrupted: run scripts/setup again, it goes on where it stopped" >&4; exit 130' INT TERM

fail() { # step [log seconds]
  local step=$1 log=${2-} seconds=${3-}
  echo
  echo "FAILED: ${titles[$step]}${seconds:+ after $(elapsed "$seconds")}. $(run_part "$step" advice 2>/dev/null || true)"
  if [[ -s $log ]]; then
    echo "The end of $log:"
    tail -n 15 "$log" | cut -c 1-300 | indent
  fi
  exit 4
}
