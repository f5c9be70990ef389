import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type WallMs, wallMs } from '../../../src/kit/clock.js';
import type { Packet } from '../../../src/site/link/link.js';
import { ENROLL_PAYLOAD_MAX, PAYLOAD_MAX } from '../../../src/site/messages.js';
import { checkRequest, type RequestCheck } from '../../../src/site/requests/check-request.js';
import { SEEN_BOUNDS, SeenRequests } from '../../../src/site/requests/seen-requests.js';

const names = { site: 'home', gate: 'north' };
const NOW = Date.UTC(2026, 10, 24, 8);
const ID = '3f2c1d0e-5a4b-4c3d-8e2f-1a0b9c8d7e6f';
const at = (ms: number) => new Date(NOW + ms).toISOString();
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);

const envelope = (changes: object = {}) => ({
  v: 1,
  id: ID,
  time: at(-1_000),
  expires: at(59_000),
  by: 'office',
  args: {},
  ...changes,
});
const bytes = (value: unknown) => (value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value)));
const packet = (verb: string, value: unknown, more: Partial<Packet> = {}): Packet => ({
  topic: `kaimon/home/gates/north/request/${verb}`,
  payload: bytes(value),
  retain: false,
  ...more,
});
const seenBefore = (max = SEEN_BOUNDS.max) =>
  new SeenRequests([], { ...SEEN_BOUNDS, max, safety: max === SEEN_BOUNDS.max ? SEEN_BOUNDS.safety : 0 });
const unlimited = { request: () => 0 };
const judged = (
  message: Packet,
  seen = seenBefore(),
  nowMs: WallMs = wallMs(NOW),
  startedMs = NOW - 60_000,
  limits = unlimited,
) => checkRequest(message, { nowMs, startedMs: wallMs(startedMs), trusted: true }, seen, names, limits);

/** "accept", "drop" or the code of the refusal. */
const verdict = (check: RequestCheck): string => (check.kind === 'refuse' ? check.code : check.kind);
const message = (check: RequestCheck): string =>
  check.kind === 'refuse' ? check.message : check.kind === 'drop' ? check.why : '';

