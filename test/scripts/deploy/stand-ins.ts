/**
 * Programs that stand in on the throw-away hosts. systemctl and systemd-run really start, watch and end processes, go by the units that were
 * loaded at the last daemon-reload, and run ExecStopPost however a program ended; no more of systemd is there.
 */
export const SYSTEMCTL = `#!/bin/bash
fake=/run/fake wants=/etc/systemd/system/multi-user.target.wants
mkdir -p $fake/loaded
unit_file() { case $1 in *@*) echo "$fake/loaded/\${1%%@*}@.\${1##*.}" ;; *) echo "$fake/loaded/$1" ;; esac; }
exec_of() { local i=\${1%.service}; sed -n "s|^$2=+\\?||p" "$(unit_file $1)" 2>/dev/null | sed "s|%i|\${i#*@}|g"; }
alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }
state() {
  local at=$fake/$1
  if [ -e $at/state ]; then cat $at/state; return; fi
  if alive "$(cat $at/supervisor 2>/dev/null)"; then
    if [ -e $at/ready ] && alive "$(cat $at/pid 2>/dev/null)"; then echo active; else echo activating; fi
  else echo inactive; fi
}
units() { for at in $fake/kaimon*; do [ -d $at ] && for p in "$@"; do [[ \${at##*/} == $p ]] && echo \${at##*/}; done; done; }
supervise() {
  local unit=$1 at=$fake/$1
  echo $BASHPID >$at/supervisor
  while :; do
    rm -f $at/ready
    READY_FILE=$at/ready setsid $(exec_of $unit ExecStart) >>/run/fake/log 2>&1 &
    echo $! >$at/pid
    wait $!
    $(exec_of $unit ExecStopPost) >>/run/fake/log 2>&1
    [ -e $at/stop ] && exit
    echo $(($(cat $at/restarts) + 1)) >$at/restarts
    sleep 0.2
  done
}
start() {
  local at=$fake/$1
  case $1 in *.socket) mkdir -p $at; echo active >$at/state; return ;; esac
  [ -e "$(unit_file $1)" ] || { echo "no unit $1" >&2; return 5; }
  alive "$(cat $at/supervisor 2>/dev/null)" && return
  rm -rf $at; mkdir -p $at; echo 0 >$at/restarts
  supervise $1 </dev/null >/dev/null 2>&1 9>&- &
  while [ ! -e $at/pid ]; do sleep 0.02; done
}
stop() {
  local at=$fake/$1 s p
  case $1 in *.socket) rm -f $at/state; return ;; esac
  s=$(cat $at/supervisor 2>/dev/null) p=$(cat $at/pid 2>/dev/null)
  touch $at/stop
  alive $p && kill $p
  for _ in $(seq 100); do alive $s || break; sleep 0.05; done
  alive $s && { kill -9 $p; sleep 0.3; }
  echo "stop $1" >>/run/fake/calls
}
words=(); for w; do case $w in --quiet | --no-block | --all | --plain | --no-legend | --value) ;; *) words+=("$w") ;; esac; done
set -- "\${words[@]}"
verb=$1; shift
case $verb in
  daemon-reload) rm -rf $fake/loaded; cp -r /etc/systemd/system $fake/loaded; echo reload >>/run/fake/calls ;;
  show) [ "$1" = -p ] && shift; p=$1 u=$2 at=$fake/$2
    case $p in ActiveState) state $u ;; MainPID) cat $at/pid 2>/dev/null || echo 0 ;; NRestarts) cat $at/restarts 2>/dev/null || echo 0 ;; StatusText) cat /run/status 2>/dev/null ;; esac ;;
  list-units) for u in $(units "$@"); do case $u in *.service) echo "$u loaded $(state $u) x";; esac; done ;;
  start) for u; do start $u || exit; done ;;
  stop) for u; do case $u in *'*'*) for v in $(units "$u"); do stop $v; done ;; *) [ -d $fake/$u ] && stop $u ;; esac; done ;;
  enable) for u; do mkdir -p $wants; ln -sfn /etc/systemd/system/$u $wants/$u; done ;;
  disable) for u; do rm -f $wants/$u; done ;;
  reset-failed) ;;
  is-system-running) echo running ;;
  *) echo "systemctl: $verb is not known here" >&2; exit 64 ;;
esac
exit 0
`;

export const SYSTEMD_RUN = `#!/bin/bash
after=''
while :; do
  case $1 in --property=ExecStopPost=*) after=\${1#--property=ExecStopPost=} ;; --*) ;; *) break ;; esac
  shift
done
at=/run/fake/kaimon-deploy.service
mkdir -p $at
(
  echo active >$at/state
  setsid "$@" >>/run/fake/log 2>&1 </dev/null &
  echo $! >$at/main
  wait $!
  echo deactivating >$at/state
  [ -e /run/no-stop-post ] || $after >>/run/fake/log 2>&1 </dev/null
  rm -rf $at
) </dev/null >/dev/null 2>&1 9>&- &
exit 0
`;

