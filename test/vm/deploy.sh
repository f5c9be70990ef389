#!/usr/bin/env bash
# test/vm/deploy.sh RECIPE WORKDIR: scripts/deploy/deploy onto a throw-away Debian guest with a real systemd and a virtual GPIO chip; RECIPE and WORKDIR as
# for gpio.sh, the guest with OpenCV as for eye.sh. Needs `npm run build`, built models, dpkg-deb and a checkout whose node_modules fits the guest's release.
# A release is installed, switched, broken in several ways, cut in mid-switch and cut from power in mid-switch; the relay's wire is read all the while.
# HEALTH=SECONDS (900): an emulated machine takes minutes to start a gate. BROKEN='crash blind configuration never-ready': which of them are tried.
# Prints what was measured; exits 1 on failure.
set -euo pipefail
recipe=${1:?usage: test/vm/deploy.sh RECIPE WORKDIR} work=${2:?usage: test/vm/deploy.sh RECIPE WORKDIR}
root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd -P)
vm() { bash "$recipe" "$work" "$@"; }
say() { echo "== $*"; }
[ -e "$root/dist/cli/main.js" ] || { echo 'deploy.sh: npm run build first' >&2; exit 2; }
health=${HEALTH:-900} broken=${BROKEN:-crash blind configuration never-ready} failed=0
ground=$(mktemp -d)
ssh-keygen -q -t ed25519 -N '' -f "$ground/signer"
printf 'owner %s\n' "$(cat "$ground/signer.pub")" >"$ground/signers"

# The checkout as a package: what is broken in it is said by its version.
base="$ground/base/usr/lib/kaimon"
mkdir -p "$base"
tar -C "$root" -c --dereference --hard-dereference --exclude='*/darwin' --exclude='*/win32' --exclude=@biomejs --exclude=typescript --exclude=@typescript --exclude=obj.target --exclude='*.map' \
  --exclude='*/linux/arm64' --exclude='models/*training*' --exclude='.bin' dist models node_modules package.json scripts/env.sh scripts/kaimon systemd config | tar -C "$base" -x
