# shellcheck shell=bash
# The switch. While $transaction exists it is not confirmed, and whoever finds it unconfirmed rolls back: ExecStopPost of the unit that
# switches (however that ended), the next start of the machine, the next deployment. Each step back may be done twice.

# What going back needs, beside its place, so that it takes no more than renames: it must work on a disk that is full.
set_aside() { # RELEASE
  local unit
  drop_aside
  for unit in "$units"/kaimon*; do
    is_own "$unit" || continue
    ln -f -- "$unit" "$units/.${unit##*/}.before" || return 1
  done
  if [ -n "$1" ]; then ln -sfn "releases/$1" "$current.before" || return 1; fi
  sync -f "$units" && sync -f "$home"
}
drop_aside() { rm -f -- "$units"/.kaimon*.before "$current.before"; }

# Files of a release into the system's places; none for '': what was installed is taken away.
install_units() { # RELEASE
  local release=$1 unit name
  for unit in "$units"/kaimon*; do
    is_own "$unit" || continue
    [ -n "$release" ] && [ -e "$releases/$release/.deploy/units/${unit##*/}" ] || rm -f -- "$unit" || return 1
  done
  if [ -n "$release" ]; then
    for unit in "$releases/$release/.deploy/units"/*; do
      name=${unit##*/}
      cmp -s "$unit" "$units/$name" && continue
      if cmp -s "$unit" "$units/.$name.before"; then
        mv -T "$units/.$name.before" "$units/$name" || return 1
      else
        cp -- "$unit" "$units/.$name.new" && mv -T "$units/.$name.new" "$units/$name" || { rm -f -- "$units/.$name.new"; return 1; }
      fi
    done
  fi
  sync -f "$units"
}

link_current() { # RELEASE
  if [ -n "$1" ] && [ "$(release_of_link)" = "$1" ]; then
    return 0
  elif [ -n "$1" ] && [ "$(readlink "$current.before")" = "releases/$1" ]; then
    mv -T "$current.before" "$current" || return 1
  elif [ -n "$1" ]; then
    ln -sfn "releases/$1" "$current.new" && mv -T "$current.new" "$current" || return 1
  else
    rm -f -- "$current"
  fi
  sync -f "$home"
}

# Whatever state the door was left in by what has ended: the program that is trusted puts it back, in a fire to released.
make_safe() { # RELEASE GATES
  local record gate limit=$((SECONDS + 30)) left
  # Only records of these gates: whoever makes folders in /run/kaimon may not hold up the switch, all of them together no longer than this.
  for gate in $2; do
    record=$(run_of "$gate")/door-line left=$((limit - SECONDS))
    [ -f "$record" ] && [ ! -L "$record" ] && [ $left -gt 0 ] || continue
    [ -z "$1" ] || timeout $((left < 20 ? left : 20)) sh "$releases/$1/systemd/safe-state.sh" "$record" >>"$lib/log" 2>&1 9>&- || progress "the relay of $record could not be put back"
  done
}

fire_at() { # GATES
  local gate
  for gate in $1; do text_of "$(run_of "$gate")/door-line" | grep -q '^fire=active' && return; done
  return 1
}

progress() { printf '%(%H:%M:%S)T %s\n' -1 "$*" >>"$lib/log"; }

