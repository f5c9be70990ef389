import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Mosquitto, startMosquitto } from '../site/mosquitto.js';
import { discard, FACES, film, type Gate, notReady, portrait, ROOT, scratch, startGate } from './harness.js';

/** The shell lines that docs/mqtt.md prints for enrolling with a photo, run unchanged. */
function enrolAsTheDocsSay(folder: string, port: number, gate: string): void {
  const docs = readFileSync(join(ROOT, 'docs', 'mqtt.md'), 'utf8');
  const blocks = [...docs.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
  const names = blocks.find((code) => code.includes('request() {')) ?? '';
  const enrol = blocks.find((code) => code.includes('/request/enroll" -s') && code.includes('base64')) ?? '';
  const set = names.replace(
    /HOST=\S+ PORT=\S+ SITE=\S+ GATE=\S+/,
    `HOST=127.0.0.1 PORT=${port} SITE=home GATE=${gate}`,
  );
  execFileSync('bash', ['-euo', 'pipefail', '-c', `${set}\n${enrol}`], { cwd: folder });
}

let broker: Mosquitto;
let folder: string;
const gates: Gate[] = [];

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  broker = await startMosquitto();
  await film(join(folder, 'film'), [FACES.adaAnotherDay, FACES.stranger]);
  await portrait(join(folder, 'ada.jpg'), FACES.ada);
}, 120_000);

afterAll(async () => {
  for (const gate of gates) await gate.stop();
  await broker?.stop();
  if (folder) discard(folder);
});

test.skipIf(notReady)(
  `enrolled at one gate with one photo, the other opens for another photo of that person, and for no stranger${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const camera = { kind: 'replay', path: join(folder, 'film'), fps: 10, loop: true };
    const north = await startGate(folder, broker.url, 'north', { camera: { ...camera, path: join(folder, 'none') } });
    const south = await startGate(folder, broker.url, 'south', { camera });
    gates.push(north, south);
    await Promise.all([north, south].map(({ office }) => office.until(({ eye }) => eye === 'up')));
    enrolAsTheDocsSay(folder, broker.port, 'north');
    const granted = await south.until(({ type }) => type === 'granted');
    expect(granted).toMatchObject({ person: expect.stringMatching(/^p-[0-9a-z]{10}$/), name: 'Ada' });
    // The film loops: the stranger comes after her.
    const refused = await south.until(
      ({ type, frame }) => type === 'refused' && Number(frame) > Number(granted['frame']),
    );
    expect(refused['reason']).toBe('nobody');
    expect(
      south.events.filter(({ type }) => type === 'granted').every(({ person }) => person === granted['person']),
    ).toBe(true);
    expect(north.events.some(({ type }) => type === 'granted')).toBe(false);
  },
  120_000,
);