describe('each rule', () => {
  const enrol = (args: object) => packet('enroll', envelope({ args }));
  const photo = jpeg.toString('base64');

  test.each<[string, Packet, string]>([
    ['a proper request is accepted', packet('open', envelope()), 'accept'],
    [
      'a request to the whole site is accepted',
      { ...packet('open', envelope()), topic: 'kaimon/home/request/open' },
      'accept',
    ],
    [
      'a request of another gate is ignored',
      { ...packet('open', envelope()), topic: 'kaimon/home/gates/south/request/open' },
      'drop',
    ],
    [
      'a request of another site is ignored',
      { ...packet('open', envelope()), topic: 'kaimon/away/request/open' },
      'drop',
    ],
    ['a retained request is refused', packet('open', envelope(), { retain: true }), 'retained'],
    ['an empty message is ignored', packet('open', Buffer.alloc(0)), 'drop'],
    ['a late request has expired', packet('open', envelope({ time: at(-60_000), expires: at(-1) })), 'expired'],
    ['a request that expires just now has expired', packet('open', envelope({ expires: at(0) })), 'expired'],
    [
      'a request may not live longer than five minutes',
      packet('open', envelope({ time: at(0), expires: at(300_001) })),
      'expired',
    ],
    ['a request may live five minutes', packet('open', envelope({ time: at(0), expires: at(300_000) })), 'accept'],
    [
      'a request from far in the future is refused',
      packet('open', envelope({ time: at(300_001), expires: at(310_000) })),
      'expired',
    ],
    [
      'a client clock may be some minutes ahead',
      packet('open', envelope({ time: at(299_000), expires: at(310_000) })),
      'accept',
    ],
    ['a request from before the gate started is refused', packet('open', envelope({ time: at(-61_000) })), 'expired'],
    [
      'a request that expires before it was sent is refused',
      packet('open', envelope({ time: at(30_000), expires: at(20_000) })),
      'bad-request',
    ],
    ['another version is refused', packet('open', envelope({ v: 2 })), 'bad-request'],
    ['an envelope without a time is refused', packet('open', { ...envelope(), time: undefined }), 'bad-request'],
    ['a local time is refused', packet('open', envelope({ time: '2026-11-24T08:00:00' })), 'bad-request'],
    ['an unnamed client is refused', packet('open', envelope({ by: '' })), 'bad-request'],
    ['a request without a usable id is refused', packet('open', envelope({ id: '../state' })), 'bad-request'],
    ['what is not JSON is refused', packet('open', Buffer.from('open!')), 'bad-request'],
    ['unknown fields are ignored', packet('open', { ...envelope(), colour: 'blue' }), 'accept'],
    ['an unknown verb is refused', packet('explode', envelope()), 'bad-request'],
    ['a verb named like an inherited property is unknown', packet('constructor', envelope()), 'bad-request'],
    ['lock is accepted', packet('lock', envelope()), 'accept'],
    ['mode with a mode is accepted', packet('mode', envelope({ args: { mode: 'open-house' } })), 'accept'],
    ['a mode that no door has is refused', packet('mode', envelope({ args: { mode: 'ajar' } })), 'bad-request'],
    ['mode without a mode is refused', packet('mode', envelope()), 'bad-request'],
    ['snapshot is accepted', packet('snapshot', envelope()), 'accept'],
    ['resync is accepted', packet('resync', envelope()), 'accept'],
    ['verify needs an id', packet('verify', envelope({ args: { from: 'camera' } })), 'bad-request'],
    ['verify needs a photo or the camera', packet('verify', envelope({ args: { id: 'ada' } })), 'bad-request'],
    ['verifying by photo is accepted', packet('verify', envelope({ args: { id: 'ada', photo } })), 'accept'],
    [
      'verifying at all gates at once is refused',
      { ...packet('verify', envelope({ args: { id: 'ada', photo } })), topic: 'kaimon/home/request/verify' },
      'not-allowed',
    ],
    ['enrolling by base64 photo is accepted', enrol({ name: 'Ada', photo }), 'accept'],
    ['enrolling by camera is accepted', enrol({ name: 'Ada', from: 'camera' }), 'accept'],
    ['enrolling needs a photo or the camera', enrol({ name: 'Ada' }), 'bad-request'],
    ['enrolling by photo and camera at once is refused', enrol({ name: 'Ada', photo, from: 'camera' }), 'bad-request'],
    ['a photo that is neither JPEG nor PNG is refused', enrol({ name: 'Ada', photo: 'aGVsbG8=' }), 'bad-request'],
    ['a photo that is not base64 is refused', enrol({ name: 'Ada', photo: '<svg/>' }), 'bad-request'],
    ['a nameless person is refused', enrol({ name: ' ', photo }), 'bad-request'],
    ['an id with a slash is refused', enrol({ name: 'Ada', id: 'a/b', photo }), 'bad-request'],
    [
      'a validity that ends before it begins is refused',
      enrol({ name: 'Ada', photo, validFrom: at(2), validUntil: at(1) }),
      'bad-request',
    ],
    [
      'enrolling at all gates at once is refused',
      { ...enrol({ name: 'Ada', photo }), topic: 'kaimon/home/request/enroll' },
      'not-allowed',
    ],
    ['removing needs an id', packet('remove', envelope()), 'bad-request'],
    ['removing by id is accepted', packet('remove', envelope({ args: { id: 'ada' } })), 'accept'],
    ['a page of too many people is refused', packet('people', envelope({ args: { limit: 201 } })), 'bad-request'],
    [
      'a large open is refused',
      packet('open', { ...envelope(), filler: 'x'.repeat(PAYLOAD_MAX) }, { responseTopic: 'kaimon/home/response/me' }),
      'too-large',
    ],
    [
      'a large photo is refused',
      packet('enroll', Buffer.alloc(ENROLL_PAYLOAD_MAX + 1), { responseTopic: 'kaimon/home/response/me' }),
      'too-large',
    ],
    [
      'a deeply nested request is refused',
      packet('open', Buffer.from('['.repeat(9)), { responseTopic: 'kaimon/home/response/me' }),
      'bad-request',
    ],
  ])('%s', (_rule, given, expected) => {
    expect(verdict(judged(given))).toBe(expected);
  });

  test('a refusal says what is wrong and what is allowed', () => {
    expect(message(judged(packet('explode', envelope())))).toContain(
      'enroll, remove, people, forgive, open, lock, mode, ping, snapshot, verify, resync, journal',
    );
    expect(message(judged(packet('open', envelope({ v: 2 }))))).toContain('version 1 only');
    expect(message(judged(packet('people', envelope({ args: { limit: 500 } }))))).toMatch(/args\.limit.*200/);
    expect(message(judged(packet('open', envelope({ time: at(-60_000), expires: at(-1) }))))).toContain(at(0));
  });

  test('a repeated request is refused, also with its id in capitals', () => {
    const seen = seenBefore();
    expect(verdict(judged(packet('open', envelope()), seen))).toBe('accept');
    expect(verdict(judged(packet('open', envelope()), seen))).toBe('replayed');
    expect(verdict(judged(packet('ping', envelope({ id: ID.toUpperCase() })), seen))).toBe('replayed');
  });

  test('a request that was refused may be sent again once it is right', () => {
    const seen = seenBefore();
    expect(verdict(judged(packet('remove', envelope()), seen))).toBe('bad-request');
    expect(verdict(judged(packet('remove', envelope({ args: { id: 'ada' } })), seen))).toBe('accept');
  });

  test('when the memory for ids is full, requests are refused as busy; an unexpired id is never dropped', () => {
    const seen = seenBefore(2);
    const other = (n: number, ms = 0) =>
      packet('ping', envelope({ id: ID.replace('3f2c', `000${n}`), time: at(ms), expires: at(ms + 60_000) }));
    expect(verdict(judged(other(1), seen))).toBe('accept');
    expect(verdict(judged(other(2), seen))).toBe('accept');
    expect(verdict(judged(other(3), seen))).toBe('busy');
    expect(verdict(judged(other(1), seen))).toBe('replayed');
    expect(verdict(judged(other(3, 61_000), seen, wallMs(NOW + 61_000)))).toBe('accept');
    expect(seen.size).toBe(1);
  });
});

