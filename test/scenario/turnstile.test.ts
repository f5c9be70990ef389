import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Mosquitto, startMosquitto } from '../site/mosquitto.js';
import { discard, type Event, FACES, film, type Gate, notReady, portrait, scratch, startGate } from './harness.js';

let broker: Mosquitto;
let folder: string;
const gates = new Set<Gate>();

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

async function start(gate: 'in' | 'out'): Promise<Gate> {
  const started = await startGate(folder, broker.url, gate, {
    camera: { kind: 'replay', path: join(folder, 'film'), fps: 10, loop: true },
    decision: { cooldownMs: 1000 },
    access: { timeZone: 'UTC', clock: 'unchecked', passback: { mode: 'hard', direction: gate, resetAt: [resetAt] } },
  });
  gates.add(started);
  return started;
}
const decided = ({ type }: Event) => type === 'granted' || type === 'refused';
/** The next decision on Ada after those reported so far. */
async function nextOn(gate: Gate): Promise<Event> {
  const seen = gate.events.length;
  return gate.until((event) => gate.events.indexOf(event) >= seen && decided(event) && event['person'] === 'ada');
}

test.skipIf(notReady)(
  `a turnstile of two gates lets people in once and out once; a restart forgets no passage, and the office can forgive one${notReady ? ` (${notReady})` : ''}`,
  async () => {
    let inward = await start('in');
    await inward.office.until(({ eye }) => eye === 'up');
    await inward.office.enroll('Ada', await portrait(join(folder, 'ada.jpg'), FACES.ada), 'ada');
    expect(await inward.until(decided)).toMatchObject({ type: 'granted', person: 'ada' });
    await inward.until(({ type }) => type === 'passed');
    // The film loops, so she comes again and again.
    expect(await inward.until(({ reason }) => reason === 'passback')).toMatchObject({ type: 'refused', person: 'ada' });

    // She may stand before both gates when the way out lets her go.
    const again = inward.events.length;
    const outward = await start('out');
    expect(await outward.until(decided)).toMatchObject({ type: 'granted', person: 'ada' });
    await outward.stop();
    gates.delete(outward);
    await inward.until((event) => inward.events.indexOf(event) >= again && event.type === 'granted');
    expect(await nextOn(inward)).toMatchObject({ type: 'refused', reason: 'passback' });

    await inward.stop();
    gates.delete(inward);
    inward = await start('in');
    expect(await inward.until(decided)).toMatchObject({ type: 'refused', reason: 'passback' });
    expect(await inward.office.ask('forgive', { id: 'ada' })).toMatchObject({ ok: true });
    await inward.until(({ type }) => type === 'granted');
    // Twice before the restart, and now.
    await inward.office.until(
      ({ passages }) => JSON.stringify(passages) === JSON.stringify({ granted: 3, others: 0, free: 0 }),
    );
  },
  180_000,
);
