# shellcheck shell=bash
# Is the new release well? If not, or if nobody can say any more: back.

# Why the gate is not well, a line each; its process where it is.
gate_faults() { # GATE RELEASE
  local gate=$1 release=$2 pid active said arguments
  active=$(property "$gate" ActiveState) pid=$(property "$gate" MainPID)
  if [ "$active" != active ]; then echo "$gate is $active"; return; fi
  # Links of a process lead where it really runs, whatever it says.
  arguments=(health --file "$(run_of "$gate")/state.json" --pid "$pid" --gate-version "$(field "$releases/$release/.deploy/release" version)")
  # Compared with nothing it would also be blamed for a camera that is not there yet.
  [ -s "$lib/before/$gate.json" ] || echo '{}' >"$lib/before/$gate.json"
  arguments+=(--before "$lib/before/$gate.json")
  [ -e "$lib/before/$gate.no-journal" ] || arguments+=(--journal "$(state_of "$gate")")
  if said=$(patience=120 program "$release" "${arguments[@]}"); then return; fi
  grep '^  *[^ ]' <<<"$said" | grep -v 'the gate itself says' | sed "s/^ */$gate: /" | head -n 5 | grep . || echo "$gate: its health cannot be told: $(tail -n 1 <<<"$said")"
}

processes() { local gate; for gate in $1; do printf '%s ' "$(property "$gate" MainPID)"; done; } # GATES

await_health() { # RELEASE GATES
  local release=$1 list=$2 seconds steady deadline since=-1 was='' now faults gate told=''
  seconds=$(field "$transaction" seconds) steady=$(field "$transaction" steady)
  deadline=$((SECONDS + seconds))
  [ -n "${list// /}" ] || fail 'no gate was started: nothing could be judged'
  while :; do
    faults=$(for gate in $list; do gate_faults "$gate" "$release"; done)
    now=$(processes "$list")
    if [ -n "$faults" ]; then
      was=''
      [ "$faults" = "$told" ] || progress "not yet: $(head -n 1 <<<"$faults")"
      told=$faults
    elif [ "$now" != "$was" ]; then
      was=$now since=$SECONDS
      progress "well; looked at for $steady s more"
    elif [ $((SECONDS - since)) -ge "$steady" ]; then
      return 0
    fi
    for gate in $list; do
      [ "$(property "$gate" NRestarts)" -lt 3 ] 2>/dev/null || fail "$gate had to be started again three times: $(head -n 1 <<<"${faults:-it is well in between}")"
    done
    [ $SECONDS -lt $deadline ] || fail "not well within $seconds s: $(tr '\n' ';' <<<"${faults:-it was not well for $steady s without a break;}")"
    sleep 1
  done
}

# `unfinished` where going back has failed: the transaction stays, and whoever finds it tries again.
finish() { # OUTCOME WHY [unfinished]: the result first, so that whoever finds no transaction finds it
  local seconds=$(($(uptime_s) - $(field "$transaction" began))) text
  # After a power cut the machine counts anew.
  text=$(printf 'run=%s\noutcome=%s\nwhy=%s\nseconds=%d' "$(field "$transaction" run)" "$1" "$(tr '\n' ' ' <<<"$2" | head -c 1000)" "$((seconds < 0 ? 0 : seconds))")
  [ -z "${3-}" ] || text="$text"$'\n'"unfinished=yes"
  printf '%s\n' "$text" | write_file "$lib/result"
  if [ -n "${3-}" ]; then progress "$1: $2"; return; fi
  rm -f -- "$transaction" && sync "$lib"
  # On a full disk the transaction has just made room for it.
  [ "$(field "$lib/result" run)" = "$(sed -n 's/^run=//p' <<<"$text")" ] || printf '%s\n' "$text" | write_file "$lib/result"
  drop_aside
  rm -rf -- "$data"
  progress "$1: $2"
}

confirm() { # RELEASE FROM
  [ -z "$2" ] || printf '%s\n' "$2" | write_file "$lib/previous"
  touch "$releases/$1/.deploy/confirmed"
  local keep=$(($(field "$transaction" keep))) old n=0
  finish healthy 'the release is at work'
  # Those that were well first: one that was rolled back does not push out one that worked.
  while IFS= read -r old; do
    [ "$old" != "$1" ] && [ "$old" != "$2" ] || continue
    n=$((n + 1))
    [ $n -le "$keep" ] || retire "$old"
  done < <(cd "$releases" && { ls -1td -- */.deploy/confirmed; ls -1td -- */.deploy/release; } 2>/dev/null | cut -d/ -f1 | awk '!seen[$0]++')
}

