import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RequestTarget, requestText } from '../../../src/keys/signed-text.js';
import { newSigningKey, type SigningKey } from '../../../src/keys/signing-key.js';
import { monotonicMs, wallMs } from '../../../src/kit/clock.js';
import type { Packet } from '../../../src/site/link/link.js';
import { checkRequest, type Limits } from '../../../src/site/requests/check-request.js';
import { RefusedRequests } from '../../../src/site/requests/refused-requests.js';
import { RequestLimits } from '../../../src/site/requests/request-limits.js';
import { SEEN_BOUNDS, SeenRequests } from '../../../src/site/requests/seen-requests.js';
import { VERBS } from '../../../src/site/requests/verbs.js';
import { keyringOf, listOf, trusted } from '../../keys/sample.js';

const names = { site: 'home', gate: 'north' };
const NOW = Date.UTC(2026, 10, 24, 9);
const at = (ms: number) => new Date(NOW + ms).toISOString();
const guard = newSigningKey().key;
const office = newSigningKey().key;
const owner = newSigningKey().key;
const LIST = listOf([
  trusted('guard', guard, ['open']),
  trusted('office', office, ['enrol']),
  trusted('owner', owner, ['admin']),
]);

const target: RequestTarget = { ...names, verb: 'open' };
const request = (changes: object = {}) => ({
  v: 1,
  id: '3f2c1d0e-5a4b-4c3d-8e2f-1a0b9c8d7e6f',
  time: at(-1_000),
  expires: at(59_000),
  by: 'somebody',
  args: {},
  ...changes,
});
function signed(
  key: SigningKey,
  what: Partial<RequestTarget> = {},
  changes: object = {},
): Readonly<Record<string, unknown>> {
  const unsigned = { ...request(changes), key: key.id };
  return { ...unsigned, signature: key.sign(requestText({ ...target, ...what }, unsigned)) };
}
const topicOf = ({ site, gate, verb }: RequestTarget) =>
  gate === '*' ? `kaimon/${site}/request/${verb}` : `kaimon/${site}/gates/${gate}/request/${verb}`;
const packet = (value: unknown, what: Partial<RequestTarget> = {}): Packet => ({
  topic: topicOf({ ...target, ...what }),
  payload: value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value)),
  retain: false,
});

const unlimited: Limits = { request: () => 0 };
function judged(
  message: Packet,
  { list = LIST, seen = new SeenRequests(), gate = names.gate, nowMs = NOW, isTrusted = true, limits = unlimited } = {},
) {
  const keyring = keyringOf(() => nowMs);
  keyring.take(list);
  const time = { nowMs: wallMs(nowMs), startedMs: wallMs(Math.min(nowMs, NOW) - 60_000), trusted: isTrusted };
  return checkRequest(message, time, seen, { site: 'home', gate }, limits, keyring);
}
const verdict = (...given: Parameters<typeof judged>): string => {
  const check = judged(...given);
  return check.kind === 'refuse' ? check.code : check.kind;
};

