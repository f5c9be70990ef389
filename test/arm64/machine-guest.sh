#!/bin/bash
# Runs inside the machine of machine.sh, as root, once it is up: the package's service, then the door on a virtual GPIO chip.
set -u
failed=0
say() { echo "== $*"; }
fail() { echo "FAILED: $*"; journalctl -u kaimon --no-pager -o cat | tail -8 | cut -c 1-300; failed=$((failed + 1)); }
uptime_s() { cut -d. -f1 /proc/uptime; }
say "kernel $(uname -rm), systemd $(systemctl --version | awk 'NR==1{print $2}'), $(systemctl --failed --no-legend | wc -l) units failed, $(uptime_s) s after the start"
until_active() { # SECONDS
  local end=$((SECONDS + $1))
  until [ "$(systemctl is-active kaimon)" = active ]; do [ $SECONDS -lt $end ] || return 1; sleep 1; done
}
until_active 900 || { fail 'the service does not become active'; journalctl -u kaimon --no-pager -o cat | tail -20; }
say "the service as installed, $(uptime_s) s after the start: $(systemctl show -p StatusText --value kaimon)"
say "kaimon doctor"
kaimon doctor
say "kaimon embed"
printf 'eye: { hangMs: 120000, busyMs: 600000, startMs: 600000 }\n' >/srv/slow.yaml
began=$SECONDS
kaimon embed /srv/photos/sample1.jpg --json --config /srv/slow.yaml | cut -c 1-160 || fail 'embed'
say "embed took $((SECONDS - began)) s"

for module in kernel/fs/configfs/configfs.ko extra/gpio-sim.ko; do
  busybox insmod "/lib/modules/$(uname -r)/$module" || fail "$module does not load"
done
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
chip=/sys/kernel/config/gpio-sim/gate
mkdir -p $chip/bank0 && echo 8 >$chip/bank0/num_lines && echo gate-gpio >$chip/bank0/label && echo 1 >$chip/live
udevadm settle
sim=/sys/devices/platform/$(cat $chip/dev_name)/$(cat $chip/bank0/chip_name)
level() { cat "$sim/sim_gpio$1/value"; }
pull() { echo "pull-$2" >"$sim/sim_gpio$1/pull"; }
await() { # LEVEL SECONDS: of the relay
  local end=$((SECONDS + $2))
  until [ "$(level 0)" = "$1" ]; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}
for backend in onoff gpiod; do
  cat >/etc/kaimon/kaimon.yaml <<Y
door:
  kind: gpio
  pulseMs: 10000
  gpio: { backend: $backend }
  relay: { line: { chip: gate-gpio, offset: 0 } }
  rex: { line: { chip: gate-gpio, offset: 1 }, pull: as-is }
  fire: { line: { chip: gate-gpio, offset: 3 }, pull: as-is }
greeting: { enabled: false }
mqtt: { enabled: false }
Y
  for line in 0 3; do pull $line down; done
  pull 1 up
  began=$SECONDS
  systemctl restart kaimon || fail "$backend: the service does not start"
  until_active 900
  say "$backend: restarted in $((SECONDS - began)) s: $(systemctl show -p StatusText --value kaimon)"
  [ "$(level 0)" = 0 ] || fail "$backend: not locked after the start"
  [ $backend = onoff ] || sleep 10
  pull 1 down; sleep 1; pull 1 up
  if await 1 30; then began=$SECONDS; await 0 60 || fail "$backend: the pulse does not end"; say "$backend: exit button released the relay, for about $((SECONDS - began)) s"; else fail "$backend: the exit button does not release"; fi
  pull 1 down; sleep 1; pull 1 up
  await 1 30 || fail "$backend: the exit button does not release again"
  pid=$(systemctl show -p MainPID --value kaimon)
  kill -KILL "$pid"
  began=$(awk '{print int($1 * 1000)}' /proc/uptime)
  if await 0 30; then say "$backend: relay locked $(($(awk '{print int($1 * 1000)}' /proc/uptime) - began)) ms after SIGKILL in a pulse"; else fail "$backend: not locked after SIGKILL"; fi
  sleep 3
  until_active 900 || fail "$backend: it does not come back"
  [ $backend = onoff ] || sleep 10
  pull 3 up
  await 1 60 || fail "$backend: fire does not release"
  systemctl stop kaimon
  [ "$(level 0)" = 1 ] || fail "$backend: a stop in a fire locks"
  pull 3 down
  systemctl start kaimon; until_active 900
  await 0 60 || fail "$backend: not locked when the fire is over"
  systemctl stop kaimon
  [ "$(level 0)" = 0 ] || fail "$backend: not locked after the stop"
  for n in /sys/class/gpio/gpio[0-9]*; do [ -e "$n/value" ] && echo "${n##*gpio}" >/sys/class/gpio/unexport; done
done
say "systemd-analyze security: $(systemd-analyze security --no-pager kaimon.service 2>/dev/null | tail -1)"
say "all was tried: $failed failed"