describe('where the answer goes', () => {
  const respondTo = (check: RequestCheck) => (check.kind === 'drop' ? undefined : check.respondTo);
  const asked = (responseTopic: string) => respondTo(judged(packet('open', envelope(), { responseTopic })));

  test('to the topic of the request id, or where the client asks below S/response/', () => {
    expect(respondTo(judged(packet('open', envelope())))).toBe(`kaimon/home/gates/north/response/${ID}`);
    expect(asked('kaimon/home/response/desk-1')).toBe('kaimon/home/response/desk-1');
  });

  test.each([
    'kaimon/home/people/ada',
    'kaimon/home/gates/south/request/open',
    'kaimon/home/response/',
    'kaimon/home/response/+',
    'kaimon/away/response/x',
    `kaimon/home/response/${'x'.repeat(300)}`,
  ])('never to %s', (topic) => {
    expect(asked(topic)).toBe(`kaimon/home/gates/north/response/${ID}`);
  });
});

describe('what has no id that could stand in a topic', () => {
  const noId = 'kaimon/home/gates/north/response/no-id';
  test.each<[string, unknown]>([
    ['a path', envelope({ id: '../../people/ada' })],
    ['a wildcard', envelope({ id: '#' })],
    ['a number', envelope({ id: 7 })],
    ['nothing', envelope({ id: undefined })],
    ['no JSON', Buffer.from('open!')],
    ['a list', []],
  ])('%s is answered on one topic, or where the client asks', (_what, sent) => {
    const check = judged(packet('open', sent));
    expect(check).toMatchObject({ kind: 'refuse', id: null, code: 'bad-request', respondTo: noId });
    const asked = judged(packet('open', sent, { responseTopic: 'kaimon/home/response/desk' }));
    expect(asked).toMatchObject({ id: null, respondTo: 'kaimon/home/response/desk' });
  });

  test('the answer says what was found, cut and in plain letters', () => {
    expect(message(judged(packet('open', envelope({ id: 'door\u0000-1' }))))).toBe(
      'id: id must be a UUID, such as uuidgen prints (found: "door?-1")',
    );
    expect(message(judged(packet('open', envelope({ id: 'x'.repeat(9_000) }))))).toMatch(/found: a text of 9000 char/);
  });

  test('whatever the id is, only a UUID ever stands in a topic', () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        const check = judged(packet('open', envelope({ id })));
        expect(check.kind === 'refuse' && check.respondTo).toBe(noId);
      }),
    );
  });
});

