import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requestText } from '../../src/keys/signed-text.js';
import { newSigningKey } from '../../src/keys/signing-key.js';
import type { Role, TrustList } from '../../src/keys/trust-list.js';
import { keyringOf, listOf, siteKey, trusted } from './sample.js';

const office = newSigningKey().key;
const stranger = newSigningKey().key;
const good = listOf([trusted('office', office, ['enrol'])]);
const NOW = Date.UTC(2026, 10, 24, 9);

describe('a list', () => {
  test('is taken when the key of the site has signed it, and never replaced by an older one', () => {
    const keyring = keyringOf();
    expect(keyring.list).toBeUndefined();
    expect(keyring.take(listOf([], { serial: 5 })).kind).toBe('taken');
    expect(keyring.take(listOf([], { serial: 5 })).kind).toBe('same');
    const another = listOf([trusted('office', office, ['admin'])], { serial: 5 });
    expect(keyring.take(another)).toMatchObject({ kind: 'refused', why: expect.stringContaining('another list') });
    expect(keyring.take(listOf([trusted('office', office, ['admin'])], { serial: 4 })).kind).toBe('older');
    expect(keyring.list?.keys).toEqual([]);
    expect(keyring.take(listOf([trusted('office', office, ['admin'])], { serial: 6 })).kind).toBe('taken');
  });

  test('is the same however its fields stand and its signature is written, and is given on in one form', () => {
    const turned = Object.fromEntries(Object.entries(good).reverse());
    // The last character but two holds four bits that are no part of the 64 bytes.
    const spare = String.fromCharCode(good.signature.charCodeAt(85) + 1);
    const signature = `${good.signature.slice(0, 85)}${spare}==`;
    expect(Buffer.from(signature, 'base64')).toEqual(Buffer.from(good.signature, 'base64'));
    const texts = [good, turned, { ...good, signature }].map((list) => {
      const keyring = keyringOf();
      expect(keyring.take(list).kind).toBe('taken');
      for (const other of [good, turned, { ...turned, signature }]) expect(keyring.take(other).kind).toBe('same');
      return keyring.text;
    });
    expect(new Set(texts).size).toBe(1);
    expect(keyringOf().take(JSON.parse(texts[0] ?? '')).kind).toBe('taken');
  });

  test('is looked at as a whole only once its number and its signature are right', () => {
    const keyring = keyringOf();
    keyring.take(listOf([], { serial: 5 }));
    let looks = 0;
    const junk = (changes: object) => {
      const list = { ...listOf([], { serial: 6 }), ...changes };
      const get = () => {
        looks += 1;
        return Array.from({ length: 9_000 }, () => 7);
      };
      const keys = { enumerable: true, get };
      return Object.defineProperty(list, 'keys', keys);
    };
    expect(keyring.take(junk({ serial: 4 }))).toEqual({ kind: 'older' });
    expect(keyring.take(junk({ key: '0'.repeat(16) }))).toMatchObject({
      why: expect.stringMatching(/none of this site/),
    });
    expect(keyring.take(junk({ site: 'elsewhere' }))).toMatchObject({ why: expect.stringMatching(/elsewhere/) });
    expect(keyring.take(junk({ signature: 7 }))).toMatchObject({ why: expect.stringMatching(/signature/) });
    expect(looks).toBe(0);
    expect(keyring.take(junk({}))).toEqual({ kind: 'refused', why: 'its signature is wrong' });
    expect(looks).toBe(1);
  });

  test('may be signed with any key of the site, so that it can be renewed', () => {
    const renewed = newSigningKey().key;
    expect(keyringOf().take(listOf([], {}, renewed))).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining(renewed.id),
    });
  });

  test.each<[string, unknown, string]>([
    ['of another site', listOf([], { site: 'away' }), 'of the site "away"'],
    [
      'signed by somebody else in the name of the site',
      { ...listOf([], {}, stranger), key: siteKey.id },
      'its signature is wrong',
    ],
    ['that was changed', { ...good, keys: [trusted('office', stranger, ['admin'])] }, 'its signature is wrong'],
    ['with more in it', { ...good, more: 1 }, 'its signature is wrong'],
    [
      'whose key is not that of its id',
      listOf([{ ...trusted('office', office, ['enrol']), id: stranger.id }]),
      'not the one of its id',
    ],
    ['with a name twice', listOf([trusted('a', office, []), trusted('a', stranger, [])]), 'a name stands in it twice'],
    ['with a key twice', listOf([trusted('a', office, []), trusted('b', office, [])]), 'a key stands in it twice'],
    ['with an unknown role', listOf([trusted('a', office, ['king' as Role])]), 'keys.0.roles.0'],
    ['that is none', [], 'not a list of keys'],
  ])('%s is refused', (_what, document, why) => {
    const keyring = keyringOf();
    expect(keyring.take(document)).toEqual({ kind: 'refused', why: expect.stringContaining(why) });
    expect(keyring.list).toBeUndefined();
  });
});

