// What is done to a gate that runs and is well, and how it is taken back. `at`: what test/rig/harmed-gate.mjs knows of the gate.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { call, fill } from './faults.mjs';
import { pause, putProgram, within } from './gate-process.mjs';
import { mountDisk } from './own-disk.mjs';

/** Processes that descend from one, with their command lines. */
function descendants(pid) {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  const of = (one) => processes.filter(({ parent }) => parent === one).flatMap((child) => [child, ...of(child.pid)]);
  return of(pid);
}

function signalEye(at, signal) {
  const eye = descendants(at.gate.pid).find(
    ({ command }) => /node$/.test(command[0]) && command.join(' ').includes('eye/main.js'),
  );
  if (!eye) throw new Error('there is no eye');
  process.kill(eye.pid, signal);
}

/** A camera whose program does what a file says. */
const camera = (mode, more = {}) => ({
  name: `camera: ${mode}`,
  before(set, prepared) {
    set.mode = join(set.folder, 'camera.mode');
    writeFileSync(set.mode, 'play');
    const program = new URL('./false-rpicam.mjs', import.meta.url).pathname;
    const args = [prepared.film, prepared.black, set.mode].join(' ');
    putProgram(set.folder, 'rpicam-vid', `#!/bin/sh\nexec ${process.execPath} ${program} ${args}\n`);
    set.config.camera = { kind: 'rpicam' };
  },
  strike: (at) => writeFileSync(at.set.mode, mode),
  heal: (at) => writeFileSync(at.set.mode, 'play'),
  ...more,
});

const signalCamera = (at, signal) => process.kill(Number(readFileSync(`${at.set.mode}.pid`, 'utf8')), signal);

const greeting = (set) => {
  set.config.greeting = { enabled: true };
  // What is spoken is not tried here.
  putProgram(
    set.folder,
    'espeak-ng',
    '#!/bin/sh\nwhile [ "$1" != -w ]; do shift; done\nhead -c 32044 /dev/zero > "$2"\n',
  );
};

const SOME = (faces) => faces > 0;
const NONE = (faces) => faces === 0;
/** Whom a repeated picture shows, in its first two seconds. */
const ONE_AT_MOST = (faces) => faces <= 1;

/** What is changed counts, and is saved later. */
const BAD_DISK = {
  faces: SOME,
  removal: 'not-saved',
  says: [/^the journal is not written/, /^people cannot be changed or saved/],
};

