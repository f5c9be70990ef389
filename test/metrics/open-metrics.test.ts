import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { EyeListeners } from '../../src/eye/eye-status.js';
import { Endings } from '../../src/kit/endings.js';
import { openMetrics } from '../../src/metrics/open-metrics.js';
import { freePort } from '../site/mosquitto.js';
import { gateParts } from './gate-parts.js';

const NOBODY: EyeListeners = { onObservation: () => undefined, onRepeats: () => undefined, onStatus: () => undefined };

test('metrics end with the gate', async () => {
  const port = await freePort();
  const { opening, parts } = gateParts(port);
  const endings = new Endings();
  await openMetrics({ ...opening, endings }, parts);
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  await endings.close();
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
});

test('metrics that are off open nothing and change nothing', async () => {
  const { opening, parts } = gateParts(await freePort(), { enabled: false });
  const endings = new Endings();
  const metrics = await openMetrics({ ...opening, endings }, parts);
  expect(metrics.around(NOBODY)).toBe(NOBODY);
  expect(endings.count).toBe(0);
});

/** The packages that a process has loaded after it has opened metrics that are off, or on. */
const loaded = (enabled: boolean): string => {
  const program = `
    import { createRequire } from 'node:module';
    import { Endings } from './dist/kit/endings.js';
    import './dist/main.js';
    import { openMetrics } from './dist/metrics/open-metrics.js';
    const config = { metrics: { enabled: ${enabled}, host: '127.0.0.1', port: 1 } };
    const log = { error() {}, info() {} };
    const parts = { models: {}, people: {}, reporter: {} };
    await openMetrics({ config, endings: new Endings(), log, warnings: [], paths: { state: '/' }, clock: {} }, parts).catch(() => undefined);
    console.log(Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/prom-client/')));
    process.exit(0);
  `;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
  }).trim();
};

test('of metrics that are off nothing is loaded', () => {
  expect(loaded(false)).toBe('false');
  expect(loaded(true)).toBe('true');
});