switch() { # RELEASE RUN HEALTH_SECONDS STEADY_SECONDS KEEP
  local release=$1 run=$2 from why
  is_release "$release" || refuse "'$release' is no name of a release"
  take_lock -n || {
    if [ "$(asked_by "$run")" = yes ]; then say done 'begun already'; return; fi
    # A switch that was confirmed just now still puts its old releases away.
    lock -w 20
  }
  if [ "$(field "$lib/result" run)" = "$run" ] || [ "$(field "$transaction" run)" = "$run" ]; then say done 'begun already'; return; fi
  note_asking "$run" && : >"$lib/log" || refuse "$lib cannot be written"
  settle
  why=$(obstacle)
  [ -z "$why" ] || refuse "$why"
  [ -d "$releases/$release" ] || refuse "release $release is not on this host"
  ! fire_at "$(gates)" || refuse 'the fire alarm is on: not now'
  preflight "$release"
  from=$(release_of_link)
  if [ "$from" = "$release" ]; then
    at_work_already "$release" "$run"
    say done 'it is at work already'
    return
  fi
  [ -z "$from" ] || [ -n "$(gates)" ] || refuse "a release is here, but no gate runs or is enabled that could be judged: systemctl enable --now kaimon.service"
  # Kept for what happens when nobody is connected any more.
  printf '%s\n' "$BASH_EXECUTION_STRING" | write_file "$lib/host.sh" && chmod 700 "$lib/host.sh" || refuse "$lib cannot be written"
  recover_unit | write_file "$units/kaimon-deploy-recover.service" && systemctl daemon-reload && systemctl --quiet enable kaimon-deploy-recover.service && sync -f "$units" ||
    refuse 'systemd does not take kaimon-deploy-recover.service, which puts a power cut right'
  set_aside "$from" || refuse "what going back needs cannot be put aside: is the disk full or read-only?"
  {
    printf 'run=%s\nto=%s\nfrom=%s\nseconds=%d\nsteady=%d\nkeep=%d\nbegan=%s\n' "$run" "$release" "$from" "$3" "$4" "$5" "$(uptime_s)"
    printf 'gates=%s\nprevious=%s\n' "$(gates | tr '\n' ' ')" "$(cat "$lib/previous" 2>/dev/null)"
  } | write_file "$transaction" || refuse "$transaction cannot be written"
  # KillMode: what safe-state.sh leaves to hold a door released in a fire outlives the switch.
  # Its ExecStopPost runs whatever became of it: ended, killed, out of time, the machine being shut down.
  systemd-run --quiet --collect --no-block --unit=kaimon-deploy --description='Kaimon: switch of the release' \
    --property=KillMode=process --property="ExecStopPost=/bin/bash $lib/host.sh recover" --property=TimeoutStopSec=600 --property="RuntimeMaxSec=$(($3 + 180))" \
    /bin/bash "$lib/host.sh" act </dev/null 9>&- >&2 || { rm -f -- "$transaction"; refuse 'systemd does not start the switch'; }
  say done 'begun'
}

# The release is here already: judged, not switched.
at_work_already() { # RELEASE RUN
  local gate faults limit=$((SECONDS + 20)) outcome=healthy
  rm -rf -- "$lib/before" && mkdir -m 700 "$lib/before"
  for gate in $(gates); do note_journal "$1" "$gate"; done
  while :; do
    faults=$(for gate in $(gates); do gate_faults "$gate" "$1"; done)
    [ -n "$(gates)" ] || faults='no gate runs or is enabled'
    [ -n "$faults" ] && [ $SECONDS -lt $limit ] || break
    sleep 1
  done
  [ -z "$faults" ] || outcome=failed
  printf 'run=%s\noutcome=%s\nwhy=it is here already%s\nseconds=0\n' "$2" "$outcome" "${faults:+, and not well: $(tr '\n' ' ' <<<"$faults")}" | write_file "$lib/result"
}

uptime_s() { cut -d. -f1 /proc/uptime; }

recover_unit() {
  cat <<UNIT
[Unit]
Description=Kaimon: a release that was being switched to when the machine stopped is rolled back
ConditionPathExists=$transaction
DefaultDependencies=no
After=local-fs.target
Before=kaimon.service kaimon-eye.socket shutdown.target
Conflicts=shutdown.target
RequiresMountsFor=$home $lib

[Service]
Type=oneshot
ExecStart=/bin/bash $lib/host.sh recover boot
TimeoutStartSec=150

[Install]
WantedBy=multi-user.target
UNIT
}

# In the unit kaimon-deploy, without a connection. Ends well only when the release has been well for long enough.
act() {
  lock -w 30
  [ -f "$transaction" ] || exit 0
  local to from gate list limit text
  to=$(field "$transaction" to) from=$(field "$transaction" from) list=$(field "$transaction" gates)
  rm -rf -- "$lib/before" "$lib/why" && mkdir -m 700 "$lib/before"
  # Nobody is cut off who is just going through. A stop locks the door in any case.
  limit=$((SECONDS + 30))
  for gate in $list; do
    while [ $SECONDS -lt $limit ] && text_of "$(run_of "$gate")/state.json" | grep -q '"mode":"normal","state":"\(unlocked\|open\)"'; do sleep 0.5; done
    before "$gate" >"$lib/before/$gate.json"
    note_journal "$to" "$gate"
  done

  if fire_at "$list"; then
    # Nothing was changed yet.
    finish refused 'the fire alarm is on: not now'
    exit 0
  fi
  progress "stopping ${list:-nothing, for no gate is at work}"
  # Stopped with its own release in place, whose safe-state.sh puts the relay back.
  stop_gates "$list"
  make_safe "$from" "$list"
  keep_data "$to" "$list" || fail 'the data could not be kept as they are: is the disk full?'
  link_current "$to" && install_units "$to" || fail 'the release cannot be put in its place: is the disk full or read-only?'
  users_and_rules "$to"
  keep_configuration
  systemctl daemon-reload || fail 'systemd does not load the units'
  # What an older installation has enabled stays so, and is started.
  [ -n "$from" ] || systemctl --quiet enable kaimon-eye.socket || fail 'the socket of the eyes cannot be enabled'
  if [ -z "$from" ] && [ -z "$list" ]; then
    first_configuration "$to"
    list=kaimon.service
    systemctl --quiet enable kaimon.service || fail 'the service cannot be enabled'
    text=$(sed "s/^gates=.*/gates=$list/" "$transaction") && printf '%s\n' "$text" | write_file "$transaction" || fail "$transaction cannot be written"
  fi
  progress "starting $to"
  start_gates "$list"
  await_health "$to" "$list"
  confirm "$to" "$from"
}

