import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { defaultConfig } from '../../src/config/config.js';
import { EyeChild, type SandboxCommand } from '../../src/eye/child-process.js';
import { eyeLauncher, sandboxCommand, trySandbox } from '../../src/eye/launcher.js';
import { until } from '../site/until.js';
import { tempFolder } from '../store/sample.js';
import { SETTINGS } from './fake-eye.js';

const THIEF = fileURLToPath(new URL('../support/taken-over-eye.cjs', import.meta.url));

/** A folder like a checkout, whose eye is the program that tries. */
function checkoutOfAThief(): string {
  const root = mkdtempSync(join(tmpdir(), 'kaimon-thief-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'dist', 'eye'), { recursive: true });
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{}');
  const program = join(root, 'dist', 'eye', 'main.cjs');
  copyFileSync(THIEF, program);
  return program;
}

const noModel = { file: '/usr/bin/env' };
const settings = {
  ...SETTINGS,
  camera: null,
  models: {
    ...SETTINGS.models,
    confirmer: { ...SETTINGS.models.confirmer, ...noModel },
    landmarks: { ...SETTINGS.models.landmarks, ...noModel },
    encoder: { ...SETTINGS.models.encoder, ...noModel },
    liveness: [],
  },
};

const program = checkoutOfAThief();
const { impossible } = await trySandbox(settings, program);
const why = impossible === undefined ? '' : ` (skipped: ${impossible})`;

const listening = (server: Server, where: number | string): Promise<Server> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => resolve(server));
    onTestFinished(() => void server.close());
  });

/** Every process that has the path among its arguments. */
const processesOf = (path: string): string[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name) && argumentsOf(name).includes(path));

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

interface Found {
  readonly found: Readonly<Record<string, string>>;
  readonly processes: number;
  readonly env: readonly string[];
}

/** What the program in place of the eye reaches of a gate with people, keys, journal, sockets and a broker. */
async function attack(command?: SandboxCommand): Promise<Found> {
  const state = await tempFolder();
  mkdirSync(join(state, 'journal'));
  for (const file of ['people.json', 'site-key.pem', 'journal/000001.jsonl'])
    writeFileSync(join(state, file), 'secret');
  const broker = await listening(createServer(), 0);
  await listening(createServer(), join(state, 'bus'));
  const plan = {
    files: [state, ...['people.json', 'site-key.pem', 'journal/000001.jsonl'].map((file) => join(state, file))],
    folders: [state, '/usr', program.replace('/main.cjs', '')],
    devices: ['/dev/gpiochip0', '/dev/mem', '/sys/class/gpio/export'],
    pids: [process.pid, process.ppid],
    sockets: [join(state, 'bus'), '/run/dbus/system_bus_socket', '/run/systemd/private'],
    ports: [(broker.address() as AddressInfo).port],
    notifySocket: join(state, 'bus'),
  };
  process.env['NOTIFY_SOCKET'] = join(state, 'bus');
  process.env['CREDENTIALS_DIRECTORY'] = state;
  let exited: Promise<string> | undefined;
  const answer = new Promise<string>((resolve, reject) => {
    exited = new Promise((gone) => {
      const child = new EyeChild(
        {
          onMessage: (message) => message.kind === 'fault' && resolve(message.message),
          onInvalid: reject,
          onOutput: () => undefined,
          onExit: (reason) => {
            reject(new Error(reason));
            gone(reason);
          },
        },
        program,
        command,
      );
      child.send({ kind: 'photo', id: 1, turn: true }, Buffer.from(JSON.stringify(plan)));
      onTestFinished(async () => {
        child.kill();
        await exited;
      });
    });
  });
  delete process.env['NOTIFY_SOCKET'];
  delete process.env['CREDENTIALS_DIRECTORY'];
  return JSON.parse(await answer) as Found;
}

