import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Mosquitto, startMosquitto } from '../site/mosquitto.js';
import { discard, FACES, film, type Gate, kaimon, notReady, portrait, scratch, startGate } from './harness.js';

let broker: Mosquitto;
let folder: string;
let gate: Gate | undefined;

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  broker = await startMosquitto();
  await film(join(folder, 'film'), [FACES.adaAnotherDay, FACES.stranger]);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(folder, 'journal.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(folder, 'journal.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
}, 120_000);

afterAll(async () => {
  await gate?.stop();
  await broker?.stop();
  if (folder) discard(folder);
});

const start = () =>
  startGate(folder, broker.url, 'north', {
    camera: { kind: 'replay', path: join(folder, 'film'), fps: 10, loop: true },
    journal: { keyFile: join(folder, 'journal.key') },
  });
const audit = (...args: string[]) => kaimon('audit', ...args, '--state', join(folder, 'north', 'state'));

interface Shown {
  readonly n: number;
  readonly type: string;
  readonly personal: Readonly<Record<string, unknown>> | null;
}
const shown = async (...filter: string[]): Promise<readonly Shown[]> =>
  JSON.parse((await audit('show', '--json', '--limit', '1000', ...filter)).stdout);

/** The retained `G/info`. */
async function info(): Promise<{ readonly journal: { readonly n: number; readonly signature?: string } | null }> {
  const client = await connectAsync(broker.url);
  const received = new Promise<string>((resolve) =>
    client.on('message', (_topic, payload) => resolve(payload.toString())),
  );
  await client.subscribeAsync('kaimon/home/gates/north/info');
  const payload = await received;
  await client.endAsync();
  return JSON.parse(payload);
}

test.skipIf(notReady)(
  `the journal of a whole gate is kept, sent to the site, verified, survives a kill, and people are erased from it${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const first = await start();
    gate = first;
    await first.office.until(({ eye }) => eye === 'up');
    await first.office.enroll('Ada', await portrait(join(folder, 'ada.jpg'), FACES.ada), 'ada');
    const granted = await first.until(({ type }) => type === 'granted');
    await first.office.ask('open', { reason: 'parcel for Ada' });
    const opened = await first.until(({ type }) => type === 'opened');

    // Each event sent to the site is in the journal under the number that the event names.
    const entries = await shown();
    for (const { type, entry } of first.events.filter((event) => event.type !== 'greeting'))
      expect(entries.find(({ n }) => n === entry)?.type).toBe(type);
    expect(entries.find(({ n }) => n === granted['entry'])?.personal).toMatchObject({ person: 'ada', name: 'Ada' });
    expect(entries.find(({ n }) => n === opened['entry'])?.personal).toEqual({ by: 'demo', note: 'parcel for Ada' });
    expect(entries.map(({ type }) => type)).toEqual(expect.arrayContaining(['started', 'camera', 'enrolled', 'door']));
    expect((await audit('export', '--csv')).stdout).toContain(',Ada,');

    await first.kill();
    expect(await audit('verify')).toMatchObject({ code: 0 });
    const second = await start();
    gate = second;
    const again = await second.until(({ type }) => type === 'granted');
    expect(Number(again['entry'])).toBeGreaterThan(Number(opened['entry']));
    // The site keeps the journal's newest number and signature: an end that is cut off is noticed.
    const { journal } = await info();
    expect(journal).toMatchObject({ signature: expect.stringMatching(/=$/) });

    const erased = await second.office.ask('remove', { id: 'ada', erase: true });
    expect(erased).toMatchObject({ ok: true, result: { id: 'ada', erased: expect.any(Number) } });
    expect(await shown('--person', 'ada')).toEqual([]);
    await second.stop();
    gate = undefined;
    expect((await audit('export')).stdout).not.toMatch(/"(person|name)":"ada"/i);
    const verified = await audit('verify', '--key', join(folder, 'journal.pub'), '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, signature: 'valid', faults: [] });
    expect((await shown('--type', 'stopped')).length).toBe(1);
  },
  180_000,
);
