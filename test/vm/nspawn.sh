#!/usr/bin/env bash
# test/vm/nspawn.sh WORKDIR build|up|exec CMD…|push SRC… DST|cut|down|reset: a throw-away Debian with a real systemd as its first process, in a container of
# systemd-nspawn: as fast as this computer, with this computer's kernel and network, and without virtual wires or cameras. In place of RECIPE for deploy.sh.
# Needs root, systemd-container, mmdebstrap. SUITE=bookworm|trixie, EXTRA="packages", MIRROR=URL (that of this computer), SSH_PORT=2222.
set -euo pipefail
work=${1:?usage: nspawn.sh WORKDIR VERB} verb=${2:?usage: nspawn.sh WORKDIR VERB}
shift 2
mkdir -p "$work"
work=$(cd "$work" && pwd -P)
suite=${SUITE:-bookworm} port=${SSH_PORT:-2222} key=$work/ssh_key
base=$work/$suite/base root=$work/$suite/root
mkdir -p "$work/$suite"

ssh_in() { ssh -q -i "$key" -p "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5 root@127.0.0.1 "$@"; }
running() { [ -s "$work/$suite/pid" ] && kill -0 "$(cat "$work/$suite/pid")" 2>/dev/null; }
stopped() {
  for _ in $(seq 120); do running || return 0; sleep 0.5; done
  echo 'nspawn.sh: the machine does not end' >&2
  return 1
}

case $verb in
  build)
    [ -e "$key" ] || ssh-keygen -q -t ed25519 -N '' -f "$key"
    if [ ! -e "$base/etc/debian_version" ]; then
      mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | sort -u | head -n 1)}
      # shellcheck disable=SC2086
      mmdebstrap --quiet --variant=minbase --components=main "$suite" "$base" "deb $mirror $suite main" \
        --include="systemd,systemd-sysv,dbus,udev,procps,openssh-server,ca-certificates$(printf ',%s' ${EXTRA:-})" >"$work/$suite/build.log" 2>&1
      install -D -m 600 "$key.pub" "$base/root/.ssh/authorized_keys"
      printf 'Port %s\nListenAddress 127.0.0.1\nUseDNS no\n' "$port" >"$base/etc/ssh/sshd_config.d/port.conf"
      echo gate >"$base/etc/hostname"
      # As on a guest with a Node of its own, where this computer's fits.
      install -D -m 755 "$(readlink -f "$(command -v node)")" "$base/usr/local/bin/node"
      cp -L /etc/resolv.conf "$base/etc/resolv.conf"
    fi
    [ -e "$root/etc" ] || cp -a "$base" "$root"
    ;;
  up)
    running && exit 0
    printf '%s\n' "$port" >"$work/$suite/ssh.port"
    # Without cgroups of version 2 for containers on this computer, systemd 252 takes those of version 1.
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=${UNIFIED:-$([ "$suite" = bookworm ] && echo 0 || echo 1)} setsid nohup systemd-nspawn --quiet --register=no --keep-unit \
      --machine="kaimon-$suite" -D "$root" --boot --console=read-only --resolv-conf=off </dev/null >"$work/$suite/console.log" 2>&1 &
    echo $! >"$work/$suite/pid"
    for _ in $(seq 120); do
      ssh_in 'systemctl is-system-running --wait' >/dev/null 2>&1 || true
      if ssh_in true 2>/dev/null; then exit 0; fi
      sleep 1
    done
    echo 'nspawn.sh: no answer of the machine within two minutes' >&2
    exit 1
    ;;
  exec) ssh_in "$@" ;;
  push) scp -q -i "$key" -P "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "${@:1:$#-1}" "root@127.0.0.1:${!#}" ;;
  down) ! running || { ssh_in 'systemctl poweroff' || true; stopped; } ;;
  cut)
    # As when the power fails: all its processes at once, what the file system was not told is lost with them.
    leader=$(pgrep -P "$(cat "$work/$suite/pid")" | head -n 1)
    kill -KILL "$leader"
    stopped
    ;;
  reset) rm -rf "$root" && cp -a "$base" "$root" ;;
  *) echo "nspawn.sh: unknown verb $verb" >&2; exit 2 ;;
esac