describe('how eyes are started', () => {
  const eye = defaultConfig.eye;

  test('by systemd where the unit names its socket, whatever else there is', async () => {
    const launcher = await eyeLauncher(settings, { ...eye, socket: '/run/kaimon-eye.sock' });
    expect([launcher.confinement, launcher.unconfinedBecause]).toEqual(['unit', undefined]);
  });

  test('without a sandbox where none is wanted, and it says so', async () => {
    const launcher = await eyeLauncher(settings, { ...eye, sandbox: 'none' });
    expect([launcher.confinement, launcher.unconfinedBecause]).toEqual(['none', 'eye.sandbox is none']);
  });

  test('without a sandbox where there is no bubblewrap, and it says what to install', async () => {
    const before = process.env['PATH'];
    process.env['PATH'] = await tempFolder();
    onTestFinished(() => {
      process.env['PATH'] = before;
    });
    const launcher = await eyeLauncher(settings, eye);
    expect(launcher.confinement).toBe('none');
    expect(launcher.unconfinedBecause).toContain('apt-get install bubblewrap');
  });

  /** A bubblewrap that does as a shell is told. */
  async function bubblewrapDoes(command: string): Promise<void> {
    const folder = await tempFolder();
    const before = process.env['PATH'];
    writeFileSync(join(folder, 'bwrap'), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
    process.env['PATH'] = `${folder}:${before}`;
    onTestFinished(() => {
      process.env['PATH'] = before;
    });
  }

  test.each([
    ['is not allowed to make one', 'setting up uid map: Permission denied'],
    ['may make no more namespaces', 'Creating new namespace failed: No space left on device'],
    ['is ended for what it does', 'SIGSYS', 'kill -SYS $$'],
  ])('without a sandbox where bubblewrap %s, and it says why', async (_what, words, command?: string) => {
    await bubblewrapDoes(command ?? `echo "bwrap: ${words}" >&2; exit 1`);
    const launcher = await eyeLauncher(settings, eye);
    expect(launcher.confinement).toBe('none');
    expect(launcher.unconfinedBecause).toContain(words);
  });

  test.each([
    [
      'has no process left',
      'echo "bwrap: Creating new namespace failed: Resource temporarily unavailable" >&2; exit 1',
    ],
    ['has no file left', 'echo "bwrap: pipe failed: Too many open files in system" >&2; exit 1'],
    ['has no memory left', 'kill -KILL $$'],
  ])('in a sandbox or not at all where the machine %s at the moment', async (_what, command) => {
    await bubblewrapDoes(command);
    const launcher = await eyeLauncher(settings, eye);
    expect(launcher).toMatchObject({ confinement: 'sandbox', unconfinedBecause: undefined });
    expect(launcher.untried).toMatch(/^bubblewrap cannot make a sandbox here/);
  });
});

describe('an eye that somebody has taken over', () => {
  test.skipIf(impossible)(
    `in the sandbox it reads no people, keys or journal, drives no line, reaches no socket, process or watchdog${why}`,
    async () => {
      const { found, processes, env } = await attack(sandboxCommand(settings, program));
      const entries = Object.entries(found);
      expect(entries.length).toBeGreaterThan(20);
      // To its own loopback it may send, where nobody listens.
      const reached = entries.filter(([what, came]) => !came.startsWith('refused') && !what.startsWith('udp'));
      expect(reached).toEqual([]);
      // Its own, bubblewrap's and nobody else's.
      expect(processes).toBeLessThanOrEqual(3);
      expect(env.filter((name) => /^(NOTIFY|WATCHDOG|CREDENTIALS|KAIMON|DBUS|XDG)/.test(name))).toEqual([]);
    },
    60_000,
  );

  test.skipIf(impossible)(`is in the sandbox, too, where a network was missing at the start${why}`, async () => {
    const missing = { ...settings.models.encoder, file: join(await tempFolder(), 'missing.onnx') };
    expect(await trySandbox({ ...settings, models: { ...settings.models, encoder: missing } }, program)).toEqual({});
  });

  test.skipIf(impossible)(
    `leaves nothing behind when it is killed while its sandbox is made${why}`,
    async () => {
      const command = sandboxCommand(settings, program);
      for (let wait = 0; wait < 40; wait++) {
        const exited = new Promise<string>((gone) => {
          const silent = { onMessage: () => undefined, onInvalid: () => undefined, onOutput: () => undefined };
          const child = new EyeChild({ ...silent, onExit: gone }, program, command);
          // Each time it has come a little further.
          const end = performance.now() + wait / 4;
          while (performance.now() < end);
          child.kill();
        });
        expect(await exited).toBe('it was ended by SIGKILL');
      }
      await until('all of it is gone', () => processesOf(program).length === 0);
    },
    60_000,
  );

  test('as a plain child it reads and reaches what the gate can, so the attempts are real; of the environment it gets no secret', async () => {
    const { found, env } = await attack();
    const reached = Object.entries(found).filter(([, came]) => !came.startsWith('refused'));
    expect(reached.map(([what]) => what.split(' ')[0])).toEqual(
      expect.arrayContaining(['read', 'write', 'signal', 'environment', 'socket', 'tcp']),
    );
    expect(env.filter((name) => /^(NOTIFY|CREDENTIALS|KAIMON)/.test(name))).toEqual([]);
  }, 60_000);
});
