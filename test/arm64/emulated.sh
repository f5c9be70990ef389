#!/usr/bin/env bash
# test/arm64/emulated.sh PACKAGE WORKDIR [CPU…]: the arm64 package in a bare Debian root, its programs emulated as those processors.
#   PACKAGE   kaimon_VERSION_arm64.deb of scripts/deploy/package
#   WORKDIR   the root is made there once (WORKDIR/SUITE); it stays for the next run, the installation too
#   CPU       names of qemu: cortex-a72 (Raspberry Pi 4), cortex-a76 (Pi 5), cortex-a53 (Pi 3) by default
# SUITE=bookworm|trixie. DEMO=RATE runs the demo too, on the first CPU, with the clock at that rate (0.02: fifty times slower), for its
# deadlines are real time. Needs root, the packages qemu-user-static, mmdebstrap, arch-test and for DEMO gcc-aarch64-linux-gnu, and this
# checkout set up and built: it measures the same photos itself, and test/arm64/compare.mjs says how far the two are apart.
# Prints what was seen and how long it took here, which says nothing about a board; exits 1 where something fails.
set -euo pipefail
package=$(readlink -f "${1:?usage: test/arm64/emulated.sh PACKAGE WORKDIR [CPU…]}") work=${2:?usage: test/arm64/emulated.sh PACKAGE WORKDIR [CPU…]}
if [ -z "${OWN_MOUNTS:-}" ]; then OWN_MOUNTS=1 exec unshare --mount "$0" "$@"; fi
shift 2
checkout=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd -P)
suite=${SUITE:-bookworm}
mkdir -p "$work"
root=$(cd "$work" && pwd -P)/$suite
cpus=("$@")
[ ${#cpus[@]} -gt 0 ] || cpus=(cortex-a72 cortex-a76 cortex-a53)
exec 3>&1
say() { printf '== %s\n' "$*" >&3; }
in_root() { QEMU_CPU=$cpu chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
timed() { # WHAT COMMAND…
  local what=$1 began=$SECONDS
  shift
  "$@" || { say "FAILED $what"; failed=1; return 0; }
  say "$what: $((SECONDS - began)) s"
}
failed=0
cpu=${cpus[0]}

[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >/proc/sys/fs/binfmt_misc/register

make_root() {
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
  rm -rf "$root.new"
  # Nothing is started in a root that is only a folder.
  # shellcheck disable=SC2016
  QEMU_CPU=$cpu mmdebstrap --quiet --architectures=arm64 --variant=minbase --include=ca-certificates,systemd,systemd-sysv,dbus,udev \
    --customize-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod +x "$1/usr/sbin/policy-rc.d"' \
    "$suite" "$root.new" "deb $mirror $suite main"
  mv "$root.new" "$root"
}
[ -d "$root" ] || timed "a bare arm64 root of $suite" make_root
for folder in proc sys dev; do mount --rbind "/$folder" "$root/$folder"; done

if ! in_root dpkg-query -W kaimon >/dev/null 2>&1 || [ "$package" -nt "$root/var/lib/dpkg/info/kaimon.list" ]; then
  cp "$package" "$root/tmp/"
  in_root apt-get update -qq
  timed 'apt-get install --no-install-recommends' in_root apt-get install -y -qq --no-install-recommends --reinstall "/tmp/$(basename "$package")" >"$work/install.log" 2>&1
  tail -n 1 "$work/install.log"
fi
say "$(in_root dpkg-query -W -f '${Package} ${Version} ${Architecture}, ${Installed-Size} KiB installed' kaimon)"

photos=("$checkout"/models/build/samples/*.jpg)
rm -rf "$root/tmp/photos" && mkdir "$root/tmp/photos" && cp "${photos[@]}" "$root/tmp/photos/"
# A picture takes seconds in emulation.
printf 'eye: { hangMs: 120000, busyMs: 600000, startMs: 600000 }\n' >"$root/tmp/slow.yaml"
"$checkout/scripts/kaimon" embed "${photos[@]}" --json >"$work/x86.json"
for cpu in "${cpus[@]}"; do
  say "as $cpu"
  timed 'kaimon models verify' in_root kaimon models verify >/dev/null
  timed 'kaimon config check' in_root kaimon config check
  # Its exit code is 1 where it finds something wrong: a bare root has neither camera nor lines.
  began=$SECONDS
  in_root kaimon doctor --config /etc/kaimon/kaimon.yaml --camera 0 || true
  say "kaimon doctor: $((SECONDS - began)) s"
  measure() { in_root sh -c 'kaimon embed /tmp/photos/*.jpg --json --config /tmp/slow.yaml' >"$work/$cpu.json"; }
  timed "kaimon embed, ${#photos[@]} photos" measure
  node "$checkout/test/arm64/compare.mjs" "$work/x86.json" "$work/$cpu.json" || failed=1
done

if [ -n "${DEMO:-}" ]; then
  cpu=${cpus[0]}
  aarch64-linux-gnu-gcc -shared -fPIC -O2 -o "$root/usr/lib/slow-clock.so" "$checkout/test/arm64/slow-clock.c" -ldl -lpthread
  demo() {
    local code=0
    echo "$DEMO $(date +%s)" >"$root/etc/slow-clock"
    echo /usr/lib/slow-clock.so >"$root/etc/ld.so.preload"
    in_root kaimon demo --json --out /tmp/demo >"$work/demo.json" || code=$?
    rm "$root/etc/ld.so.preload" "$root/etc/slow-clock"
    return $code
  }
  timed "kaimon demo, clock at $DEMO" demo
  tail -c 2000 "$work/demo.json"
fi
exit $failed
