# In the guest of test/vm/deploy.sh, as root: a gate's wires on a virtual chip, its configuration, and a program that reads the relay.
set -euo pipefail
# What other trials in this guest have left.
systemctl stop kaimon 'kaimon@*' kaimon-eye.socket 2>/dev/null || true
rm -rf /opt/kaimon /etc/systemd/system/kaimon* /var/lib/kaimon /var/lib/kaimon-deploy /etc/kaimon
# What is emulated is slow; and changes of a site must outlive a deployment.
mkdir -p /etc/systemd/system/kaimon.service.d
printf '[Service]\nTimeoutStartSec=15min\nWatchdogSec=2min\n' >/etc/systemd/system/kaimon.service.d/slow.conf
systemctl daemon-reload
mkdir -p /etc/kaimon
if command -v vhw >/dev/null; then
  vhw gpio-up gate-gpio 8
  sim=/sys/devices/platform/$(cat /sys/kernel/config/gpio-sim/gate/dev_name)/$(cat /sys/kernel/config/gpio-sim/gate/bank0/chip_name)
  echo pull-down >"$sim/sim_gpio0/pull"
  door='{ kind: gpio, lockType: fail-secure, gpio: { backend: onoff }, relay: { line: { chip: gate-gpio, offset: 0 } } }'
  level="read -r level <$sim/sim_gpio0/value"
else
  # A container has no wires: what the gate says of its door is read in their place.
  door='{ kind: simulated }'
  level="level=0; grep -qE '\"state\":\"(unlocked|open|held|forced|fault)' /run/kaimon/state.json 2>/dev/null && level=1"
fi
cat >/etc/kaimon/kaimon.yaml <<Y
door: $door
eye: { hangMs: 60000, busyMs: 600000, startMs: 600000 }
# What is emulated is slow: without its networks the eye is up sooner.
liveness: { enabled: false }
greeting: { enabled: false }
mqtt: { enabled: false }
Y
chmod 644 /etc/kaimon/kaimon.yaml
cat >/root/wire <<W
#!/bin/bash
# Reads the relay until it is ended, and notes how often it was not idle.
reads=0 wrong=0
trap 'echo "\$reads reads, \$wrong of them not idle" >/run/wire; exit 0' TERM
while :; do
  $level
  reads=\$((reads + 1))
  [ "\$level" = 0 ] || wrong=\$((wrong + 1))
  sleep 0.01
done
W
chmod 755 /root/wire
echo "systemd $(systemctl --version | awk 'NR==1{print $2}'), node $(node -v)"
