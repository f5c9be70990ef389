import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { Keyring } from '../../../src/keys/keyring.js';
import { requestText } from '../../../src/keys/signed-text.js';
import { newSigningKey, type SigningKey } from '../../../src/keys/signing-key.js';
import type { TrustedKey } from '../../../src/keys/trust-list.js';
import { monotonicMs, wallMs } from '../../../src/kit/clock.js';
import { checkRequest, type RequestCheck } from '../../../src/site/requests/check-request.js';
import { RequestLimits } from '../../../src/site/requests/request-limits.js';
import { SEEN_BOUNDS, SeenRequests } from '../../../src/site/requests/seen-requests.js';
import { keyringOf, listOf, trusted } from '../../keys/sample.js';

// Keys of the list that are in wrong hands, or on a device with a wrong clock: they keep nobody else out.

const names = { site: 'home', gate: 'north' };
const [NOW, MINUTE, SPAN] = [Date.UTC(2026, 10, 24, 9), 60_000, 5 * 60_000];
const [guard, thief, second] = [newSigningKey().key, newSigningKey().key, newSigningKey().key];

let now: number;
let seen: SeenRequests;
let limits: RequestLimits;
let keyring: Keyring;
beforeEach(() => {
  now = NOW;
  seen = new SeenRequests();
  limits = new RequestLimits({ monotonic: () => monotonicMs(now - NOW) });
  keyring = keyringOf(() => now);
});
const listed = (roles: TrustedKey['roles'], more: Partial<TrustedKey> = {}) =>
  keyring.take(
    listOf([
      trusted('guard', guard, ['open', 'remove']),
      trusted('thief', thief, roles, more),
      trusted('second', second, roles, more),
    ]),
  );

interface Asked {
  readonly madeMs?: number;
  readonly lifeMs?: number;
  readonly trusted?: boolean;
}
function ask(
  key: SigningKey,
  verb: string,
  { madeMs = now, lifeMs = MINUTE, trusted: isTrusted = true }: Asked = {},
): RequestCheck {
  const [time, expires] = [madeMs, madeMs + lifeMs].map((ms) => new Date(ms).toISOString());
  const args = verb === 'remove' || verb === 'forgive' ? { id: 'p-1' } : {};
  const body = { v: 1, id: randomUUID(), time, expires, by: 'x', args, key: key.id };
  const signature = key.sign(requestText({ ...names, verb }, body));
  const topic = `kaimon/home/gates/north/request/${verb}`;
  const packet = { topic, payload: Buffer.from(JSON.stringify({ ...body, signature })), retain: false };
  const time_ = { nowMs: wallMs(now), startedMs: wallMs(NOW - MINUTE), trusted: isTrusted };
  return checkRequest(packet, time_, seen, names, limits, keyring);
}
const verdict = (...given: Parameters<typeof ask>): string => {
  const check = ask(...given);
  return check.kind === 'refuse' ? check.code : check.kind;
};
const guardMay = () => ['open', 'lock', 'remove'].map((verb) => verdict(guard, verb));
const ALL = ['accept', 'accept', 'accept'];

const HOSTILE = [
  ['is revoked', ['open'], { revoked: '2026-11-20T00:00:00.000Z' }],
  ['has not the role', ['read'], {}],
] as const;

test.each(HOSTILE)(
  'a key that %s and dates requests over the day to come refuses nobody',
  (_what, roles, more) => {
    listed([...roles], more);
    for (let n = 0; n < 1_300; n++) {
      const expiresMs = (Math.floor(NOW / SPAN) + 3 + (n % 280)) * SPAN + SPAN - 1;
      // The clock is wrong before it is right: then nothing of the future was known to be that.
      expect(
        verdict(thief, 'open', { madeMs: expiresMs - 4 * MINUTE, lifeMs: 4 * MINUTE, trusted: n % 2 === 0 }),
      ).not.toBe('accept');
    }
    expect([seen.size, [...seen.forgotten.latest()].length]).toEqual([0, 0]);
    for (const minutes of [1, 16, 30, 120, 600, 1_200]) {
      now = NOW + minutes * MINUTE;
      expect(guardMay()).toEqual(ALL);
    }
  },
  60_000,
);

test.each(HOSTILE)(
  'two keys that %s take none of the room of what is accepted',
  (_what, roles, more) => {
    listed([...roles], more);
    for (const key of [thief, second])
      for (const verb of ['forgive', 'open'])
        for (let n = 0; n < 300; n++)
          expect(verdict(key, verb, { madeMs: now - n, lifeMs: 290_000 })).not.toBe('accept');
    expect(seen.size).toBe(0);
    expect(guardMay()).toEqual(ALL);
  },
  60_000,
);

test('one request of 2099 that finds no room keeps out only itself', () => {
  listed(['read']);
  seen = new SeenRequests([], { ...SEEN_BOUNDS, client: 1 });
  expect(verdict(guard, 'open')).toBe('accept');
  expect(verdict(guard, 'open', { madeMs: Date.UTC(2099, 0, 1) })).toBe('expired');
  expect(verdict(guard, 'open')).toBe('busy');
  now += 2 * MINUTE;
  expect(verdict(guard, 'open')).toBe('accept');
});

test('of two devices with one key the one that is 280 s ahead keeps the other out of nothing', () => {
  listed(['read']);
  for (let n = 0; n < 200; n++) verdict(guard, 'lock', { madeMs: now + 280_000 + n });
  expect(verdict(guard, 'lock', { madeMs: now + 281_000 })).toBe('busy');
  now += 1_000;
  expect(verdict(guard, 'lock')).toBe('accept');
});

test('made between many that were refused, a new one is told to come again, and the next one is taken', () => {
  listed(['read']);
  for (let n = 0; n < 200; n++) verdict(guard, 'lock', { madeMs: now - 1_000 + 2 * n });
  now += 1_000;
  const between = ask(guard, 'lock', { madeMs: NOW - 1_000 + 2 * 150 + 1 });
  expect(between).toMatchObject({ kind: 'refuse', code: 'busy', proof: 'again', retryAfterMs: 1_000 });
  expect(verdict(guard, 'lock')).toBe('accept');
});
