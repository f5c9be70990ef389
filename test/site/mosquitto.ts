import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Debian installs the broker in a folder that is only in root's PATH. */
const env = { ...process.env, PATH: [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter) };

/** A real Mosquitto on a free loopback port. */
export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  /** By default SIGKILL: retained messages and sessions are lost, or with persistence what was not saved yet. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** On the same port, after {@link Mosquitto.kill}. */
  restart(): Promise<void>;
  /** It hangs: connections stay, nothing is answered. */
  pause(): void;
  /** After {@link Mosquitto.pause}. */
  resume(): void;
  stop(): Promise<void>;
}

/**
 * @param extra lines of mosquitto.conf for the listener (TLS, access) or the broker (limits).
 * @throws when mosquitto is not installed or does not come up within 10 s; the message says which.
 */
export async function startMosquitto(extra: readonly string[] = []): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-mosquitto-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  const given = new Set(extra.map((line) => line.split(' ')[0]));
  const lines = [
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    ...['persistence false', 'max_queued_messages 0'].filter((line) => !given.has(line.split(' ')[0])),
    `listener ${port} 127.0.0.1`,
    ...(extra.some((line) => /^(require_certificate|allow_anonymous)/.test(line)) ? [] : ['allow_anonymous true']),
    ...extra,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  let child = await launch(file);
  const kill = (signal: NodeJS.Signals = 'SIGKILL') => end(child, signal);
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    kill,
    async restart() {
      child = await launch(file);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function launch(file: string): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn('mosquitto', ['-c', file], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    const slow = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`mosquitto did not come up within 10 s; it said: ${said}`));
    }, 10_000);
    child.once('error', (cause) => {
      clearTimeout(slow);
      reject(new Error("these tests need Debian's mosquitto: run scripts/setup", { cause }));
    });
    child.once('exit', (code) => {
      clearTimeout(slow);
      reject(new Error(`mosquitto ended with code ${code}; it said: ${said}`));
    });
    child.stderr?.on('data', (data: Buffer) => {
      said += data.toString();
      if (!said.includes('running')) return;
      clearTimeout(slow);
      resolve(child);
    });
  });
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no free port'));
      });
    });
  });
}