describe('who has signed', () => {
  const text = 'what is signed';
  const check = (list: TrustList, key = office, roles: readonly Role[] = ['enrol'], asked = {}, now = NOW) => {
    const keyring = keyringOf(() => now);
    keyring.take(list);
    return keyring.check({ key: key.id, signature: key.sign(text), text: () => text }, roles, asked);
  };
  const revoked = (at: string) => listOf([trusted('office', office, ['enrol'], { revoked: at })]);

  test.each([
    ['one with the role', check(good), 'office'],
    ['one with one of the roles', check(good, office, ['open', 'enrol']), 'office'],
    ['a stranger', check(good, stranger), 'bad-signature'],
    ['nobody before there is a list', check({ ...good, signature: siteKey.sign('') }), 'bad-signature'],
    ['one without the role', check(good, office, ['open', 'admin']), 'not-allowed'],
    [
      'one for another gate',
      check(listOf([trusted('office', office, ['enrol'], { gates: ['south'] })]), office, ['enrol'], { gate: 'north' }),
      'not-allowed',
    ],
    [
      'one for this gate',
      check(listOf([trusted('office', office, ['enrol'], { gates: ['north'] })]), office, ['enrol'], { gate: 'north' }),
      'office',
    ],
    ['one that is revoked', check(revoked('2026-11-24T08:30:00.000Z')), 'bad-signature'],
    ['one that will be', check(revoked('2026-11-24T09:30:00.000Z')), 'office'],
    [
      'one that had been when the list was made, by a clock set back',
      check(revoked('2026-11-24T07:00:00.000Z'), office, ['enrol'], {}, 0),
      'bad-signature',
    ],
    [
      'one whose request says that it is from after the date',
      check(revoked('2026-11-24T09:30:00.000Z'), office, ['enrol'], { madeMs: Date.UTC(2026, 10, 25) }),
      'bad-signature',
    ],
  ])('%s', (_what, verdict, expected) => {
    expect(verdict.ok ? verdict.name : verdict.code).toBe(expected);
  });

  test.each([
    [undefined, 'x'],
    [office.id, undefined],
    [7, 'x'],
    [office.id, 'not base64'],
    [office.id.toUpperCase(), office.sign(text)],
  ])('a key or signature that is none: %s, %s', (key, signature) => {
    const keyring = keyringOf();
    keyring.take(good);
    const verdict = keyring.check({ key, signature, text: () => text }, ['enrol']);
    expect(verdict).toMatchObject({
      ok: false,
      code: key === undefined || signature === undefined ? 'unsigned' : 'bad-signature',
    });
  });

  test('no other text, and no other signature, counts', () => {
    const keyring = keyringOf();
    keyring.take(good);
    const target = { site: 'home', gate: 'north', verb: 'open' };
    const request = { v: 1, args: { reason: 'parcel', n: 3 }, key: office.id };
    const signature = office.sign(requestText(target, request));
    const ask = (text: () => string, given = signature) =>
      keyring.check({ key: office.id, signature: given, text }, ['enrol']).ok;
    expect(ask(() => requestText(target, { ...request, signature }))).toBe(true);
    expect(ask(() => requestText({ ...target, gate: '*' }, request))).toBe(false);
    expect(ask(() => requestText({ ...target, verb: 'mode' }, request))).toBe(false);
    expect(ask(() => requestText({ ...target, site: 'away' }, request))).toBe(false);
    expect(ask(() => requestText(target, { ...request, v: '\ud800' }))).toBe(false);
    fc.assert(
      fc.property(fc.nat(63), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const bytes = Buffer.from(signature, 'base64');
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        expect(ask(() => requestText(target, request), bytes.toString('base64'))).toBe(false);
      }),
    );
  });

  test('of a photo its hash is signed, of text as it is sent or of its bytes', () => {
    const of = (photo: unknown) =>
      requestText({ site: 'home', gate: 'north', verb: 'enroll' }, { args: { name: 'Ada', photo } });
    expect(of('/9j/')).toContain('"photo":"sha256:');
    expect(of('/9j/')).not.toBe(of('/9j_'));
    expect(of(Buffer.from('/9j/'))).toBe(of('/9j/'));
    expect(of(7)).toContain('"photo":7');
  });
});
