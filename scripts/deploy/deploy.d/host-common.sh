# shellcheck shell=bash
# The host's part of scripts/deploy/deploy: these files in a row are sent over ssh at each step and run by root's bash. Nothing on the host is
# believed but the system itself and what root alone may write. What the PC reads are lines `deploy: KEY=VALUE` on standard output.
set -u -o pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin LC_ALL=C
umask 022

home=/opt/kaimon releases=/opt/kaimon/releases incoming=/opt/kaimon/incoming current=/opt/kaimon/current
lib=/var/lib/kaimon-deploy transaction=/var/lib/kaimon-deploy/transaction
units=/etc/systemd/system signers=/etc/kaimon/release-signers
# How each unit of a release begins: others are left alone.
mark='# Kaimon release '

say() { printf 'deploy: %s=%s\n' "$1" "${*:2}"; }
# Nothing was changed that matters: the gate goes on as it was.
refuse() { say refused "$*"; exit 3; }

is_release() { [[ $1 =~ ^[0-9][A-Za-z0-9.+~-]{0,80}-[0-9a-f]{12}$ ]]; }
is_gate() { [[ $1 =~ ^kaimon(@[A-Za-z0-9_-][A-Za-z0-9_.-]{0,60})?\.service$ ]]; }

field() { sed -n "s/^$2=//p" "$1" 2>/dev/null | head -n 1; } # FILE KEY
write_file() { # FILE, from standard input: the old bytes or the new ones, after a power cut too
  cat >"$1.new" && sync "$1.new" && mv -T "$1.new" "$1" && sync "$(dirname "$1")"
}

# Not now; the PC may ask again.
busy() { say busy 'another deployment is at work on this host'; exit 4; }

# One at a time. The lock ends with the process; what it starts must not inherit it.
lock() { take_lock "$@" || busy; }
take_lock() {
  mkdir -p "$lib" && chmod 700 "$lib" || refuse "$lib cannot be made"
  exec 9>"$lib/lock" || refuse "$lib/lock cannot be made"
  flock "$@" 9
}

# Who asked for a switch last: noted before anything is looked at, so that a PC that lost the connection meanwhile does not take it for refused.
note_asking() { printf 'run=%s\npid=%s\nstart=%s\n' "$1" "$$" "$(start_of "$$")" | write_file "$lib/asked"; } # RUN
start_of() { sed -n 's/.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; } # PID
asked_by() { # RUN: `yes` while the process that was asked under this name is at work
  local pid
  pid=$(field "$lib/asked" pid)
  [ "$(field "$lib/asked" run)" = "$1" ] && [ -n "$pid" ] && [ "$(start_of "$pid")" = "$(field "$lib/asked" start)" ] && echo yes
}

release_of_link() { # the release that `current` names
  local to
  to=$(readlink "$current" 2>/dev/null) || return 0
  to=${to#releases/}
  is_release "$to" && printf '%s' "$to"
}

# Out of the way first: half of a release must never be taken for one.
retire() { # RELEASE
  mkdir -p -m 700 "$incoming" && mv -T "$releases/$1" "$incoming/$1.old" && rm -rf -- "${incoming:?}/$1.old"
}

instance_of() { local name=${1%.service}; case $name in *@*) printf '%s' "${name#*@}" ;; esac; }
run_of() { local i; i=$(instance_of "$1"); printf '%s' "/run/kaimon${i:+/$i}"; }
state_of() { local i; i=$(instance_of "$1"); printf '%s' "/var/lib/kaimon${i:+/$i}"; }
config_of() { local i; i=$(instance_of "$1"); printf '%s' "/etc/kaimon/${i:-kaimon}.yaml"; }

property() { systemctl show -p "$2" --value "$1" 2>/dev/null; } # UNIT NAME

# The gates of this computer: what runs or is enabled. One that is stopped at the moment is switched, started and judged like the others.
gates() { { running_gates; enabled_gates; } | sort -u; }

enabled_gates() {
  local link
  for link in "$units"/*.wants/kaimon.service "$units"/*.wants/kaimon@*.service; do
    [ -L "$link" ] && is_gate "${link##*/}" && printf '%s\n' "${link##*/}"
  done
}

# Also one that systemd is about to start again, or that is just ending.
running_gates() {
  local unit state _
  while read -r unit _ state _; do
    case $state in active | activating | reloading | deactivating) is_gate "$unit" && printf '%s\n' "$unit" ;; esac
  done < <(systemctl list-units --all --plain --no-legend 'kaimon.service' 'kaimon@*.service' 2>/dev/null)
}