/** What the mode `migrating` makes of the people: Ada is removed. */
export const ADA_REMOVED =
  '{"schema":2,"encoder":"openface@0123456789ab","people":{},"removed":{"ada":{"version":"1790000000000-0000-gate","at":"2026-09-21T14:13:20.000Z","by":"office"}}}';

/**
 * A stand-in for a release's program. MODE: what is wrong with it. It writes state.json and moves a "relay" in a file as a gate would; its health is judged by
 * the real `kaimon health` unless LIGHT says otherwise.
 */
export const daemon = (version: string, mode: string, health: string, program: string): string => `#!/bin/bash
here=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd -P)
mode=${mode}
case $1 in
  models) while [ -e /run/hold ]; do touch /run/held; sleep 0.1; done; [ $mode != no-models ] || { echo 'models are missing'; exit 4; }; exit 0 ;;
  config) [ "$2" != show ] || { grep -q 'journal: { enabled: false }' "$5" && on=false || on=true; echo "{\\"journal\\":{\\"enabled\\":$on}}"; exit 0; }
    ! grep -q 'old-key' "$4" || [ $mode != strict ] || { echo "$4:1: old-key is gone"; exit 3; }; exit 0 ;;
  data) # Format 2 of its document is that of the mode 'migrating'.
    [ $2 != carry-removals ] || exec ${program} "$@"
    [ $mode = migrating ] && knows=2 || knows=1
    has=$(sed -n 's/.*"schema":\\([0-9]*\\).*/\\1/p' "$5/people.json" 2>/dev/null)
    [ "\${has:-1}" -le $knows ] || { echo '{"ok":false,"documents":[{"file":"people.json","result":"newer"}]}'; exit 1; }
    [ "\${has:-$knows}" -ge $knows ] || { echo '{"ok":true,"documents":[{"file":"people.json","result":"older"}]}'; exit 0; }
    [ $mode != outdated ] || { echo '{"ok":false,"writtenBy":"9.1.0","documents":[{"file":"people.json","result":"newer"}]}'; exit 1; }; exit 0 ;;
  health) shift; ${health} ;;
esac
config=$3 name=$(basename $3 .yaml)
[ $name = kaimon ] && at=/run/kaimon || at=/run/kaimon/$name
[ $name = kaimon ] && data=/var/lib/kaimon || data=/var/lib/kaimon/$name
mkdir -p $at $data
echo "$name ${version}" >>/run/starts
echo $at >$at/door-line
trap 'echo 0 >$at/relay; rm -f $at/state.json; exit 0' TERM
case $mode in
  crash) exit 1 ;;
  crash-open | crash-open-unsafe) echo 1 >$at/relay; kill -9 $$ ;;
  never-ready) while :; do sleep 0.2; done ;;
esac
echo 0 >$at/relay
[ $mode != migrating ] || { echo '${ADA_REMOVED}' >$data/people.json; echo newer >$data/door-mode.json; }
[ $mode = silent-journal ] || { rm -rf $data/journal; cp -r $here/journal $data/journal; }
eye=up camera=$(cat /run/camera 2>/dev/null || echo live) door=locked people=12
[ $mode = blind -o $mode = migrating ] && eye=waiting camera=opening
[ $mode = door-fault ] && door=fault
[ $mode = forgetful ] && people=0
[ $mode = mute ] || while :; do
  read -r up _ </proc/uptime
  printf '{"time":"2026-11-29T08:00:00.000Z","monotonicMs":%s,"version":"${version}","pid":%s,"status":"online","door":{"mode":"normal","state":"%s"},"eye":"%s","camera":"%s","journal":"ok","problems":[],"warnings":[],"people":%s}\\n' \\
    "$((\${up/./} * 10))" $$ $door $eye $camera $people >$at/state.json.new
  mv $at/state.json.new $at/state.json
  touch $READY_FILE
  sleep 0.3
done
while :; do touch $READY_FILE; sleep 0.2; done
`;

/** The release's safe-state.sh: puts the stand-in relay back. One that is broken does not. */
export const safeState = (mode: string): string =>
  mode === 'crash-open-unsafe'
    ? '#!/bin/sh\nexit 1\n'
    : '#!/bin/sh\nfor f; do case $f in */door-line) echo 0 >"$(dirname "$f")/relay"; echo "$0" >>/run/made-safe ;; esac; done\n';