describe('a refusal names path, found and allowed', () => {
  const said = (verb: string, args: object) => message(judged(packet(verb, envelope({ args }))));
  test.each<[string, object, RegExp]>([
    ['enroll', { name: 'Ada', photo: 7 }, /^args\.photo: give the base64 text of a JPEG.*no text \(found: 7\)$/],
    ['enroll', { name: 'Ada', photo: null }, /^args\.photo: .*\(found: null\)$/],
    ['enroll', { name: 'Ada', photo: 'a*b' }, /character 2 of its text is not.*\(found: a text of 3 characters\)$/],
    ['enroll', { name: 'Ada', from: 'screen' }, /^args\.from: from: only "camera" is known \(found: "screen"\)/],
    ['enroll', { name: 'Ada', from: 'camera', language: 'fr' }, /^args\.language: .*"en"\|"zh-TW".*\(found: "fr"\)$/],
    [
      'enroll',
      { name: 'Ada', from: 'camera', validUntil: '31.12.2026' },
      /^args\.validUntil: give a day, such as 2026.*"31\.12\.2026"/,
    ],
    ['enroll', { name: 'Ada', from: 'camera', groups: 'staff' }, /^args\.groups: .*array.*\(found: "staff"\)$/],
    ['mode', { mode: 'ajar' }, /^args\.mode: mode must be one of normal, locked.*\(found: "ajar"\)$/],
    ['people', { limit: 'all' }, /^args\.limit: .*\(found: "all"\)$/],
    ['open', { reason: 5 }, /^args\.reason: .*string.*\(found: 5\)$/],
  ])('%s %j', (verb, args, sentence) => {
    expect(said(verb, args)).toMatch(sentence);
  });

  test('but repeats no name, greeting or photo', () => {
    expect(said('enroll', { name: 'A'.repeat(81), greeting: `hi Bob ${'x'.repeat(300)}`, from: 'camera' })).not.toMatch(
      /AAA|Bob/,
    );
  });
});

describe('dates and photos as people and their tools write them', () => {
  const argsOf = (args: object) => {
    const check = judged(
      packet('enroll', envelope({ args: { name: 'Ada', photo: jpeg.toString('base64'), ...args } })),
    );
    if (check.kind !== 'accept' || check.request.verb !== 'enroll') throw new Error(message(check));
    return check.request.args;
  };
  test('a plain day begins at midnight UTC, as on the command line', () => {
    expect(argsOf({ validFrom: '2026-12-01', validUntil: '2026-12-31' })).toMatchObject({
      validFrom: '2026-12-01T00:00:00.000Z',
      validUntil: '2026-12-31T00:00:00.000Z',
    });
    expect(argsOf({ validUntil: null }).validUntil).toBeNull();
    expect(() => argsOf({ validUntil: '2026-02-30' })).toThrow(/args\.validUntil/);
  });

  test('millions of characters that are no base64 are refused at once', () => {
    for (const text of [
      `${'='.repeat(4e6)}x`,
      `${' '.repeat(4e6)}*`,
      'data:'.repeat(1e6),
      `data:image/png${';a'.repeat(2e6)}`,
    ])
      expect(() => argsOf({ photo: text })).toThrow(/args\.photo: give the base64 text/);
  });

  const bytesOf = fc.uint8Array({ minLength: 1, maxLength: 300 });
  const writings: [string, (plain: string) => string][] = [
    ['plain', (plain) => plain],
    ['in lines of 76', (plain) => plain.replace(/.{76}/g, '$&\r\n')],
    ['URL-safe', (plain) => plain.replaceAll('+', '-').replaceAll('/', '_')],
    ['without padding', (plain) => plain.replace(/=+$/, '')],
    ['as a data URL', (plain) => `data:image/jpeg;base64,${plain}`],
    [
      'as a data URL with a parameter, in lines',
      (plain) => `data:image/png;name=a.png;base64,\n${plain.replace(/.{9}/g, '$&\n')}\n`,
    ],
  ];
  test.each(writings)('base64 %s is taken to the last byte', (_how, write) => {
    fc.assert(
      fc.property(bytesOf, (rest) => {
        const photo = Buffer.concat([jpeg, rest]);
        expect(Buffer.compare(argsOf({ photo: write(photo.toString('base64')) }).photo ?? Buffer.alloc(0), photo)).toBe(
          0,
        );
      }),
    );
  });
});

