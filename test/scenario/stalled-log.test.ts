import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BackOffice } from '../../src/demo/back-office.js';
import { wireReportSchema } from '../../src/door/gpio/wire-control.js';
import { startMosquitto } from '../site/mosquitto.js';
import { discard, notReady, scratch } from './harness.js';

const SPAWN = new URL('../../dist/demo/spawn-daemon.js', import.meta.url).href;
const ROUNDS_MAX = 400;
/** Wires of the gate. */
const [LOCK, BUTTON, FIRE] = [17, 22, 24];

const problemOf = (problems: unknown): string | undefined =>
  (problems as readonly string[] | undefined)?.find((text) => text.startsWith('log-stalled'));

/** Everything that waits in the pipe now. */
function drain(fd: number): string {
  let text = '';
  const chunk = Buffer.alloc(65_536);
  try {
    for (let n = readSync(fd, chunk); n > 0; n = readSync(fd, chunk)) text += chunk.toString('utf8', 0, n);
    return text;
  } catch {
    // EAGAIN: nothing more at the moment.
    return text;
  }
}

test.skipIf(notReady)(
  `a log that nobody reads holds neither pulse, button nor fire, and the loss is told${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const [folder, broker] = [scratch(), await startMosquitto()];
    const { endDaemon, spawnDaemon } = (await import(SPAWN)) as typeof import('../../src/demo/spawn-daemon.js');
    const pipe = join(folder, 'log');
    execFileSync('mkfifo', [pipe]);
    // Both ends: the daemon gets one as standard output and standard error; this one is read at the end only.
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, constants.O_WRONLY);
    const [config, state] = [join(folder, 'kaimon.yaml'), join(folder, 'state')];
    mkdirSync(state);
    writeFileSync(
      config,
      stringify({
        site: 'home',
        gate: 'north',
        mqtt: { enabled: true, url: broker.url },
        greeting: { speak: false },
        liveness: { enabled: false },
        camera: { kind: 'replay', path: join(folder, 'none') },
        door: {
          kind: 'gpio',
          gpio: { backend: 'simulated', simulatedWires: 'parent' },
          relay: { line: LOCK },
          pulseMs: 500,
          rex: { line: BUTTON, activeLevel: 'high' },
          fire: { line: FIRE },
        },
      }),
    );
    const daemon = spawnDaemon({ config, state }, ['ignore', writer, writer, 'ipc']);
    closeSync(writer);
    const ended = new Promise<unknown>((resolve) => daemon.once('exit', (code, signal) => resolve(signal ?? code)));
    const waiters: ((high: boolean) => void)[] = [];
    const lockTurns = () => new Promise<boolean>((resolve) => waiters.push(resolve));
    daemon.on('message', (message) => {
      const report = wireReportSchema.parse(message);
      if (report.kind === 'output' && report.offset === LOCK) for (const met of waiters.splice(0)) met(report.high);
    });
    const wire = (offset: number, high: boolean) => daemon.send({ kind: 'wire', offset, high });
    const office = await BackOffice.connect(broker.url, { site: 'home', gate: 'north' }, () => undefined);
    let reading: NodeJS.Timeout | undefined;
    try {
      await office.until(({ door }) => door?.state === 'locked');
      // This gate has no liveness, and a name although its wires are simulated.
      expect(office.state?.['warnings']).toEqual([
        expect.stringMatching(/^liveness-off/),
        expect.stringMatching(/^door-simulated/),
        expect.stringMatching(/^unsigned/),
      ]);
      // Each request is logged: more than a pipe holds, and then more than the gate keeps. Of one client it would take only so many in a time.
      const stalled = office.until(({ problems }) => problemOf(problems)?.includes(' 0 lines') === false);
      let known = false;
      void stalled.then(() => {
        known = true;
      });
      for (let n = 0; !known && n < ROUNDS_MAX; n++)
        await Promise.all(
          [0, 1, 2, 3].map((k) =>
            office.ask('lock', { reason: `${n}-${k} ${'x'.repeat(190)}` }, { by: `office ${n % 400}` }),
          ),
        );
      await stalled;
      const released = lockTurns();
      wire(BUTTON, true);
      expect(await released).toBe(true);
      const locked = lockTurns();
      wire(BUTTON, false);
      expect(await locked).toBe(false);
      const onFire = lockTurns();
      wire(FIRE, true);
      expect(await onFire).toBe(true);
      wire(FIRE, false);

      // Somebody reads again.
      let text = '';
      reading = setInterval(() => {
        text += drain(reader);
      });
      await office.until(({ problems }) => problems !== undefined && problemOf(problems) === undefined);
      daemon.kill('SIGTERM');
      await ended;
      text += drain(reader);
      const lines = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines.find(({ lost }) => lost > 0)).toMatchObject({
        lost: expect.any(Number),
        heldMs: expect.any(Number),
      });
      expect(lines.at(-1)).toMatchObject({ msg: 'the gate is down, the door is locked' });
    } finally {
      clearInterval(reading);
      await endDaemon(daemon, ended);
      await office.close();
      closeSync(reader);
      await broker.stop();
      discard(folder);
    }
  },
  120_000,
);
