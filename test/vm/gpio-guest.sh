# In the guest of test/vm/gpio.sh, as root; the checkout is /mnt/share, read-only.
set -euo pipefail
cd /mnt/share
say() { echo "== $*"; }
say "kernel $(uname -r), systemd $(systemctl --version | awk 'NR==1{print $2}'), $(gpioset --version | head -1), node $(node -v)"
vhw gpio-up gate-gpio 8
node -e 'new (require("onoff").Gpio)' 2>/dev/null || node -e 'require("onoff")' || { echo 'onoff does not load in the guest'; exit 1; }

if [ "${ONLY:-}" != fire ]; then
say 'the hardware, wire by wire'
node test/vm/gpio-guest.mjs onoff
for n in /sys/class/gpio/gpio[0-9]*; do [ -e "$n" ] && echo "${n##*gpio}" >/sys/class/gpio/unexport; done
node test/vm/gpio-guest.mjs gpiod

say 'the contract suite on a virtual chip'
rm -rf /root/suite && mkdir /root/suite
cp -r package.json vitest.config.ts tsconfig.json src test /root/suite/
# Its own folder of links: vite writes beside the packages.
mkdir /root/suite/node_modules && ln -s /mnt/share/node_modules/* /mnt/share/node_modules/.bin /root/suite/node_modules/
(cd /root/suite && timeout 400 node node_modules/vitest/vitest.mjs run test/door/gpio/gpio.test.ts --testTimeout 60000 2>&1 | sed 's/\x1b\[[0-9;]*m//g' | grep -E '✓|×|Tests|Error' || true)

fi
# ---------------------------------------------------------------- the daemon
systemd-sysusers /mnt/share/systemd/sysusers.d/kaimon.conf
# The shared folder is slow: from it the whole daemon takes minutes to start, from the guest's own disk half a minute.
mkdir -p /opt/kaimon
tar -c --exclude='*/darwin' --exclude='*/win32' --exclude=@biomejs --exclude=typescript --exclude=@typescript --exclude=obj.target --exclude='*.map' \
  --exclude='*/linux/arm64' --exclude='models/*training*' dist models node_modules package.json scripts systemd test/vm | tar -x -C /opt/kaimon
# In emulation: DAEMON=door runs the door's part of it under the same unit.
case ${DAEMON:-whole} in
  whole) start='/opt/kaimon/dist/cli/main.js run --config /etc/kaimon/kaimon.yaml' ;;
  door) start='/opt/kaimon/test/vm/door-daemon.mjs /etc/kaimon/kaimon.yaml' ;;
esac
say "the daemon (${DAEMON:-whole}) under systemd/kaimon.service"
sed "s|^ExecStart=.*|ExecStart=$(command -v node) $start|; s|^TimeoutStartSec=.*|TimeoutStartSec=600|" \
  systemd/kaimon.service >/etc/systemd/system/kaimon.service
systemctl daemon-reload
mkdir -p /etc/kaimon
sim=/sys/devices/platform/$(cat /sys/kernel/config/gpio-sim/gate/dev_name)/$(cat /sys/kernel/config/gpio-sim/gate/bank0/chip_name)
now() { awk '{printf "%d\n", $1 * 1000}' /proc/uptime; }
press() { echo pull-down >"$sim/sim_gpio1/pull"; sleep 0.3; echo pull-up >"$sim/sim_gpio1/pull"; }
relay() { cat "$sim/sim_gpio0/value"; }
wait_for() { # LEVEL SECONDS
  local end=$((SECONDS + $2))
  until [ "$(relay)" = "$1" ]; do [ $SECONDS -lt $end ] || return 1; sleep 0.02; done
}
config() { # BACKEND LOCKTYPE
  cat >/etc/kaimon/kaimon.yaml <<Y
door:
  kind: gpio
  lockType: $2
  pulseMs: 30000
  gpio: { backend: $1 }
  relay: { line: { chip: gate-gpio, offset: 0 } }
  # The pull of the virtual chip is what moves its wires here: the daemon must leave it alone.
  rex: { line: { chip: gate-gpio, offset: 1 }, pull: as-is }
  contact: { line: { chip: gate-gpio, offset: 2 }, pull: as-is }
  fire: { line: { chip: gate-gpio, offset: 3 }, pull: as-is }
  greenLed: { line: { chip: gate-gpio, offset: 4 } }
greeting: { enabled: false }
mqtt: { enabled: false }
Y
  chgrp kaimon /etc/kaimon/kaimon.yaml
}

# Reads the relay until told to stop, and prints how often it was not LEVEL.
sample() { # LEVEL
  local level reads=0 wrong=0
  while [ -e /run/sampling ]; do
    read -r level <"$sim/sim_gpio0/value"
    reads=$((reads + 1))
    [ "$level" = "$1" ] || wrong=$((wrong + 1))
    sleep 0.01
  done
  echo "$reads reads, $wrong of them not released"
}
told() { # What the daemon said, and how busy the guest is
  journalctl -u kaimon --no-pager -o short-monotonic | tail -40
  echo "uptime and load: $(cat /proc/uptime /proc/loadavg | tr '\n' ' '); $(grep -E '^(MemAvailable|Dirty|Writeback):' /proc/meminfo | tr -s ' \n' ' ')"
}
restarted() { # PID of before
  for _ in $(seq 180); do [ "$(systemctl is-active kaimon)" = active ] && [ "$(systemctl show -p MainPID --value kaimon)" != "$1" ] && return; sleep 1; done
  echo 'FAILED: the daemon does not come back'; failed=1
}
burn() { # BACKEND LOCKTYPE SAFE DRAWN: fire, while the daemon is killed, frozen, stopped and started
  echo pull-up >"$sim/sim_gpio3/pull"
  wait_for "$4" 20 || { echo "FAILED $1 $2: fire does not release"; failed=1; told; }
  sleep 1
  touch /run/sampling
  sample "$4" >/run/sampled &
  sampler=$!
  for harm in KILL ABRT STOP; do
    [ $harm != STOP ] || [ "$2" = fail-secure ] || continue
    pid=$(systemctl show -p MainPID --value kaimon)
    kill -$harm "$pid"
    restarted "$pid"
  done
  systemctl stop kaimon
  sleep 2
  systemctl start kaimon
  sleep 2
  rm /run/sampling
  wait $sampler
  hung=', watchdog'
  [ "$2" = fail-secure ] || hung=
  echo "$1 $2, fire through SIGKILL, SIGABRT$hung, stop and start: $(cat /run/sampled)"
  grep -q ' 0 of them' /run/sampled || { echo "FAILED $1 $2: not released throughout the fire"; failed=1; }
  journalctl -u kaimon --no-pager -o cat | grep safe-state | tail -3
  echo pull-down >"$sim/sim_gpio3/pull"
  wait_for "$3" 20 || { echo "FAILED $1 $2: not locked when the fire is over"; failed=1; }
}

failed=0
for backend in onoff gpiod; do
  for lock in fail-secure fail-safe; do
    safe=0 drawn=1
    [ "$lock" = fail-secure ] || { safe=1 drawn=0; }
    config $backend $lock
    # A freed line of the virtual chip has the level of its pull: that of the safe side, as docs/door.md asks for.
    if [ $safe = 1 ]; then echo pull-up >"$sim/sim_gpio0/pull"; else echo pull-down >"$sim/sim_gpio0/pull"; fi
    echo pull-up >"$sim/sim_gpio1/pull"; echo pull-down >"$sim/sim_gpio2/pull"; echo pull-down >"$sim/sim_gpio3/pull"
    systemctl start kaimon || { journalctl -u kaimon --no-pager | tail -20; exit 1; }
    [ "$(relay)" = $safe ] || { echo "FAILED $backend $lock: not safe after the start"; failed=1; }
    [ $backend = onoff ] || sleep 4
    burn $backend $lock $safe $drawn
    for harm in KILL STOP; do
      [ "${ONLY:-}" != fire ] || continue
      # A frozen daemon is found by its watchdog, which a guest in emulation needs a while for: once is enough.
      [ $harm = KILL ] || [ $lock = fail-secure ] || continue
      pid=$(systemctl show -p MainPID --value kaimon)
      # A second after its start gpiomon makes way for a reading once (gpiod-monitored-line.ts), which takes a while in emulation.
      [ $backend = onoff ] || sleep 4
      press
      if ! wait_for $drawn 20; then echo "FAILED $backend $lock: the exit button does not release"; journalctl -u kaimon --no-pager | tail -5; failed=1; continue; fi
      sleep 1
      [ "$(relay)" = $drawn ] || { echo "FAILED $backend: the pulse was too short"; failed=1; }
      t0=$(now)
      kill -$harm "$pid"
      if wait_for $safe 28; then echo "$backend $lock: relay safe $(($(now) - t0)) ms after SIG$harm in mid-pulse"; else echo "FAILED $backend $lock: relay not safe after SIG$harm"; failed=1; fi
      journalctl -u kaimon --no-pager -o cat | grep safe-state | tail -1
      for _ in $(seq 180); do [ "$(systemctl is-active kaimon)" = active ] && [ "$(systemctl show -p MainPID --value kaimon)" != "$pid" ] && break; sleep 1; done
      [ "$(relay)" = $safe ] || { echo "FAILED $backend $lock: not safe after the restart"; failed=1; }
    done
    systemctl stop kaimon
    [ "$(relay)" = $safe ] || { echo "FAILED $backend $lock: not safe after the stop"; failed=1; }
    for n in /sys/class/gpio/gpio[0-9]*; do [ -e "$n/value" ] && echo "${n##*gpio}" >/sys/class/gpio/unexport; done
  done
done
[ "${ONLY:-}" != fire ] || exit $failed
# ---------------------------------------------------------------- two gates of one machine
say "kaimon@in and kaimon@out (${DAEMON:-whole}) under systemd/kaimon@.service"
sed "s|^ExecStart=.*|ExecStart=$(command -v node) ${start/kaimon.yaml/%i.yaml}|; s|^TimeoutStartSec=.*|TimeoutStartSec=600|" \
  systemd/kaimon@.service >/etc/systemd/system/kaimon@.service
systemctl daemon-reload
gate() { # NAME RELAY REX FIRE
  cat >"/etc/kaimon/$1.yaml" <<Y
gate: $1
door:
  kind: gpio
  pulseMs: 30000
  gpio: { backend: onoff }
  relay: { line: { chip: gate-gpio, offset: $2 } }
  rex: { line: { chip: gate-gpio, offset: $3 }, pull: as-is }
  fire: { line: { chip: gate-gpio, offset: $4 }, pull: as-is }
greeting: { enabled: false }
mqtt: { enabled: false }
Y
  chgrp kaimon "/etc/kaimon/$1.yaml"
}
level() { cat "$sim/sim_gpio$1/value"; }
pull() { echo "pull-$2" >"$sim/sim_gpio$1/pull"; }
await() { # LINE LEVEL SECONDS
  local end=$((SECONDS + $3))
  until [ "$(level "$1")" = "$2" ]; do [ $SECONDS -lt $end ] || return 1; sleep 0.02; done
}
gate in 0 1 2
gate out 4 5 6
for line in 0 2 4 6; do pull $line down; done
for line in 1 5; do pull $line up; done
systemctl start kaimon@in kaimon@out || { journalctl -u 'kaimon@*' --no-pager | tail -20; exit 1; }
[ -f /run/kaimon/in/door-line ] && [ -f /run/kaimon/out/door-line ] || { echo 'FAILED: a gate has not recorded its relay'; failed=1; }
pull 1 down; sleep 0.3; pull 1 up
pull 5 down; sleep 0.3; pull 5 up
await 0 1 20 && await 4 1 20 || { echo 'FAILED: the exit buttons do not release both gates'; failed=1; }
t0=$(now)
kill -KILL "$(systemctl show -p MainPID --value kaimon@in)"
if await 0 0 20; then echo "kaimon@in: relay safe $(($(now) - t0)) ms after SIGKILL"; else echo 'FAILED: the relay of kaimon@in is not safe'; failed=1; fi
[ "$(level 4)" = 1 ] || { echo 'FAILED: the end of kaimon@in reached the other gate'; failed=1; }
systemctl stop kaimon@out
[ "$(level 4)" = 0 ] || { echo 'FAILED: kaimon@out leaves its relay'; failed=1; }
for _ in $(seq 60); do [ "$(systemctl is-active kaimon@in)" = active ] && break; sleep 1; done
systemctl start kaimon@out
pull 2 up; pull 6 up
if await 0 1 20 && await 4 1 20; then echo 'fire releases both gates'; else echo 'FAILED: fire does not release both gates'; failed=1; fi
systemctl stop kaimon@in kaimon@out
[ "$(level 0)$(level 4)" = 00 ] || { echo 'FAILED: a gate leaves its relay'; failed=1; }
say "systemd: $(systemctl show -p NRestarts --value kaimon) restarts of the last daemon"
exit $failed
