// What is done to a gate that runs in the virtual machine. `harm` and `lift` are commands of the guest, or calls with the rig.
// `door`: what the door must do meanwhile, `works` unless said otherwise; `blinds`: the state must tell that nothing is seen; `says`: what it must
// say at the end.

const eyePid = "pgrep -f '^node --no-incremental-marking /opt/kaimon/dist/eye/main.js' | head -1";
const camera = (what, input = '') => `bash /opt/kaimon/test/hardware/guest/camera.sh ${what} '${input}'`;
const setClock = (shift) => ({
  harm: async (rig) => rig.shiftClock(shift),
  lift: async (rig) => rig.shiftClock(null),
});

const BAD_DISK = [/^people cannot be changed or saved/, /^the journal is not written/];

export const HARMS = [
  { name: 'daemon killed', harm: 'systemctl kill -s KILL --kill-who=main kaimon', door: 'idle' },
  { name: 'daemon hangs', harm: 'systemctl kill -s STOP --kill-who=main kaimon', door: 'idle' },
  { name: 'daemon aborts', harm: 'systemctl kill -s ABRT --kill-who=main kaimon', door: 'idle' },
  { name: 'eye killed', harm: `kill -KILL $(${eyePid})`, blinds: true },
  { name: 'eye hangs', harm: `kill -STOP $(${eyePid})`, blinds: true },
  {
    name: 'disk hangs',
    says: BAD_DISK,
    harm: 'fsfreeze -f /var/lib/kaimon',
    lift: 'fsfreeze -u /var/lib/kaimon',
    forMs: 60_000,
  },
  {
    name: 'disk full',
    says: BAD_DISK,
    harm: 'dd if=/dev/zero of=/var/lib/kaimon/ballast bs=64k 2>/dev/null; dd if=/dev/zero of=/var/lib/kaimon/ballast2 bs=1 2>/dev/null || true',
    lift: 'rm -f /var/lib/kaimon/ballast /var/lib/kaimon/ballast2',
    forMs: 30_000,
  },
  // Not here: a disk that becomes read-only. The journal is open for writing, and the kernel remounts no such file system;
  // test/rig/degraded.mjs has one that is read-only from the start.
  {
    name: 'journald hangs',
    harm: 'systemctl kill -s STOP systemd-journald',
    lift: 'systemctl kill -s CONT systemd-journald',
    forMs: 60_000,
  },
  { name: 'journald killed', harm: 'systemctl kill -s KILL systemd-journald' },
  {
    name: 'broker hangs',
    harm: async (rig) => rig.broker.pause(),
    lift: async (rig) => rig.broker.resume(),
    forMs: 40_000,
  },
  {
    name: 'network gone',
    harm: async (rig) => rig.tunnel(false),
    lift: async (rig) => rig.tunnel(true),
    forMs: 30_000,
  },
  { name: 'clock a day ahead', ...setClock(86_400_000), forMs: 20_000 },
  { name: 'clock a day behind', ...setClock(-86_400_000), forMs: 20_000 },
  { name: 'clock at 1970', ...setClock('1970'), forMs: 20_000 },
  {
    name: 'camera unplugged',
    says: [/^no camera/],
    blinds: true,
    harm: camera('unplug'),
    lift: camera('plug'),
    forMs: 40_000,
  },
  {
    name: 'camera hangs',
    says: [/^no camera/],
    blinds: true,
    harm: 'systemctl kill -s STOP rig-feeder',
    lift: 'systemctl kill -s CONT rig-feeder',
    forMs: 40_000,
  },
  {
    name: 'camera black',
    says: [/camera-dark/],
    // With the noise of a sensor: black without any is a frozen camera.
    harm: camera('plug', '-re -f lavfi -i color=black:s=640x480:r=2,noise=alls=6:allf=t -pix_fmt yuv420p'),
    lift: camera('plug'),
    forMs: 60_000,
  },
  {
    name: 'camera frozen',
    says: [/camera-frozen/],
    harm: camera('plug', '-re -f lavfi -i smptebars=size=640x480:rate=2 -pix_fmt yuv420p'),
    lift: camera('plug'),
    forMs: 60_000,
  },
  {
    name: 'camera floods',
    harm: camera('plug', '-f lavfi -i testsrc=size=640x480:rate=1000 -pix_fmt yuv420p'),
    lift: camera('plug'),
    forMs: 30_000,
  },
  {
    name: 'no memory left',
    harm: 'systemd-run --quiet --unit=rig-hog -p Restart=no stress-ng --vm 1 --vm-bytes 110% --vm-keep --timeout 60s',
    lift: 'systemctl stop rig-hog 2>/dev/null || true; systemctl reset-failed rig-hog 2>/dev/null || true',
    forMs: 30_000,
  },
  {
    name: 'no process can be started',
    harm: 'systemctl set-property --runtime kaimon.service TasksMax=$(cat /sys/fs/cgroup/system.slice/kaimon.service/pids.current)',
    lift: 'systemctl set-property --runtime kaimon.service TasksMax=256',
    forMs: 60_000,
  },
];
