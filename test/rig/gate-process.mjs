// One gate of the rig: `kaimon run` started as systemd does, its wires, what it tells systemd and how long its event loop stood still.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { createSocket } from 'unix-dgram';
import { stringify } from 'yaml';

export const [RELAY, BUTTON, FIRE] = [17, 22, 25];
export const PULSE_MS = 1000;
/** So long after `ready` the start is over: the eye is started, the broker connected. */
export const STARTED_MS = 1000;
/** How long a door may take to answer a wire. */
export const ANSWER_MS = 3_000;
const PRELOAD = fileURLToPath(new URL('./loop-delay.mjs', import.meta.url));

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves with whether `met` became true in time. */
export async function within(ms, met) {
  const end = performance.now() + ms;
  while (!(await met())) {
    if (performance.now() > end) return false;
    await pause(20);
  }
  return true;
}

/** The folders of a gate; its state folder is for a disk of its own. */
export function makeFolders(folder) {
  const state = join(folder, 'state');
  for (const one of [folder, state, join(folder, 'run'), join(folder, 'cache'), join(folder, 'bin')])
    mkdirSync(one, { mode: 0o700 });
  return state;
}

/** The configuration of all gates of the rig. */
export const configOf = (film, url) => ({
  site: 'rig',
  gate: 'rig',
  camera: { kind: 'replay', path: film, fps: 3, loop: true },
  door: {
    kind: 'gpio',
    gpio: { backend: 'simulated', simulatedWires: 'parent' },
    pulseMs: PULSE_MS,
    relay: { line: RELAY },
    rex: { line: BUTTON, activeLevel: 'high' },
    fire: { line: FIRE },
  },
  access: { clock: 'unchecked' },
  greeting: { enabled: false },
  // A busy machine is not what is tried here.
  eye: { hangMs: 60_000 },
  decision: { maxAgeMs: 10_000 },
  liveness: { enabled: false },
  mqtt: { enabled: true, url },
});

/** Writes a program into the folder that comes first in the gate's PATH. */
export function putProgram(folder, name, text) {
  const program = join(folder, 'bin', name);
  writeFileSync(program, text);
  chmodSync(program, 0o755);
}

/** systemd's end of NOTIFY_SOCKET: what the gate has told it last. */
function listen(path) {
  const heard = { ready: false, status: undefined };
  const socket = createSocket('unix_dgram', (bytes) => {
    for (const line of bytes.toString().split('\n')) {
      if (line === 'READY=1') heard.ready = true;
      else if (line.startsWith('STATUS=')) heard.status = line.slice('STATUS='.length);
    }
  });
  socket.bind(path);
  return { heard, close: () => socket.close() };
}

/** Starts `kaimon run` with systemd's folders and an end of NOTIFY_SOCKET. */
export function startGate({ folder, state, config, root, log }) {
  const [file, notify] = [join(folder, 'kaimon.yaml'), join(folder, 'notify')];
  writeFileSync(file, stringify(config));
  const { heard, close } = listen(notify);
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KAIMON_|NOTIFY_)/.test(name)));
  const env = {
    ...own,
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    NOTIFY_SOCKET: notify,
    STATE_DIRECTORY: state,
    CACHE_DIRECTORY: join(folder, 'cache'),
    RUNTIME_DIRECTORY: join(folder, 'run'),
    // This and the flag below: as scripts/kaimon starts it.
    UV_THREADPOOL_SIZE: '16',
  };
  const stderr = log ?? openSync(join(folder, 'gate.log'), 'a');
  const args = [
    '--max-semi-space-size=2',
    '--import',
    PRELOAD,
    join(root, 'dist/cli/main.js'),
    'run',
    '--config',
    file,
  ];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', stderr, stderr, 'ipc'] });
  const relay = watchRelay(child);
  const loop = watchLoop(child);
  let how;
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      how = signal ?? `exit ${code}`;
      resolve();
    });
  });
  const wire = (offset, high) => child.connected && child.send({ kind: 'wire', offset, high });
  const locked = () => within(ANSWER_MS, () => !relay.drawn());
  return {
    pid: child.pid,
    wire,
    relay,
    loop,
    ended: () => how,
    ready: () => heard.ready,
    rises: () => relay.rises,
    locked,
    /** Problems of the last status line, which systemctl and the state's topic show alike. */
    problems() {
      const [, status = 'unknown', rest = ''] =
        /^(\w+); door [^;]*; camera [^;]*; eye [^;]*; \d+ people(?:; (.*?))?$/.exec(heard.status ?? '') ?? [];
      return rest === '' ? (status === 'online' ? [] : [status]) : rest.split('; ');
    },
    /** Whether the door opens at a wire and locks again. */
    async opens(offset) {
      if (how !== undefined || !(await locked())) return 'no';
      const before = relay.rises;
      wire(offset, true);
      const opened = await within(ANSWER_MS, () => relay.rises > before);
      wire(offset, false);
      return opened && (await locked()) ? 'yes' : 'no';
    },
    async end() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      if (child.pid !== undefined) await exited;
      clearTimeout(timer);
      close();
      if (log === undefined) closeSync(stderr);
    },
  };
}

/** The relay's wire, with the moment of its last rise and fall. */
function watchRelay(child) {
  let high = false;
  const relay = { rises: 0, falls: 0, roseMs: 0, fellMs: 0, drawn: () => high };
  child.on('message', (message) => {
    if (message.kind !== 'output' || message.offset !== RELAY || message.high === high) return;
    high = message.high;
    relay[high ? 'rises' : 'falls']++;
    relay[high ? 'roseMs' : 'fellMs'] = performance.now();
  });
  return relay;
}

/**
 * The largest delays of the event loop since the last time one asked: `all`, `own` (without the time in which others had the cores), and how
 * long the gate computed in that one. Milliseconds.
 */
function watchLoop(child) {
  let worst = { maxMs: 0, ownMaxMs: 0, ranMs: 0 };
  child.on('message', ({ kind, maxMs, ownMaxMs, ranMs, wires }) => {
    // Before the wires are open there is no door to be served.
    if (kind !== 'loop' || !wires) return;
    const own = ownMaxMs > worst.ownMaxMs ? { ownMaxMs, ranMs } : worst;
    worst = { maxMs: Math.max(worst.maxMs, maxMs), ownMaxMs: own.ownMaxMs, ranMs: own.ranMs };
  });
  return {
    take() {
      const taken = worst;
      worst = { maxMs: 0, ownMaxMs: 0, ranMs: 0 };
      return { all: Math.round(taken.maxMs), own: Math.round(taken.ownMaxMs), ran: Math.round(taken.ranMs) };
    },
  };
}

/** Entries of the journal on the disk. */
export function entriesIn(state) {
  const folder = join(state, 'journal');
  if (!existsSync(folder)) return 0;
  const chains = readdirSync(folder).filter((name) => /^\d+\.jsonl$/.test(name));
  return chains.reduce((sum, name) => sum + readFileSync(join(folder, name), 'utf8').split('\n').length - 1, 0);
}

/** What a request is answered, in a word or two. */
export async function answerOf(office, verb, args) {
  try {
    const { ok, error } = await office.ask(verb, args);
    return ok ? 'yes' : `refused (${error.code})`;
  } catch {
    return 'no answer';
  }
}
