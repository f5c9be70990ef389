import { beforeEach, expect, test } from 'vitest';
import { gateText } from '../../../src/keys/signed-text.js';
import { newSigningKey, type SigningKey } from '../../../src/keys/signing-key.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { InfoReader } from '../../../src/site/info/info-reader.js';
import { keyringOf, listOf, trusted } from '../../keys/sample.js';

const keys = { north: newSigningKey().key, old: newSigningKey().key };
const LIST = listOf([
  trusted('north', keys.north, ['gate']),
  trusted('old', keys.old, ['gate'], { revoked: '2026-11-24T07:00:00.000Z' }),
]);
const MINUTE = 60_000;

let clock: ManualClock;
let isTrusted: boolean;
let reader: InfoReader;
beforeEach(() => {
  clock = new ManualClock();
  isTrusted = true;
  const keyring = keyringOf(() => clock.wall());
  keyring.take(LIST);
  reader = new InfoReader({
    site: 'home',
    gate: 'south',
    keyring,
    monotonic: () => clock.monotonic(),
    now: () => (isTrusted ? clock.wall() : undefined),
    gatesMax: 2,
  });
});

const people = { revision: '', count: 0, hash: 'aa' };
function said(aheadMs = 0, { gate = 'north', key = keys.north as SigningKey, kind = 'info' } = {}): Buffer {
  const info = { version: '1', people, at: new Date(clock.wall() + aheadMs).toISOString(), key: key.id };
  return Buffer.from(JSON.stringify({ ...info, signature: key.sign(gateText('home', gate, kind, info)) }));
}
const worth = (payload: Buffer, gate = 'north') => reader.read(gate, payload)?.worth;

test('counts is what a gate of the site has signed for this name, as info, and lately', () => {
  expect(worth(said())).toBe('counts');
  expect(worth(said(), 'west')).toBe('unsigned');
  expect(worth(said(1, { kind: 'digest' }))).toBe('unsigned');
  expect(worth(said(1, { key: keys.old }))).toBe('unsigned');
  expect(worth(said(1, { key: newSigningKey().key }))).toBe('unsigned');
  expect(worth(Buffer.from(said(1).toString().replace('"count":0', '"count":1')))).toBe('unsigned');
  expect(worth(Buffer.from(JSON.stringify({ version: '1', people })))).toBe('unsigned');
  expect(reader.read('north', Buffer.from('{'))).toBeUndefined();
});

test('what was signed at another time than now proves that there is such a gate, and nothing else; beside a newer word it is old', () => {
  expect(reader.read('north', said(-6 * MINUTE))).toMatchObject({ worth: 'untimely', signed: { offMs: -6 * MINUTE } });
  expect(reader.read('north', said(6 * MINUTE))).toMatchObject({ worth: 'untimely', signed: { offMs: 6 * MINUTE } });
  expect(worth(said(-6 * MINUTE, { key: keys.old }))).toBe('unsigned');
  expect(worth(said(6 * MINUTE), 'west')).toBe('unsigned');
  expect(worth(said())).toBe('counts');
  expect(worth(said(-6 * MINUTE))).toBe('old');
  clock.advance(4 * MINUTE);
  expect(worth(said(-10 * MINUTE))).toBe('untimely');
  expect(worth(said())).toBe('counts');
});

test('what was said before something newer is old, and what comes again is no sign of life', () => {
  const [first, second] = [said(), said(1_000)];
  const heardAt = reader.read('north', second)?.heardAt;
  expect(worth(first)).toBe('old');
  clock.advance(MINUTE);
  expect(reader.read('north', second)).toMatchObject({ worth: 'counts', heardAt });
});

test('by a clock that is not trusted an old word is known by a newer one, and one from the future keeps nobody silent for good', () => {
  isTrusted = false;
  expect(worth(said(-600 * MINUTE))).toBe('counts');
  expect(worth(said(-700 * MINUTE))).toBe('old');
  expect(worth(said(600 * MINUTE))).toBe('counts');
  expect(worth(said())).toBe('old');
  isTrusted = true;
  expect(worth(said())).toBe('counts');
});

test('of the own name anybody with a key may have a clock of their own', () => {
  expect(worth(said(0, { gate: 'south' }), 'south')).toBe('counts');
  expect(worth(said(-MINUTE, { gate: 'south' }), 'south')).toBe('counts');
});

test('no more gates are remembered than there may be', () => {
  for (const gate of ['a', 'b']) expect(worth(said(0, { gate }), gate)).toBe('counts');
  expect(worth(said(0, { gate: 'c' }), 'c')).toBe('old');
});