fail() { progress "$*"; printf '%s\n' "$*" >"$lib/why"; exit 1; }

# As the release itself reads the configuration.
note_journal() { # RELEASE GATE
  program "$1" config show --json --config "$(config_of "$2")" | grep -q '"journal": *{[^}]*"enabled": *false' && : >"$lib/before/$2.no-journal"
}

# How a gate is before the switch, where it says so itself and now.
before() { # GATE
  local text pid
  text=$(text_of "$(run_of "$1")/state.json") pid=$(property "$1" MainPID)
  case $text in *"\"pid\":$pid,"*) printf '%s\n' "$text" ;; esac
}

stop_gates() { # GATES
  [ -n "$1" ] || [ -e "$units/kaimon-eye.socket" ] || return 0
  # shellcheck disable=SC2086
  timeout 60 systemctl stop $1 kaimon-eye.socket 'kaimon-eye@*.service' >>"$lib/log" 2>&1 9>&- || progress 'not everything stopped in time'
}

start_gates() { # GATES
  # The eye first: the gate asks for it. Nothing is waited for here, for a gate may take as long as its unit allows.
  systemctl reset-failed $1 kaimon-eye.socket >/dev/null 2>&1
  [ -z "$1" ] || timeout 30 systemctl start kaimon-eye.socket >>"$lib/log" 2>&1 9>&- || progress 'the socket of the eyes does not start'
  # shellcheck disable=SC2086
  [ -z "$1" ] || timeout 30 systemctl start --no-block $1 >>"$lib/log" 2>&1 9>&- || progress "systemd does not start $1"
}

users_and_rules() { # RELEASE
  local own=$releases/$1/.deploy
  [ ! -f "$own/kaimon.conf" ] || { mkdir -p /etc/sysusers.d && cp "$own/kaimon.conf" /etc/sysusers.d/kaimon.conf && systemd-sysusers kaimon.conf; } >>"$lib/log" 2>&1 9>&- || progress "the service's user could not be made"
  [ ! -f "$own/60-kaimon.rules" ] || cmp -s "$own/60-kaimon.rules" /etc/udev/rules.d/60-kaimon.rules || {
    mkdir -p /etc/udev/rules.d && cp "$own/60-kaimon.rules" /etc/udev/rules.d/ && udevadm control --reload && udevadm trigger --subsystem-match=gpio --action=change
  } >>"$lib/log" 2>&1 9>&- || progress 'udev did not take the rules for GPIO'
  [ -e /usr/local/bin/kaimon ] || ln -s "$current/scripts/kaimon" /usr/local/bin/kaimon 2>>"$lib/log"
}

# Where the package was removed by apt: dpkg would take the configuration away when it is purged later.
keep_configuration() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' kaimon 2>/dev/null)" != config-files ] ||
    dpkg-divert --local --no-rename --divert /etc/kaimon/kaimon.yaml.package --add /etc/kaimon/kaimon.yaml >>"$lib/log" 2>&1 ||
    progress 'a later `apt purge kaimon` would remove /etc/kaimon/kaimon.yaml'
}

first_configuration() { # RELEASE
  [ -e /etc/kaimon/kaimon.yaml ] || install -D -m 640 "$releases/$1/.deploy/kaimon.yaml" /etc/kaimon/kaimon.yaml
  chgrp kaimon /etc/kaimon/kaimon.yaml 2>>"$lib/log" || progress 'the configuration could not be given to the group kaimon'
}