const CGROUP = '/sys/fs/cgroup';
function cgroup(at, kind, limit, value) {
  const folder = join(CGROUP, kind, `kaimon-rig-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'cgroup.procs'), String(at.gate.pid));
  for (const { pid } of descendants(at.gate.pid)) {
    try {
      writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    } catch (thrown) {
      // It has ended meanwhile.
      if (thrown.code !== 'ESRCH') throw thrown;
    }
  }
  writeFileSync(join(folder, limit), String(value(folder)));
  return folder;
}
const readNumber = (file) => Number(readFileSync(file, 'utf8'));

/**
 * `asks`: whether the broker can carry a request during the harm; `duringMs`: how long it lasts at least. Without `heal` nothing is to be taken
 * away. What must be seen meanwhile: `says`, what the state must say; `faces`, how often somebody is let in
 * (undefined: it depends on when it is noticed); `removal`, how a removal is answered.
 */
export const HARMS = [
  {
    name: 'nothing',
    faces: SOME,
    strike: () => undefined,
    heal: () => undefined,
  },
  // Replaced so soon that the state, which is told twice a second, may not say it.
  { name: 'eye: SIGKILL', strike: (at) => signalEye(at, 'SIGKILL'), duringMs: 0 },
  {
    name: 'eye: SIGSTOP',
    says: [/^the eye was lost/],
    before(set) {
      set.config.eye = {};
    },
    strike: (at) => signalEye(at, 'SIGSTOP'),
    duringMs: 0,
  },
  {
    name: 'disk: hangs',
    ...BAD_DISK,
    strike: ({ set }) => call('fsfreeze', '-f', set.state),
    heal: ({ set }) => call('fsfreeze', '-u', set.state),
  },
  {
    name: 'disk: full',
    ...BAD_DISK,
    strike: ({ set }) => fill(set.state),
    heal: ({ set }) => rmSync(join(set.state, 'ballast')),
  },
  {
    name: 'disk: read-only',
    ...BAD_DISK,
    strike: ({ set }) => readOnly(set.state),
    heal: ({ set }) => writableAgain(set),
  },
  {
    name: 'broker: hangs',
    faces: SOME,
    strike: (at) => at.broker.pause(),
    heal: (at) => at.broker.resume(),
    asks: false,
  },
  {
    name: 'broker: killed',
    faces: SOME,
    strike: (at) => at.broker.kill(),
    heal: (at) => at.broker.restart(),
    asks: false,
  },
  {
    name: 'speaker: hangs',
    faces: SOME,
    before(set) {
      greeting(set);
      putProgram(set.folder, 'aplay', '#!/bin/sh\nexit 0\n');
    },
    strike: ({ set }) => putProgram(set.folder, 'aplay', '#!/bin/sh\nexec sleep 1000\n'),
    heal: ({ set }) => putProgram(set.folder, 'aplay', '#!/bin/sh\nexit 0\n'),
  },
  {
    name: 'speaker: missing',
    faces: SOME,
    before(set) {
      greeting(set);
      putProgram(set.folder, 'aplay', '#!/bin/sh\nexit 0\n');
    },
    strike({ set }) {
      rmSync(join(set.folder, 'bin', 'aplay'));
      putProgram(set.folder, 'aplay', '#!/nowhere/sh\n');
    },
    heal: ({ set }) => putProgram(set.folder, 'aplay', '#!/bin/sh\nexit 0\n'),
  },
  {
    name: 'log: stalls',
    faces: SOME,
    says: [/^log-stalled/],
    before(set) {
      const pipe = join(set.folder, 'log');
      call('mkfifo', pipe);
      set.held = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
      set.log = openSync(pipe, constants.O_WRONLY);
      set.reading = setInterval(() => drain(set.held), 50);
    },
    strike({ set }) {
      clearInterval(set.reading);
      // Full at once; a gate at rest would take hours.
      set.stuffing = setInterval(() => stuff(set.folder), 100);
    },
    heal({ set }) {
      clearInterval(set.stuffing);
      set.reading = setInterval(() => drain(set.held), 50);
    },
    after({ set }) {
      clearInterval(set.reading);
      clearInterval(set.stuffing);
    },
  },
  camera('gone', { faces: NONE, says: [/^no camera/] }),
  camera('frozen', { duringMs: 30_000, faces: ONE_AT_MOST, says: [/camera-frozen/] }),
  camera('black', { duringMs: 30_000, faces: NONE, says: [/camera-dark/] }),
  camera('flood', { faces: SOME }),
  camera('garbage', { faces: NONE, says: [/^no camera/] }),
  camera('hangs', {
    says: [/^no camera/],
    strike: (at) => signalCamera(at, 'SIGSTOP'),
    // The gate has replaced it by then.
    heal: undefined,
    duringMs: 0,
  }),
  {
    name: 'no further process',
    faces: NONE,
    says: [/^the eye was lost/],
    before: greeting,
    async strike(at) {
      signalEye(at, 'SIGKILL');
      // Once it is gone, and before the next one comes.
      await pause(200);
      at.set.group = cgroup(at, 'pids', 'pids.max', (folder) => readNumber(join(folder, 'pids.current')));
    },
    heal: (at) => writeFileSync(join(at.set.group, 'pids.max'), 'max'),
    after: (at) => rmdirSync(at.set.group),
  },
  {
    name: 'memory short',
    faces: NONE,
    says: [/^the eye was lost/],
    strike(at) {
      // What they have already is not counted: the next eye finds too little, and the gate little for what is new.
      at.set.group = cgroup(at, 'memory', 'memory.limit_in_bytes', () => 60 * 1024 * 1024);
      signalEye(at, 'SIGKILL');
    },
    heal: (at) => writeFileSync(join(at.set.group, 'memory.limit_in_bytes'), '-1'),
    after: (at) => rmdirSync(at.set.group),
  },
];

/** An ext4 turns itself read-only where it finds a fault. Files that are open for writing keep a plain remount from doing so. */
function readOnly(state) {
  const device = execFileSync('findmnt', ['-no', 'SOURCE', state], { encoding: 'utf8' }).trim();
  writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, '1');
}

/** After a fault it must be looked through before it can be written again; nobody may have a file open on it then. */
async function writableAgain({ state, image }) {
  if (!(await within(60_000, () => spawnSync('umount', [state]).status === 0)))
    throw new Error(`${state} stays in use`);
  spawnSync('e2fsck', ['-fy', image], { stdio: 'ignore' });
  mountDisk(image, state);
}

function drain(fd) {
  const chunk = Buffer.alloc(65_536);
  try {
    while (readSync(fd, chunk) > 0);
  } catch (thrown) {
    if (thrown.code !== 'EAGAIN') throw thrown;
  }
}

function stuff(folder) {
  const fd = openSync(join(folder, 'log'), constants.O_WRONLY | constants.O_NONBLOCK);
  spawnSync('dd', ['if=/dev/zero', 'bs=4096', 'count=64', 'oflag=nonblock'], { stdio: ['ignore', fd, 'ignore'] });
  closeSync(fd);
}