describe('MQTT 5: a request with the photo as payload and the envelope in user properties', () => {
  const properties = { v: '1', id: ID, time: at(-1_000), expires: at(59_000), by: 'office', name: 'Ada' };

  test('is accepted', () => {
    const check = judged(packet('enroll', jpeg, { properties: { ...properties, args: '{"groups":["staff"]}' } }));
    expect(check).toMatchObject({
      kind: 'accept',
      request: { verb: 'enroll', args: { name: 'Ada', groups: ['staff'] } },
    });
    if (check.kind !== 'accept' || check.request.verb !== 'enroll') throw new Error('not accepted');
    expect([...(check.request.args.photo ?? [])]).toEqual([...jpeg]);
  });

  test('is accepted for verify, too, with the id of the person in args', () => {
    const sent = packet('verify', jpeg, { properties: { ...properties, args: '{"id":"ada"}' } });
    const check = judged(sent);
    if (check.kind !== 'accept' || check.request.verb !== 'verify') throw new Error(message(check));
    expect(check.request.args).toMatchObject({ id: 'ada', photo: jpeg });
  });

  test.each<[string, Partial<Packet>, string]>([
    ['with args that are not an object', { properties: { ...properties, args: '[]' } }, 'bad-request'],
    ['with a payload that is not a photo', { properties, payload: Buffer.from('hello') }, 'bad-request'],
    ['of another version', { properties: { ...properties, v: '2' } }, 'bad-request'],
    ['that is retained', { properties, retain: true }, 'retained'],
  ])('%s is not accepted', (_rule, more, expected) => {
    expect(verdict(judged(packet('enroll', jpeg, more)))).toBe(expected);
  });
});

describe('a photo of a telephone that cannot be taken', () => {
  const properties = { v: '1', id: ID, time: at(-1_000), expires: at(59_000), by: 'office', name: 'Ada' };

  test.each([
    ['heic', /^(?:.*: )?the photo cannot be used: it is an HEIC photo.*heif-convert photo\.heic photo\.jpg/],
    ['avif', /^(?:.*: )?the photo cannot be used: it is an AVIF photo.*avifdec photo\.avif photo\.jpg/],
  ])('%s is refused with its name and the way to a JPEG, as base64 and as payload', (brand, way) => {
    const photo = Buffer.from(`\0\0\0\x1cftyp${brand}\0\0\0\0mif1${brand}miaf`, 'latin1');
    for (const sent of [
      packet('enroll', envelope({ args: { name: 'Ada', photo: photo.toString('base64') } })),
      packet('enroll', photo, { properties }),
    ]) {
      const check = judged(sent);
      expect([verdict(check), message(check)]).toEqual(['bad-request', expect.stringMatching(way)]);
    }
  });
});

describe('whatever arrives', () => {
  const verbs = fc.constantFrom('enroll', 'remove', 'people', 'open', 'ping', 'lock', 'x', '');

  test('random bytes are never accepted and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), verbs, fc.boolean(), (payload, verb, retain) => {
        expect(judged(packet(verb, payload, { retain })).kind).not.toBe('accept');
      }),
    );
  });

  test('random JSON around an envelope never throws', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 12 }),
        verbs,
        fc.dictionary(fc.string(), fc.string()),
        (json, verb, properties) => {
          judged(packet(verb, Buffer.from(json), { properties, responseTopic: 'kaimon/home/response/x' }));
          judged(packet(verb, envelope({ args: JSON.parse(json) as unknown })));
        },
      ),
    );
  });

  test('no request is accepted twice, whatever the clock does in between', () => {
    const step = fc.record({
      which: fc.nat(5),
      clockMs: fc.integer({ min: -900_000, max: 900_000 }),
      trusted: fc.boolean(),
    });
    const back = [
      { which: 4, clockMs: 0, trusted: true },
      { which: 0, clockMs: -20_001, trusted: true },
      { which: 1, clockMs: 0, trusted: true },
      { which: 0, clockMs: -220_001, trusted: true },
    ];
    const forthAndBack = [
      { which: 5, clockMs: 100_000, trusted: true },
      { which: 2, clockMs: 0, trusted: true },
      { which: 0, clockMs: -400_000, trusted: true },
      { which: 5, clockMs: 100_000, trusted: true },
    ];
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const seen = seenBefore(2);
        const accepted = new Set<number>();
        for (const { which, clockMs, trusted } of steps) {
          const id = ID.replace('3f2c', `000${which}`);
          const sent = { id, time: at(which * 100_000 - 200_000), expires: at(which * 100_000 - 20_000) };
          const time = { nowMs: wallMs(NOW + clockMs), startedMs: wallMs(NOW - 900_000), trusted };
          if (checkRequest(packet('open', envelope(sent)), time, seen, names, unlimited).kind !== 'accept') continue;
          expect(accepted.has(which)).toBe(false);
          accepted.add(which);
        }
      }),
      { examples: [[back], [forthAndBack]], numRuns: 500 },
    );
  });
});
