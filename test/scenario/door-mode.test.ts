import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startMosquitto } from '../site/mosquitto.js';
import { discard, notReady, scratch, startGate } from './harness.js';

test.skipIf(notReady)(
  `a door that was locked by request is still locked after the gate is killed${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const [folder, broker] = [scratch(), await startMosquitto()];
    const start = () =>
      startGate(folder, broker.url, 'north', { camera: { kind: 'replay', path: join(folder, 'none') } });
    let gate = await start();
    try {
      await gate.office.until(({ door }) => door?.state === 'locked');
      await gate.office.ask('mode', { mode: 'locked' });
      await vi.waitFor(() =>
        expect(readFileSync(join(folder, 'north', 'state', 'door-mode.json'), 'utf8')).toContain('"locked"'),
      );
      await gate.kill();
      gate = await start();
      await gate.office.until(({ status, door }) => status !== 'offline' && door !== undefined);
      expect(await gate.office.ask('open', {})).toMatchObject({ ok: false, error: { code: 'door-mode' } });
    } finally {
      await gate.stop();
      await broker.stop();
      discard(folder);
    }
  },
  60_000,
);
