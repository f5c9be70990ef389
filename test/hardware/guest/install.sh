# In the guest, as root, once: the product from a tar on standard input to /opt/kaimon, its units, a virtual gate around it.
set -euo pipefail
mkdir -p /opt/kaimon /etc/kaimon
tar -x -C /opt/kaimon
chown -R root:root /opt/kaimon
systemd-sysusers /opt/kaimon/systemd/sysusers.d/kaimon.conf
units=/etc/systemd/system
install -m 644 /opt/kaimon/systemd/kaimon.service /opt/kaimon/systemd/kaimon-eye.socket /opt/kaimon/systemd/kaimon-eye@.service $units/
mkdir -p $units/kaimon.service.d
# An emulated machine takes its time. The state has a disk of its own, which can get full, stuck and read-only.
cat >$units/kaimon.service.d/rig.conf <<'U'
[Unit]
After=rig-wires.service var-lib-kaimon.mount
[Service]
TimeoutStartSec=900
WatchdogSec=30
U
# Before the gate: wires, a camera, and a copy of the disk as the power cut left it.
cat >$units/rig-wires.service <<'U'
[Unit]
Before=kaimon.service
After=var-lib-kaimon.mount
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash /opt/kaimon/test/hardware/guest/wires.sh
[Install]
WantedBy=multi-user.target
U
cat >$units/rig-feeder.service <<'U'
[Unit]
After=rig-wires.service
[Service]
ExecStart=/usr/bin/ffmpeg -loglevel error -re -f lavfi -i testsrc=size=640x480:rate=2 -pix_fmt yuv420p -f v4l2 /dev/video20
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
U
sed -i 's|^/dev/vdb .*|/dev/vdb /var/lib/kaimon ext4 nofail,x-systemd.device-timeout=120 0 2|' /etc/fstab
umount /srv/data 2>/dev/null || true
mkdir -p /var/lib/kaimon
systemctl daemon-reload
systemctl start var-lib-kaimon.mount
find /var/lib/kaimon -mindepth 1 -delete
chown kaimon:kaimon /var/lib/kaimon
chmod 700 /var/lib/kaimon
cat >/etc/kaimon/kaimon.yaml <<'Y'
site: rig
gate: rig
encoder: openface
camera: { kind: device, device: 20, fps: 2, mjpg: false }
door:
  kind: gpio
  pulseMs: 2000
  gpio: { backend: onoff }
  relay: { line: { chip: gate-gpio, offset: 0 } }
  rex: { line: { chip: gate-gpio, offset: 1 }, pull: as-is }
  fire: { line: { chip: gate-gpio, offset: 3 }, pull: as-is }
access: { clock: unchecked }
greeting: { enabled: false }
liveness: { enabled: false }
eye: { hangMs: 60000 }
mqtt: { enabled: true, url: 'mqtt://127.0.0.1:18830' }
Y
chown root:kaimon /etc/kaimon/kaimon.yaml
chmod 640 /etc/kaimon/kaimon.yaml
systemctl enable -q rig-wires rig-feeder kaimon-eye.socket kaimon
