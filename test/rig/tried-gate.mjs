// One gate with its faults: started as systemd does, and tried at every end.
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
import { stringify } from 'yaml';
import { BackOffice } from '../../dist/demo/back-office.js';
import { startBroker } from '../../dist/site/link/embedded-broker.js';
import { call } from './faults.mjs';

const [RELAY, BUTTON, FIRE] = [17, 22, 25];
const START_MS = 150_000;
/** For a face: a round of the film, and the eye's start on a slow machine. */
const FACE_MS = 60_000;
/** How long one watches that nobody is let in by face, once the state has said why. */
const BLIND_MS = 5_000;
const ANSWER_MS = 3_000;
const BROKER_MS = 20_000;
const DISK = 'size=8m,mode=0700';

/** Resolves with whether `met` became true in time. */
async function within(ms, met) {
  const end = Date.now() + ms;
  while (!(await met())) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** @param faults of test/rig/faults.mjs, in their order */
export async function tryGate(folder, prepared, faults) {
  const state = join(folder, 'state');
  for (const one of [folder, state, join(folder, 'run'), join(folder, 'cache'), join(folder, 'bin')])
    mkdirSync(one, { mode: 0o700 });
  call('mount', '-t', 'tmpfs', '-o', DISK, 'tmpfs', state);
  const broker = await startBroker();
  try {
    writeFileSync(join(state, 'people.json'), prepared.people, { mode: 0o600 });
    const config = {
      site: 'rig',
      gate: 'rig',
      camera: { kind: 'replay', path: prepared.film, fps: 3, loop: true },
      door: {
        kind: 'gpio',
        gpio: { backend: 'simulated', simulatedWires: 'parent' },
        pulseMs: 1000,
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
      mqtt: { enabled: true, url: broker.url },
    };
    const set = { folder, state, config, root: prepared.root, log: undefined };
    for (const { before } of faults) before(set, prepared);
    return await tried(set, prepared, broker, faults);
  } finally {
    await broker.close();
    call('umount', '-l', state);
  }
}

async function tried(set, prepared, broker, faults) {
  const gate = started(set);
  const has = (name) => faults.some((fault) => fault.name === name);
  const office = await BackOffice.connect(broker.url, { site: 'rig', gate: 'rig' }, () => undefined);
  try {
    const starts = await within(START_MS, () => gate.ready() || gate.ended());
    const up = starts && !gate.ended();
    const found = { starts: up ? 'yes' : `no${gate.ended() ? ` (${gate.ended()})` : ''}` };
    found.button = await gate.opens(BUTTON);
    found.fire = await gate.opens(FIRE);
    found.faces =
      starts &&
      (await facesOf(
        gate,
        faults.every(({ sees }) => sees !== false),
      ));
    found.requests = has('no broker') ? '–' : await answerOf(office, 'open', {});
    found['change of people'] = has('no broker') ? '–' : await answerOf(office, 'remove', { id: prepared.removed });
    found.journal = (await within(ANSWER_MS, () => entriesIn(set.state) > 0)) ? 'written' : 'waits';
    // Said once it has been away for a while.
    if (has('no broker')) await within(BROKER_MS, () => gate.problems().some((text) => text.startsWith('no broker')));
    // systemctl's line is cut off at 1000 characters; without a broker there is nothing else.
    const said = office.state?.problems ?? gate.problems();
    found.state = said.map((text) => text.replaceAll(set.folder, '…').replaceAll(prepared.folder, '…'));
    return found;
  } finally {
    await office.close();
    await gate.end();
    for (const fd of [set.held, set.log]) if (fd !== undefined) closeSync(fd);
  }
}

/** Starts `kaimon run` with systemd's folders; what it tells systemd is written down by a stand-in for systemd-notify. */
function started({ folder, state, config, root, log }) {
  const [file, told, program] = [
    join(folder, 'kaimon.yaml'),
    join(folder, 'told'),
    join(folder, 'bin', 'systemd-notify'),
  ];
  writeFileSync(file, stringify(config));
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$*" >> ${told}\n`);
  chmodSync(program, 0o755);
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KAIMON_|NOTIFY_)/.test(name)));
  const env = {
    ...own,
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    NOTIFY_SOCKET: '/none',
    STATE_DIRECTORY: state,
    CACHE_DIRECTORY: join(folder, 'cache'),
    RUNTIME_DIRECTORY: join(folder, 'run'),
  };
  const stderr = log ?? openSync(join(folder, 'gate.log'), 'a');
  const args = [join(root, 'dist/cli/main.js'), 'run', '--config', file];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', stderr, stderr, 'ipc'] });
  const levels = new Map();
  let how;
  let rises = 0;
  child.on('message', ({ kind, offset, high }) => {
    if (kind !== 'output') return;
    if (offset === RELAY && high && !levels.get(RELAY)) rises++;
    levels.set(offset, high);
  });
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      how = signal ?? `exit ${code}`;
      resolve();
    });
  });
  const wire = (offset, high) => child.connected && child.send({ kind: 'wire', offset, high });
  const lines = () => (existsSync(told) ? readFileSync(told, 'utf8').split('\n') : []);
  const locked = () => within(ANSWER_MS, () => levels.get(RELAY) !== true);
  return {
    ended: () => how,
    ready: () => lines().some((line) => line.includes('--ready')),
    rises: () => rises,
    /** Problems of the last status line, which systemctl and the state's topic show alike. */
    problems() {
      const last = lines().findLast((line) => line.includes('--status=')) ?? '';
      const [, status = 'unknown', rest = ''] =
        /--status=(\w+); door [^;]*; camera [^;]*; eye [^;]*; \d+ people(?:; (.*?))?(?: WATCHDOG=1)?$/.exec(last) ?? [];
      return rest === '' ? (status === 'online' ? [] : [status]) : rest.split('; ');
    },
    /** Whether the door opens at a wire and locks again. */
    async opens(offset) {
      if (how !== undefined || !(await locked())) return 'no';
      const before = rises;
      wire(offset, true);
      const opened = await within(ANSWER_MS, () => rises > before);
      wire(offset, false);
      return opened && (await locked()) ? 'yes' : 'no';
    },
    async end() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      if (child.pid !== undefined) await exited;
      clearTimeout(timer);
      if (log === undefined) closeSync(stderr);
    },
  };
}

/** Whether Ada, who comes again and again in the film, is let in. */
async function facesOf(gate, expected) {
  if (gate.ended()) return 'no';
  // Without a camera only an eye that is up can say so.
  if (!expected) await within(START_MS, () => gate.problems().some((text) => /^(no (?!broker)|people )/.test(text)));
  const before = gate.rises();
  return (await within(expected ? FACE_MS : BLIND_MS, () => gate.rises() > before || gate.ended())) && !gate.ended()
    ? 'yes'
    : 'no';
}

async function answerOf(office, verb, args) {
  try {
    const { ok, error } = await office.ask(verb, args);
    return ok ? 'yes' : `refused (${error.code})`;
  } catch {
    return 'no answer';
  }
}

/** Entries of the journal on the disk. */
function entriesIn(state) {
  const folder = join(state, 'journal');
  if (!existsSync(folder)) return 0;
  const chains = readdirSync(folder).filter((name) => /^\d+\.jsonl$/.test(name));
  return chains.reduce((sum, name) => sum + readFileSync(join(folder, name), 'utf8').split('\n').length - 1, 0);
}
