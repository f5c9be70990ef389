import { describe, expect, test } from 'vitest';
import { requestText } from '../../../src/keys/signed-text.js';
import { newSigningKey } from '../../../src/keys/signing-key.js';
import { wallMs } from '../../../src/kit/clock.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import type { Packet } from '../../../src/site/link/link.js';
import { checkRequest } from '../../../src/site/requests/check-request.js';
import { RequestServer } from '../../../src/site/requests/request-server.js';
import { SeenRequests } from '../../../src/site/requests/seen-requests.js';
import { keyringOf, listOf, trusted } from '../../keys/sample.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { noSiteReports } from '../../support/no-site-reports.js';
import { type Call, noting } from '../harness.js';

const names = { site: 'home', gate: 'north' };
const NOW = Date.UTC(2026, 10, 24, 9);
const owner = newSigningKey().key;
const office = newSigningKey().key;
const keys = [trusted('owner', owner, ['admin']), trusted('office', office, ['enrol'])];
const idOf = (n: number) => `3f2c1d0e-5a4b-4c3d-8e2f-${String(n).padStart(12, '0')}`;

function signed(verb: string, madeMs: number, { n = 0, key = owner, args = {}, topLevel = {} } = {}): Packet {
  const [time, expires] = [madeMs, madeMs + 300_000].map((ms) => new Date(ms).toISOString());
  const unsigned = { v: 1, id: idOf(n), time, expires, by: 'somebody', args, ...topLevel, key: key.id };
  const value = { ...unsigned, signature: key.sign(requestText({ ...names, verb }, unsigned)) };
  const payload = Buffer.from(JSON.stringify(value));
  return { topic: `kaimon/home/gates/north/request/${verb}`, payload, retain: false };
}

const verdict = (packet: Packet, hearingMs: number) => {
  const keyring = keyringOf(() => NOW);
  keyring.take(listOf(keys));
  const time = { nowMs: wallMs(NOW), startedMs: wallMs(NOW - 600_000), hearingMs: wallMs(hearingMs), trusted: true };
  const check = checkRequest(packet, time, new SeenRequests(), names, { request: () => 0 }, keyring);
  return check.kind === 'refuse' ? check.code : check.kind;
};

describe('a request that somebody held back until the gate was connected again', () => {
  test.each([
    ['open', {}, 'expired'],
    ['mode', { mode: 'normal' }, 'expired'],
    // Nothing is gained by these, and a client sends them again by itself.
    ['lock', {}, 'accept'],
    ['remove', { id: 'ada' }, 'accept'],
  ])('%s', (verb, args, expected) => {
    const made = NOW - 30_000;
    expect(verdict(signed(verb, made, { args }), made + 2_001)).toBe(expected);
    expect(verdict(signed(verb, made, { args }), made + 2_000)).toBe('accept');
  });

  test('the server tells by when the gate was last connected', async () => {
    const { server, clock, calls, answers, idle } = serve();
    server.up();
    clock.advance(60_000);
    server.receive(signed('open', clock.wall() - 5_000, { n: 1 }));
    await idle(1);
    const heldBack = signed('open', clock.wall(), { n: 2 });
    clock.advance(30_000);
    server.up();
    server.receive(heldBack);
    server.receive(signed('open', clock.wall(), { n: 3 }));
    await idle(3);
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      [idOf(1), undefined],
      [idOf(2), 'expired'],
      [idOf(3), undefined],
    ]);
    expect(calls).toHaveLength(2);
  });
});

test('what waits for the eye is not done for a key that was revoked meanwhile', async () => {
  const { server, clock, keyring, calls, answers, idle, letGo } = serve(true);
  const args = { name: 'Ada', from: 'camera' };
  for (let n = 1; n <= 12; n++) server.receive(signed('enroll', clock.wall(), { n, key: office, args }));
  await new Promise(setImmediate);
  const begun = calls.length;
  const revoked = keys.map((key) =>
    key.name === 'office' ? { ...key, revoked: new Date(clock.wall()).toISOString() } : key,
  );
  expect(keyring.take(listOf(revoked, { serial: 2 }))).toEqual({ kind: 'taken' });
  letGo();
  await idle(12);
  expect(calls).toHaveLength(begun);
  const refused = answers.filter(({ error }) => error?.code === 'bad-signature');
  expect(refused).toHaveLength(12 - begun);
  expect(refused.length).toBeGreaterThan(5);
});

test.each<[string, object, string]>([
  ['a photo', { name: 'Ada', photo: 'A'.repeat(2_000_000) }, 'bad-request'],
  ['a name', { name: 'é'.repeat(1_000_000) }, 'too-large'],
  ['a photo that is none', { name: 'Ada', photo: 'é'.repeat(1_000_000) }, 'too-large'],
  ['a field of a later version', { name: 'Ada', later: 'A'.repeat(2_000_000) }, 'too-large'],
])('only a photo may be large: %s', (_what, args, code) => {
  expect(verdict(signed('enroll', NOW, { args }), NOW - 60_000)).toBe(code);
});

function serve(waits = false) {
  const clock = new ManualClock(NOW);
  const keyring = keyringOf(() => clock.wall());
  keyring.take(listOf(keys));
  const link = new MemoryBroker(clock).link();
  const answers: { readonly id: string; readonly error?: { readonly code: string } }[] = [];
  link.publish = async (_topic, text) => void answers.push(JSON.parse(String(text)));
  const calls: Call[] = [];
  const held: (() => void)[] = [];
  const gone = waits ? new Promise<void>((resolve) => held.push(resolve)) : Promise.resolve();
  const handlers = noting(calls);
  const enroll: typeof handlers.enroll = async (args, context) => {
    const done = handlers.enroll(args, context);
    await gone;
    return done;
  };
  const server = new RequestServer({
    link,
    names,
    clock,
    log: silentLog,
    handlers: { ...handlers, enroll },
    requests: {
      seen: new SeenRequests(),
      keep: () => undefined,
      keepSoon: () => undefined,
      kept: async () => undefined,
    },
    trustedClock: { trusted: true, confirmedMs: null },
    reports: noSiteReports,
    keyring,
    written: () => Promise.resolve(),
  });
  const idle = async (count: number) => {
    while (answers.length < count) await new Promise(setImmediate);
  };
  return { server, clock, keyring, calls, answers, idle, letGo: () => held.map((go) => go()) };
}
