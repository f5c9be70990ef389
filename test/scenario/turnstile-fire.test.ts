import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WIRES } from '../../src/demo/door-script.js';
import { type Mosquitto, startMosquitto } from '../site/mosquitto.js';
import { discard, type Event, FACES, film, type Gate, notReady, portrait, scratch, startGate } from './harness.js';

let broker: Mosquitto;
let folder: string;
const gates: Gate[] = [];

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  broker = await startMosquitto();
  await film(join(folder, 'film'), [FACES.adaAnotherDay], 20, 25);
}, 120_000);

afterAll(async () => {
  for (const gate of gates) await gate.stop();
  await broker?.stop();
  if (folder) discard(folder);
});

/** Twelve hours from now, so that no reset comes while the test runs. */
const resetAt = `${String((new Date().getUTCHours() + 12) % 24).padStart(2, '0')}:00`;

async function start(gate: 'in' | 'out', path: string): Promise<Gate> {
  const started = await startGate(folder, broker.url, gate, {
    camera: { kind: 'replay', path, fps: 10, loop: true },
    decision: { cooldownMs: 1000 },
    access: { timeZone: 'UTC', clock: 'unchecked', passback: { mode: 'hard', direction: gate, resetAt: [resetAt] } },
    door: {
      kind: 'gpio',
      gpio: { backend: 'simulated', simulatedWires: 'parent' },
      pulseMs: 10_000,
      relockOnClose: true,
      relay: { line: WIRES.relay },
      contact: { line: WIRES.contact },
      fire: { line: WIRES.fire },
    },
  });
  gates.push(started);
  return started;
}
const wire = (gate: Gate, name: 'contact' | 'fire', high: boolean) =>
  gate.wire({ kind: 'wire', offset: WIRES[name], high });
const released = (gate: Gate) => gate.level(WIRES.relay);
const refused = ({ type, reason }: Event) => type === 'refused' && reason === 'passback';

test.skipIf(notReady)(
  `a turnstile with contacts: a person who opened the door has passed and is refused; a fire opens both ways and lets them in again${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const inward = await start('in', join(folder, 'film'));
    const outward = await start('out', join(folder, 'none'));
    await Promise.all([
      inward.office.until(({ eye }) => eye === 'up'),
      outward.office.until(({ status, door }) => status !== 'offline' && door?.state === 'locked'),
    ]);
    await inward.office.enroll('Ada', await portrait(join(folder, 'ada.jpg'), FACES.ada), 'ada');
    await inward.until(({ type }) => type === 'granted');
    expect(inward.events.some(({ type }) => type === 'passed')).toBe(false);
    wire(inward, 'contact', true);
    expect(await inward.until(({ type }) => type === 'passed')).toMatchObject({ person: 'ada', direction: 'in' });
    wire(inward, 'contact', false);
    await inward.until(refused);
    await vi.waitFor(() => expect([released(inward), released(outward)]).toEqual([false, false]));

    for (const gate of gates) wire(gate, 'fire', true);
    await Promise.all(gates.map((gate) => gate.until(({ type, active }) => type === 'fire' && active === true)));
    expect([released(inward), released(outward)]).toEqual([true, true]);
    wire(inward, 'contact', true);
    await inward.office.until((state) => state.door?.state === 'open');
    await vi.waitFor(() => expect(inward.office.state).toMatchObject({ passages: { granted: 1, others: 0, free: 1 } }));
    wire(inward, 'contact', false);

    for (const gate of gates) wire(gate, 'fire', false);
    await Promise.all(gates.map((gate) => gate.until(({ type, active }) => type === 'fire' && active === false)));
    // The way in may be open again by now: for the person who stands there.
    expect(released(outward)).toBe(false);
    // A person who fled does not count as inside.
    const before = inward.events.length;
    expect(
      await inward.until((event) => inward.events.indexOf(event) >= before && event.type === 'granted'),
    ).toMatchObject({ person: 'ada' });
  },
  180_000,
);