mkdir -p "$ground/base/DEBIAN" "$ground/base/lib/systemd/system" "$ground/base/usr/lib/sysusers.d" "$ground/base/etc/kaimon"
node "$root/scripts/deploy/package.d/units.mjs" "$root/systemd" "$ground/base/lib/systemd/system"
cp "$root/systemd/sysusers.d/kaimon.conf" "$ground/base/usr/lib/sysusers.d/"
cp "$root/config/kaimon.yaml" "$ground/base/etc/kaimon/"
pack() { # VERSION [FILE SCRIPT]: the file is given to sed
  local tree="$ground/base" deb="$ground/kaimon_$1_amd64.deb" kept=''
  sed -i "s/^  \"version\": .*/  \"version\": \"$1\",/" "$base/package.json"
  if [ $# -gt 1 ]; then kept=$(mktemp "$ground/kept.XXX"); cp -p "$base/$2" "$kept"; sed -i "$3" "$base/$2"; fi
  printf 'Package: kaimon\nVersion: %s\nArchitecture: amd64\nMaintainer: Owner <owner@kaimon.test>\nInstalled-Size: %s\nDescription: trial\n' "$1" "$(du -sk "$tree" | cut -f1)" >"$tree/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$tree" "$deb" >/dev/null
  [ -z "$kept" ] || cp -p "$kept" "$base/$2"
  "$root/scripts/deploy/sign" "$ground/signer" "$deb" >/dev/null
}
say 'packages'
pack 1.0.0
pack 1.1.0
pack 2.0.0 scripts/kaimon 's/^set -eu$/&\ncase $1 in run) exit 1 ;; esac/'
pack 2.1.0 dist/eye/main.js '1i process.exit(1);'
pack 2.2.0 scripts/kaimon 's/^set -eu$/&\ncase $1 in config) echo "kaimon.yaml:1: old-key is gone"; exit 3 ;; esac/'
pack 2.3.0 scripts/kaimon 's/^set -eu$/&\ncase $1 in run) sleep 9999 ;; esac/'
pack 3.0.0
rm -rf "$ground/base"

vm build
MEM=${MEM:-2048} vm up
trap 'vm down || true; rm -rf "$ground"' EXIT
port() { cat "$work"/*/ssh.port | tail -n 1; }
ssh_options() { printf -- '--ssh-option\n%s\n' HostName=127.0.0.1 "Port=$(port)" "IdentityFile=$work/ssh_key" StrictHostKeyChecking=no UserKnownHostsFile=/dev/null LogLevel=ERROR ConnectTimeout=60; }
deploy() { local options; mapfile -t options < <(ssh_options); "$root/scripts/deploy/deploy" "${options[@]}" --health-timeout "$health" --steady 20 "$@"; }
# As when the PC is switched off: with its ssh, all at once.
deploy_apart() { local options; mapfile -t options < <(ssh_options); exec setsid "$root/scripts/deploy/deploy" "${options[@]}" --health-timeout "$health" --steady 20 "$@"; }
end_apart() { kill -KILL -- "-$1" 2>/dev/null || true; wait "$1" 2>/dev/null || true; }
release() { printf '%s' "$ground/kaimon_$1_amd64.deb"; }
guest() { vm exec bash -s; }
at() { vm exec 'sed -n s/^version=//p /opt/kaimon/current/.deploy/release' </dev/null; }
expect() { # WHAT WANTED FOUND
  if [ "$2" = "$3" ]; then echo "$1: $3"; else echo "FAILED $1: $3 and not $2"; failed=1; fi
}
timed() { # WHAT WANTED_CODE COMMAND…
  local what=$1 wanted=$2 code=0 began=$SECONDS
  shift 2
  "$@" || code=$?
  expect "$what, exit code after $((SECONDS - began)) s" "$wanted" "$code"
}

say 'the guest: a virtual relay, and who reads it'
guest <"$root/test/vm/deploy-guest.sh"
watch_wire() { vm exec 'systemd-run --quiet --collect --unit=wire /root/wire; sleep 2' </dev/null; }
wire() { # WHAT
  local told
  told=$(vm exec 'systemctl stop wire; cat /run/wire' </dev/null)
  echo "the relay's wire, $1: $told"
  case $told in *' 0 of them not idle'*) ;; *) echo "FAILED $1: the relay was not idle throughout"; failed=1 ;; esac
}

timed 'trust' 0 deploy --trust "$ground/signers" root@gate
watch_wire
timed 'first release' 0 deploy "$(release 1.0.0)" root@gate
expect 'at work' 1.0.0 "$(at)"
[ $failed = 0 ] || { vm exec 'cat /var/lib/kaimon-deploy/log; journalctl -u kaimon --no-pager | tail -20' </dev/null; exit 1; }
timed 'the next release' 0 deploy "$(release 1.1.0)" root@gate
expect 'at work' 1.1.0 "$(at)"
declare -A version=([crash]=2.0.0 [blind]=2.1.0 [configuration]=2.2.0 [never-ready]=2.3.0)
for what in $broken; do
  timed "a release that is broken ($what)" 1 deploy "$(release "${version[$what]}")" root@gate
  expect "at work after $what" 1.1.0 "$(at)"
done
wire "through two releases and broken ones ($broken)"

say 'ssh cut in mid-switch'
watch_wire
deploy_apart "$(release 3.0.0)" root@gate & pid=$!
for _ in $(seq 600); do [ "$(at)" = 3.0.0 ] && break; sleep 1; done
end_apart $pid
for _ in $(seq "$health"); do vm exec '[ ! -e /var/lib/kaimon-deploy/transaction ]' </dev/null && break; sleep 1; done
expect 'result' healthy "$(vm exec 'sed -n s/^outcome=//p /var/lib/kaimon-deploy/result' </dev/null)"
wire 'while the host finished alone'
timed 'back by hand' 0 deploy --rollback root@gate
expect 'at work' 1.1.0 "$(at)"

say 'power cut in mid-switch'
deploy_apart "$(release 3.0.0)" root@gate & pid=$!
for _ in $(seq 600); do [ "$(at)" = 3.0.0 ] && break; sleep 1; done
vm cut
end_apart $pid
MEM=${MEM:-2048} vm up
vm exec 'for _ in $(seq 300); do [ "$(systemctl is-active kaimon)" = active ] && break; sleep 1; done; journalctl -b -u kaimon-deploy-recover --no-pager -o cat | tail -3' </dev/null
expect 'at work after the cut' 1.1.0 "$(at)"
expect 'result' rolled-back "$(vm exec 'sed -n s/^outcome=//p /var/lib/kaimon-deploy/result' </dev/null)"
expect 'the gate' active "$(vm exec 'systemctl is-active kaimon' </dev/null)"
expect 'the unit' 1 "$(vm exec 'systemctl cat kaimon | grep -c "^# Kaimon release 1.1.0-"' </dev/null)"
exit $failed
