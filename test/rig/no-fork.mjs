// node test/rig/no-fork.mjs [SECONDS]: a running gate that can start no process any more (RLIMIT_NPROC of its user is used up, so fork says EAGAIN)
// goes on telling systemd that it is alive, loses its eye, says why, and gets a new one as soon as processes can be started.
// As root, which lends the gate the user nobody; needs setpriv, bash, python3 and `npm run build`. Exit 1 when it does not hold.
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const seconds = Number(process.argv[2] ?? 20);
const root = fileURLToPath(new URL('../..', import.meta.url));
const NOBODY = 65534;
/** Enough for a gate and its eye, with all their threads. */
const TASKS_MAX = 100;
const AS_NOBODY = ['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups'].map(String);

if (process.getuid() !== 0) {
  console.error('no-fork.mjs: as root, which can lend the gate a user of its own');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'kaimon-no-fork-'));
const [socket, file, log] = ['socket', 'kaimon.yaml', 'log'].map((name) => join(folder, name));
writeFileSync(
  file,
  'door: {kind: simulated}\nmqtt: {enabled: false}\ngreeting: {enabled: false}\ncamera: {kind: device, device: /dev/video-none}\n',
);
for (const name of ['', 'state', 'run', 'cache']) {
  if (name !== '') mkdirSync(join(folder, name));
  chownSync(join(folder, name), NOBODY, NOBODY);
}
const children = [];
const started = (...command) => {
  const child = spawn(...command);
  children.push(child);
  return child;
};
const end = () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
};
process.on('exit', end);

const heard = [];
const receiver = started('python3', [join(root, 'test/host/receiver.py'), socket], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
createInterface(receiver.stdout).on('line', (line) => heard.push(...JSON.parse(line).split('\n')));
const count = (line) => heard.filter((one) => one === line).length;
const pause = (ms) => new Promise((go) => setTimeout(go, ms));
async function until(what, holds, limitSeconds = 60) {
  const last = Date.now() + limitSeconds * 1000;
  while (!holds()) {
    if (Date.now() > last) {
      console.error(`no-fork.mjs: FAILED: not within ${limitSeconds} s: ${what}\n${heard.slice(-5).join('\n')}`);
      process.exit(1);
    }
    await pause(20);
  }
}
const status = () => heard.filter((line) => line.startsWith('STATUS=')).at(-1) ?? '';

await until('the receiver listens', () => heard.includes('listening'));
chmodSync(socket, 0o777);
const env = {
  PATH: process.env.PATH,
  HOME: folder,
  NOTIFY_SOCKET: socket,
  WATCHDOG_USEC: '10000000',
  STATE_DIRECTORY: join(folder, 'state'),
  RUNTIME_DIRECTORY: join(folder, 'run'),
  CACHE_DIRECTORY: join(folder, 'cache'),
};
const limited = ['bash', '-c', `ulimit -u ${TASKS_MAX}; exec "$@" 2>"$0"`, log];
const gate = started(
  'setpriv',
  [...AS_NOBODY, ...limited, process.execPath, join(root, 'dist/cli/main.js'), 'run', '--config', file],
  {
    env,
    stdio: 'ignore',
  },
);
let ended;
gate.on('exit', (code, signal) => {
  ended = signal ?? `exit ${code}`;
});
const alive = () => {
  if (ended !== undefined) {
    console.error(`no-fork.mjs: FAILED: the gate has ended (${ended}):\n${readFileSync(log, 'utf8').slice(-2000)}`);
    process.exit(1);
  }
  return true;
};
await until('the gate is ready, with an eye', () => alive() && count('READY=1') === 1 && /eye up/.test(status()));
// They are the same user's, and count against the gate's limit.
const taken = Array.from({ length: TASKS_MAX }, () =>
  started('setpriv', [...AS_NOBODY, 'sleep', '600'], { stdio: 'ignore' }),
);
await pause(1000);
const eyes = readFileSync(`/proc/${gate.pid}/task/${gate.pid}/children`, 'utf8').trim().split(' ');
for (const eye of eyes) process.kill(Number(eye), 'SIGKILL');
await until(
  'the state says that no eye can be started',
  () => alive() && /cannot be started: spawn \S+ EAGAIN/.test(status()),
);
const before = count('WATCHDOG=1');
await pause(seconds * 1000);
alive();
const pings = count('WATCHDOG=1') - before;
console.log(`without processes for ${seconds} s: ${pings} signs of life, one due every 2.5 s`);
console.log(status());
for (const child of taken) child.kill('SIGKILL');
await until('there is an eye again', () => alive() && /eye up/.test(status()));
console.log(status());
const told = readFileSync(log, 'utf8').includes('KAIMON_NOTIFY');
if (told) console.log('FAILED: systemd was told through a child process');
process.exit(!told && pings >= Math.floor(seconds / 5) ? 0 : 1);