# What belongs to the service's user is read like this: no link is followed, nothing is waited for.
text_of() { dd if="$1" iflag=nofollow,nonblock bs=262144 count=1 2>/dev/null; }

program() { # RELEASE COMMAND…: its own `kaimon`, which answers in seconds; within `patience` at the latest
  local release=$1 code=0
  shift
  timeout "${patience:-300}" "$releases/$release/scripts/kaimon" "$@" </dev/null 2>&1 9>&- || code=$?
  [ $code != 124 ] || echo "kaimon $1 gave no answer within ${patience:-300} s: is this computer too busy?"
  return $code
}

# A unit that a release has brought.
is_own() { [ -f "$1" ] && ! [ -L "$1" ] && [[ $(head -c ${#mark} "$1") == "$mark" ]]; }
# A file in the place of a unit that no release has brought.
is_foreign() { { [ -e "$1" ] || [ -L "$1" ]; } && ! is_own "$1"; }

# Why releases cannot live here; nothing where they can.
obstacle() {
  local unit running
  if [ "$(dpkg-query -W -f '${db:Status-Status}' kaimon 2>/dev/null)" = installed ]; then
    echo 'the package is installed by apt: `apt remove kaimon` (configuration, people and journal stay), then deploy'
  elif [ -e "$home/package.json" ] || [ -e "$home/.git" ]; then
    echo "$home is a checkout: stop it and move it away (docs/deploy.md, \"From a checkout\"), then deploy"
  else
    for unit in kaimon.service kaimon@.service kaimon-eye.socket kaimon-eye@.service kaimon-tamper.path kaimon-tamper.service kaimon-seal.service; do
      is_foreign "$units/$unit" || continue
      echo "$units/$unit is not of a release: remove it (docs/deploy.md, \"From a checkout\"), then deploy"
      return
    done
    running=$([ -n "$(release_of_link)" ] || running_gates | tr '\n' ' ')
    [ -z "$running" ] || echo "${running}runs, and not from a release: systemctl stop $running(docs/deploy.md, \"From a checkout\"), then deploy"
  fi
}

free_kb() { df -Pk "$1" | awk 'NR == 2 { print $4 }'; }

inspect() {
  local gate at=/opt
  [ ! -d "$home" ] || at=$home
  say architecture "$(dpkg --print-architecture)"
  say free "$(free_kb $at)"
  say obstacle "$(obstacle)"
  say current "$(release_of_link)"
  say previous "$(cat "$lib/previous" 2>/dev/null)"
  say releases "$(cd "$releases" 2>/dev/null && ls -1 | tr '\n' ' ')"
  say trusts "$(grep -cv '^ *\(#\|$\)' "$signers" 2>/dev/null || true)"
  if [ -e "$transaction" ]; then say switching "$(field "$transaction" run)"; fi
  if [ -e "$lib/result" ]; then say last "$(field "$lib/result" outcome): $(field "$lib/result" why)"; fi
  for gate in $(gates); do
    say gate "$gate $(property "$gate" ActiveState) $(property "$gate" NRestarts) $(property "$gate" StatusText)"
  done
}

# A connection may be cut without a word, and the lock is held meanwhile: so long nothing arrives at the most. Every 256 kB.
idle_s=60
take_bytes() { # BYTES of standard input, none after them
  local left=$1 chunk
  while [ "$left" -gt 0 ]; do
    chunk=$((left < 262144 ? left : 262144))
    timeout "$idle_s" head -c "$chunk" || return
    left=$((left - chunk))
  done
}

# Who may sign what this host runs. Said once by somebody who is root here already.
trust() { # REPLACE, the signers on standard input
  lock -n
  local text
  text=$(take_bytes 65536)
  grep -q '^[^#]* \(ssh-\|sk-\|ecdsa-\)' <<<"$text" || refuse 'these are no signers: each line is a name and a public key, as in ssh-keygen(1), ALLOWED SIGNERS'
  if [ -e "$signers" ] && [ "$(cat "$signers")" != "$text" ] && [ "$1" != replace ]; then
    refuse "$signers names others already: --replace-trust"
  fi
  mkdir -p /etc/kaimon && printf '%s\n' "$text" | write_file "$signers" || refuse "$signers cannot be written"
  say done trusted
}
