# In the guest, as root: camera.sh unplug takes the virtual camera away as a pulled cable does, its device included; camera.sh plug [INPUT OF FFMPEG]
# plugs one in, which shows the usual picture or INPUT. A loopback device whose writer has gone takes no other one: it is made anew each time.
set -euo pipefail
systemctl stop rig-feeder
# Whoever looked through it lets go once no picture comes.
for _ in $(seq 300); do
  modprobe -r v4l2loopback 2>/dev/null && break
  sleep 0.2
done
[ ! -e /dev/video20 ] || { echo "somebody still holds /dev/video20" >&2; exit 1; }
[ "$1" = plug ] || exit 0
harm=/run/systemd/system/rig-feeder.service.d/harm.conf
rm -f $harm
if [ -n "${2:-}" ]; then
  mkdir -p "$(dirname $harm)"
  printf '[Service]\nExecStart=\nExecStart=/usr/bin/ffmpeg -loglevel error %s -f v4l2 /dev/video20\n' "$2" >$harm
fi
vhw cam-loop 20
systemctl daemon-reload
systemctl start rig-feeder
