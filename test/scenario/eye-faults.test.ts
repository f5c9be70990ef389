import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Mosquitto, startMosquitto } from '../site/mosquitto.js';
import { discard, eyeOf, FACES, film, type Gate, notReady, portrait, scratch, startGate } from './harness.js';

const why = notReady ? ` (${notReady})` : '';
const PULSE_MS = 1500;
let broker: Mosquitto;
let folder: string;
let round = 0;
let photo: Buffer;
let gate: Gate | undefined;

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  broker = await startMosquitto();
  await film(join(folder, 'film'), [FACES.ada], 30, 12);
  photo = await portrait(join(folder, 'ada.jpg'), FACES.ada);
}, 120_000);

afterEach(async () => {
  await gate?.stop();
  gate = undefined;
});

afterAll(async () => {
  await broker?.stop();
  if (folder) discard(folder);
});

/** Enrols Ada, waits until the door opens for her, does `harm` to the eye while the bolt is released. */
async function harmWhileOpen(harm: (eye: number) => void): Promise<{ before: number; after: number }> {
  gate = await startGate(join(folder, String(round)), broker.url, 'front', {
    // Sites share no people, so each round begins without any.
    site: `site-${round++}`,
    camera: { kind: 'replay', path: join(folder, 'film'), fps: 10, loop: true },
    decision: { cooldownMs: 500 },
    door: { pulseMs: PULSE_MS },
    eye: { hangMs: 2000 },
  });
  await gate.office.until(({ eye }) => eye === 'up');
  await gate.office.enroll('Ada', photo);
  await gate.until(({ type, state }) => type === 'door' && state === 'unlocked');
  const before = eyeOf(gate.pid);
  harm(before);
  const { office } = gate;
  // Both are awaited from now on: the eye may be back before the door has locked.
  const sight = office
    .until(({ eye }) => eye !== 'up')
    .then(() => office.until(({ eye, camera }) => eye === 'up' && camera === 'live'));
  const locked = await gate.until(({ type, state }) => type === 'door' && state === 'locked');
  await sight;
  const at = gate.events.indexOf(locked);
  await gate.until((event) => event.type === 'granted' && (gate as Gate).events.indexOf(event) > at);
  return { before, after: eyeOf(gate.pid) };
}

const HARMS: readonly [string, (eye: number) => void][] = [
  ['killed', (eye) => process.kill(eye, 'SIGKILL')],
  ['stopped without dying', (eye) => process.kill(eye, 'SIGSTOP')],
];

test.skipIf(notReady).each(HARMS)(
  `an eye that is %s while the door is open: the door locks as always, the gate sees again, and the person is let in again${why}`,
  async (_how, harm) => {
    const { before, after } = await harmWhileOpen(harm);
    expect(after).not.toBe(before);
    expect(await gate?.stop()).toBe(true);
    gate = undefined;
  },
  120_000,
);