describe('where the site has keys', () => {
  test('who has signed is who asks, whatever the request says of itself', () => {
    expect(judged(packet(signed(guard)))).toMatchObject({ kind: 'accept', request: { verb: 'open', by: 'guard' } });
  });

  test.each<[string, Packet, string]>([
    ['one that is not signed', packet(request()), 'unsigned'],
    ['a key without a signature', packet(request({ key: guard.id })), 'unsigned'],
    ['somebody else for the guard', packet({ ...signed(office), key: guard.id }), 'bad-signature'],
    ['one without the role', packet(signed(office)), 'not-allowed'],
    ['the owner', packet(signed(owner)), 'accept'],
    ['one for the whole site', packet(signed(guard, { gate: '*' }), { gate: '*' }), 'accept'],
    ['a verb that nobody knows, by the guard', packet(signed(guard, { verb: 'fly' }), { verb: 'fly' }), 'not-allowed'],
    ['a verb that nobody knows, by the owner', packet(signed(owner, { verb: 'fly' }), { verb: 'fly' }), 'bad-request'],
    ['one with fields of a later version', packet(signed(guard, {}, { later: [1, { b: 2, a: 1 }] })), 'accept'],
  ])('%s', (_what, message, expected) => {
    expect(verdict(message)).toBe(expected);
  });

  test.each<[string, object, string]>([
    ['was taken', {}, 'replayed'],
    ['was refused for what it says', { args: { reason: 5 } }, 'replayed'],
  ])(
    'whoever sends again and again what the guard has signed, and what %s, uses up nothing of the guard',
    (_what, changes, code) => {
      const [seen, limits] = [new SeenRequests(), new RequestLimits({ monotonic: () => monotonicMs(0) })];
      const captured = packet(signed(guard, {}, changes));
      verdict(captured, { seen, limits });
      const again = Array.from({ length: 1_000 }, () => verdict(captured, { seen, limits }));
      expect([...new Set(again)]).toEqual([code]);
      const next = packet(signed(guard, {}, { id: '3f2c1d0e-5a4b-4c3d-8e2f-1a0b9c8d7e70' }));
      expect(verdict(next, { seen, limits })).toBe('accept');
    },
  );

  test('a captured request opens nothing in any variation', () => {
    const captured = signed(guard);
    const seen = new SeenRequests();
    expect(verdict(packet(captured), { seen })).toBe('accept');
    expect(verdict(packet(captured), { seen })).toBe('replayed');
    expect(verdict(packet({ ...captured, id: '00000000-0000-4000-8000-000000000000' }))).toBe('bad-signature');
    expect(verdict(packet({ ...captured, time: at(100_000), expires: at(200_000) }))).toBe('bad-signature');
    expect(verdict(packet(captured), { nowMs: NOW + 3_600_000 })).toBe('expired');
    expect(verdict(packet(captured, { gate: '*' }))).toBe('bad-signature');
    expect(verdict(packet(captured, { gate: 'south' }), { gate: 'south' })).toBe('bad-signature');
    for (const verb of VERBS.filter((other) => other !== 'open'))
      expect(verdict(packet(captured, { verb }))).not.toBe('accept');
    const revoked = listOf([trusted('guard', guard, ['open'], { revoked: at(-3_600_000) })]);
    expect(verdict(packet(captured), { list: revoked })).toBe('bad-signature');
    expect(verdict({ ...packet(captured), retain: true })).toBe('retained');
  });

  describe('what was signed and refused is refused for good', () => {
    const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    const captured = packet(signed(guard));
    const revoked = listOf([trusted('guard', guard, ['open'], { revoked: at(-3_600_000) })], { serial: 2 });
    const full = () => new SeenRequests([], { ...SEEN_BOUNDS, client: 1 });

    test.each<[string, string, Parameters<typeof judged>[1], Packet]>([
      ['it had asked too much', 'busy', { limits: { request: () => 700 } }, captured],
      ['it was sent with retain', 'retained', {}, { ...captured, retain: true }],
      ['the clock was behind', 'expired', { nowMs: NOW - 3_600_000 }, captured],
      ['the clock was ahead', 'expired', { nowMs: NOW + 120_000 }, captured],
      ['the clock was ahead, and was not trusted', 'expired', { nowMs: NOW + 3_600_000, isTrusted: false }, captured],
      ['its key had not the role', 'not-allowed', { list: listOf([trusted('guard', guard, ['read'])]) }, captured],
      [
        'its key was for another gate',
        'not-allowed',
        { list: listOf([trusted('guard', guard, ['open'], { gates: ['south'] })]) },
        captured,
      ],
      ['its key was revoked', 'bad-signature', { list: revoked }, captured],
    ])('while %s', (_why, code, then, sent) => {
      const seen = new SeenRequests();
      expect(verdict(sent, { seen, ...then })).toBe(code);
      expect(verdict(captured, { seen })).not.toBe('accept');
      expect(verdict({ ...captured, retain: true }, { seen })).not.toBe('accept');
      expect(verdict(packet(signed(guard, {}, { id: idOf(1), time: at(0) })), { seen })).toBe('accept');
    });

    test('while there is no room to remember it, after a restart neither', () => {
      let seen = full();
      expect(verdict(packet(signed(guard, {}, { id: idOf(1), expires: at(10_000) })), { seen })).toBe('accept');
      const [old, lively] = [
        signed(guard, {}, { id: idOf(2) }),
        signed(guard, {}, { id: idOf(3), expires: at(290_000) }),
      ];
      for (const refused of [old, lively]) expect(verdict(packet(refused), { seen })).toBe('busy');
      const later = NOW + 20_000;
      for (const refused of [old, lively]) expect(verdict(packet(refused), { seen, nowMs: later })).toBe('replayed');
      seen = new SeenRequests(seen.all(), undefined, undefined, new RefusedRequests(seen.refused.all));
      for (const refused of [old, lively]) expect(verdict(packet(refused), { seen, nowMs: later })).toBe('replayed');
      const lock = signed(guard, { verb: 'lock' }, { id: idOf(4) });
      expect(verdict(packet(lock, { verb: 'lock' }), { seen, nowMs: later })).toBe('accept');
      const next = signed(guard, {}, { id: idOf(5), time: at(19_000) });
      expect(verdict(packet(next), { seen, nowMs: later })).toBe('accept');
    });
  });

  test('neither junk nor what somebody sends again uses up the answers to who has signed', () => {
    const limits = new RequestLimits({ monotonic: () => monotonicMs(0) });
    const answered = (check: ReturnType<typeof judged>) =>
      check.kind === 'refuse' && limits.refusal(check.proof, check.client, check.verb);
    const seen = new SeenRequests();
    const captured = packet(signed(guard));
    judged(captured, { seen });
    const old = packet(signed(guard, {}, { time: at(-4_000_000), expires: at(-3_900_000) }));
    for (const junk of [packet(request()), packet({ ...signed(office), key: guard.id }), captured, old])
      for (let n = 0; n < 700; n++) answered(judged(junk, { seen }));
    expect([captured, old, packet(request())].map((junk) => answered(judged(junk, { seen })))).toEqual([
      false,
      false,
      false,
    ]);
    for (let n = 0; n < 500; n++) {
      const own = signed(
        guard,
        {},
        { id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`, time: at(n - 900), args: { reason: 5 } },
      );
      expect(answered(judged(packet(own), { seen }))).toBe(true);
    }
  });

  test('no single bit of a request can be changed', () => {
    const bytes = packet(signed(guard, {}, { args: { reason: 'parcel' } })).payload;
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (index, bit) => {
        const changed = Uint8Array.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        const check = judged(packet(changed));
        // The last character of the base64 has four bits that say nothing.
        if (check.kind === 'accept')
          expect(Buffer.from(changed).toString()).toMatch(/"signature":"[^"]*[A-Za-z0-9+/]=="}$/);
        if (check.kind === 'accept') expect(index).toBe(bytes.length - 5);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a photo as the payload is signed by its hash, and cannot be swapped', () => {
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
    const { args: _args, v: _v, ...head } = request({ key: office.id });
    const envelope = { ...head, v: 1, args: { name: 'Ada', groups: ['staff'], photo: jpeg } };
    const signature = office.sign(requestText({ ...target, verb: 'enroll' }, envelope));
    const properties = { ...head, v: '1', name: 'Ada', args: '{"groups":["staff"]}', signature };
    expect(verdict({ ...packet(jpeg, { verb: 'enroll' }), properties })).toBe('accept');
    const other = Buffer.concat([jpeg, Buffer.of(4)]);
    expect(verdict({ ...packet(other, { verb: 'enroll' }), properties })).toBe('bad-signature');
  });
});