# Back to what was at work. May be done twice, and cut off anywhere.
recover() { # [boot]
  lock -w 60
  [ -f "$transaction" ] || exit 0
  local to from list why limit gate down back was
  to=$(field "$transaction" to) from=$(field "$transaction" from) list=$(field "$transaction" gates)
  why=$(cat "$lib/why" 2>/dev/null)
  why=${why:-the switch was cut off}
  progress "rolling back to ${from:-nothing}: $why"
  if [ "${1-}" = boot ]; then
    # The gates are started after this, by systemd; the relay is as the machine's start has left it.
    why='the machine was stopped in the middle of the switch'
  else
    stop_gates "$list"
    make_safe "${from:-$to}" "$list"
  fi
  [ -n "$from" ] || systemctl --quiet disable kaimon.service kaimon-eye.socket >>"$lib/log" 2>&1
  # The key that it has brought is for the gates of a release.
  [ -n "$from" ] || systemctl stop kaimon-seal.service >>"$lib/log" 2>&1
  back=''
  link_current "$from" && install_units "$from" && { [ -z "$from" ] || put_data_back "$from" "$list" "$to"; } || back=no
  systemctl daemon-reload || progress 'systemd does not load the units'
  if [ -n "$back" ]; then
    why="$why; ${from:-nothing} could NOT be put back in its place: is the disk full or read-only? Mend that, then deploy again or start the machine anew: it is tried once more"
    progress 'the old release cannot be put back in its place'
    # A gate of a release that is not well still serves button and fire.
    [ "${1-}" = boot ] || start_gates "$list"
    finish failed "$why" unfinished
    exit 1
  fi
  rm -f -- "$lib/why"
  # Where the confirmation was cut off in the middle.
  was=$(field "$transaction" previous)
  [ "$was" = "$(cat "$lib/previous" 2>/dev/null)" ] || printf '%s\n' "$was" | write_file "$lib/previous" || progress 'the release before is not noted any more'
  [ -n "$from" ] || [ "$(readlink /usr/local/bin/kaimon)" != "$current/scripts/kaimon" ] || rm -f /usr/local/bin/kaimon
  if [ "${1-}" = boot ]; then
    finish rolled-back "$why"
    return
  fi
  [ -z "$from" ] || start_gates "$list"
  limit=$((SECONDS + 150)) down=$list
  [ -n "$from" ] || down=''
  while [ -n "$down" ] && [ $SECONDS -lt $limit ] && [ "$(systemctl is-system-running 2>/dev/null)" != stopping ]; do
    down=''
    for gate in $list; do [ "$(property "$gate" ActiveState)" = active ] || down="$down$gate "; done
    [ -z "$down" ] || sleep 0.5
  done
  if [ -n "$down" ]; then finish failed "$why; rolled back, but $down is not at work again"; else finish rolled-back "$why"; fi
}

# A transaction that nobody works on any more, with the lock held: its unit was killed together with its ExecStopPost.
settle() {
  [ -f "$transaction" ] || return 0
  case $(property kaimon-deploy.service ActiveState) in active | activating | deactivating) busy ;; esac
  exec 9>&-
  bash -c "$BASH_EXECUTION_STRING" kaimon-deploy recover >/dev/null
  lock -n
  [ ! -f "$transaction" ] || refuse "the switch before could not be rolled back: $(field "$lib/result" why)"
  say progress 'a switch that was cut off has been rolled back first'
}

# What became of a switch; waits for a while, the PC asks again.
follow() { # RUN LINES: so many lines of its log are known
  local run=$1 told=$2 limit=$((SECONDS + 20)) line at_work asking looks=0
  while :; do
    # In this order: what ends in between is found further down. The result is written before the transaction goes.
    asking=$(asked_by "$run") at_work=$(field "$transaction" run)
    while IFS= read -r line; do told=$((told + 1)); say progress "$line"; done < <(tail -n "+$((told + 1))" "$lib/log" 2>/dev/null)
    if [ "$(field "$lib/result" run)" = "$run" ] && { [ "$at_work" != "$run" ] || [ -n "$(field "$lib/result" unfinished)" ]; }; then
      say outcome "$(field "$lib/result" outcome)"
      say why "$(field "$lib/result" why)"
      say seconds "$(field "$lib/result" seconds)"
      return
    fi
    if [ "$at_work" != "$run" ] && [ -z "$asking" ]; then
      # On a full disk the result is written after the transaction.
      looks=$((looks + 1))
      if [ $looks -ge 3 ] && [ "$(field "$lib/asked" run)" = "$run" ]; then say outcome unbegun; return; fi
      if [ $looks -ge 3 ]; then say outcome none; return; fi
    else
      looks=0
    fi
    if [ $SECONDS -ge $limit ]; then say outcome going; return; fi
    sleep 0.5
  done
}

main() {
  [ "$(id -u)" = 0 ] || refuse 'this needs root'
  local verb=${1-}
  [ $# = 0 ] || shift
  case $verb in
    inspect | trust | receive | switch | act | recover | follow) "$verb" "$@" ;;
    *) refuse "unknown: $verb" ;;
  esac
}

# Run from a file (kaimon-deploy, kaimon-deploy-recover) bash does not know its own text.
: "${BASH_EXECUTION_STRING:=$(cat "$0" 2>/dev/null)}"
main "$@"
