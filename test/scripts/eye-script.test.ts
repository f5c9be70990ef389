import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkout, tree } from './tree.js';

/** systemd/eye.sh as systemd starts it for a connection, with this program in place of the eye's. */
function started(program: string): {
  readonly child: ChildProcess;
  readonly connection: Duplex;
  readonly end: Promise<string>;
} {
  const root = tree({ 'dist/eye/main.js': program, 'scripts/env.sh': '', 'systemd/eye.sh': '' });
  copyFileSync(join(checkout, 'systemd/eye.sh'), join(root, 'systemd/eye.sh'));
  const child = spawn('sh', [join(root, 'systemd/eye.sh')], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // What is left of the unit is systemd's to kill; here it is the test's.
  onTestFinished(() => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // Nothing is left.
    }
  });
  const end = new Promise<string>((resolve) => child.on('exit', (code, signal) => resolve(signal ?? `exit ${code}`)));
  return { child, connection: child.stdio[3] as Duplex, end };
}

/** What comes through the connection first. */
const heard = (connection: Readable): Promise<string> =>
  new Promise((resolve) => connection.once('data', (chunk: Buffer) => resolve(chunk.toString())));

describe('systemd/eye.sh', () => {
  test("the eye's requests come on standard input, and its messages go into the connection", async () => {
    const { connection } = started(
      `process.stdin.once('data', (chunk) => require('node:fs').writeSync(3, 'heard ' + chunk));`,
    );
    connection.write('look');
    expect(await heard(connection)).toBe('heard look');
  });

  test('one message after the other arrives, whatever the eye sets on its end', async () => {
    // As src/eye/main.ts: a socket of Node does not block, and neither does then whoever shares what is behind the descriptor.
    const { connection } = started(
      `const line = new (require('node:net').Socket)({ fd: 3, readable: false, writable: true });
      line.write('up');
      process.stdin.on('data', (chunk) => line.write('heard ' + chunk));`,
    );
    expect(await heard(connection)).toBe('up');
    for (const text of ['settings', 'a photo', 'x'.repeat(1000), 'another']) {
      connection.write(text);
      expect(await heard(connection)).toBe(`heard ${text}`);
    }
  });

  test('without a connection, as after a restart of the gate, there is nothing to do', () => {
    const root = tree({ 'dist/eye/main.js': 'process.exit(3)', 'scripts/env.sh': '', 'systemd/eye.sh': '' });
    copyFileSync(join(checkout, 'systemd/eye.sh'), join(root, 'systemd/eye.sh'));
    const { status, stderr } = spawnSync('sh', [join(root, 'systemd/eye.sh')], { stdio: ['ignore', 'ignore', 'pipe'] });
    expect([status, stderr.toString()]).toEqual([0, '']);
  });

  test('an eye that ends takes the unit with it, and says how in the log', async () => {
    const { child, end } = started('process.exit(3)');
    // The connection is still open: cat waits at it, which systemd ends.
    const log = heard(child.stderr as Readable);
    expect(await end).toBe('SIGKILL');
    expect(await log).toContain('eye: ended with exit status 3');
  });

  test('an eye that hangs and reads nothing ends when the gate closes the connection', async () => {
    const { connection, end } = started(`require('node:fs').writeSync(3, 'up'); for (;;) {}`);
    expect(await heard(connection)).toBe('up');
    connection.destroy();
    expect(await end).toBe('SIGKILL');
  });
});
