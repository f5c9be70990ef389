// What is done to a gate before it is started. `prepared` is what test/rig/prepared.mjs made; `set` is what the gate will be started with.
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Calls a program and stops where it fails. */
export function call(program, ...args) {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

/** Fills the disk to its last byte. */
export function fill(folder) {
  const file = openSync(join(folder, 'ballast'), 'w');
  try {
    for (let bytes = 65_536; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      const block = Buffer.alloc(bytes);
      try {
        for (;;) writeSync(file, block);
      } catch (thrown) {
        if (thrown.code !== 'ENOSPC') throw thrown;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** A pipe to the log that is full and that nobody reads. */
function stalledLog(folder) {
  const pipe = join(folder, 'log');
  call('mkfifo', pipe);
  // Held open for reading and never read.
  const held = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(held, Buffer.alloc(4096, 10));
  } catch (thrown) {
    if (thrown.code !== 'EAGAIN') throw thrown;
  }
  return { held, log: openSync(pipe, constants.O_WRONLY) };
}

/** In the order in which they are done where two come together. */
export const FAULTS = [
  {
    name: 'damaged store',
    sees: false,
    before({ state }) {
      writeFileSync(join(state, 'people.json'), '{');
      writeFileSync(join(state, 'people.json.last-good'), '{');
    },
  },
  { name: 'full disk', before: ({ state }) => fill(state) },
  { name: 'read-only disk', before: ({ state }) => call('mount', '-o', 'remount,ro', state) },
  {
    name: 'no run folder',
    before({ folder }) {
      // Whatever root may write: this is no folder.
      rmSync(join(folder, 'run'), { recursive: true });
      writeFileSync(join(folder, 'run'), '');
    },
  },
  {
    name: 'missing model',
    sees: false,
    before(set, prepared) {
      set.root = prepared.rootWithoutEncoder;
    },
  },
  {
    name: 'no camera',
    sees: false,
    before({ config, folder }) {
      config.camera.path = join(folder, 'no-film');
    },
  },
  {
    name: 'no broker',
    before(set) {
      // The port of no service.
      set.config.mqtt.url = 'mqtt://127.0.0.1:9';
    },
  },
  {
    name: 'stalled journald',
    before(set) {
      Object.assign(set, stalledLog(set.folder));
    },
  },
];

/** All pairs, in their order. */
export const pairsOf = (all) => all.flatMap((one, i) => all.slice(i + 1).map((other) => [one, other]));
