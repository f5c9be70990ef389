import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Claim, type EvidenceRule, weigh as weighDated } from '../../src/access/evidence.js';
import { REASONS } from '../../src/access/reasons.js';
import { whyNotValid } from '../../src/access/validity.js';
import { monotonicMs, wallMs } from '../../src/kit/clock.js';
import { means, says } from './sample.js';

const rule = { agree: 3, of: 5 };
const [N, T] = [says('nobody'), says('low-quality', 'turned away')];
/** What a track means, and by how many frames. */
const ada = (frames: number) => means('ada', 0.3, frames);
const bob = (frames: number) => means('bob', 0.3, frames);

/** Claims of frames 100 ms apart. */
const weigh = (claims: readonly Claim[], any: EvidenceRule) =>
  weighDated(
    claims.map((claim, i) => ({ ...claim, takenMs: monotonicMs(i * 100) })),
    any,
  );

describe('evidence of the last frames', () => {
  test.each<[string, readonly Claim[], string]>([
    ['without frames the reason is no-face', [], 'no-face'],
    ['the mean of three frames is enough', [ada(1), ada(2), ada(3)], 'ada'],
    ['it may come late', [N, N, N, N, ada(5)], 'ada'],
    ['that of two frames is not', [ada(1), ada(2)], 'not-enough-frames'],
    ['nor are many frames, most of which say nothing', [T, T, T, ada(1), ada(2)], 'low-quality'],
    ['the newest frame must mean the person', [ada(1), ada(2), ada(3), ada(4), N], 'not-enough-frames'],
    ['what the track meant longer ago than five frames does not count', [ada(3), N, N, N, T, T], 'nobody'],
    ['the newest frame says who it is', [ada(3), ada(4), bob(5)], 'bob'],
    ['a person who turns the head after they were known stays known', [ada(1), ada(2), ada(3), T, T], 'ada'],
    ['a turned head stays known for no longer than five frames', [ada(3), T, T, T, T, T], 'low-quality'],
    ['a turned head makes nobody known', [ada(1), ada(2), T, T], 'not-enough-frames'],
    [
      'a person is not known when a stranger and then a turned head come after them',
      [ada(3), ada(4), N, T],
      'not-enough-frames',
    ],
  ])('%s', (_rule, claims, expected) => {
    const evidence = weigh(claims, rule);
    expect(evidence.kind === 'person' ? evidence.id : evidence.reason).toBe(expected);
  });

  test('a known person comes with the distance and the time of the newest frame that says anything', () => {
    expect(weigh([means('ada', 0.2, 2), means('ada', 0.4, 3), T, T], rule)).toEqual({
      kind: 'person',
      id: 'ada',
      distance: 0.4,
      takenMs: 100,
    });
  });

  test('without a person the commonest reason is given, with the detail of its last frame', () => {
    const claims = [
      says('low-quality', 'blurred'),
      N,
      says('low-quality', 'too dark'),
      N,
      says('low-quality', 'tilted'),
    ];
    expect(weigh(claims, rule)).toMatchObject({ reason: 'low-quality', detail: 'tilted', settled: true });
    expect(weigh(claims.slice(0, 4), rule)).toMatchObject({ settled: false });
  });

  const frames = fc.integer({ min: 1, max: 8 });
  const claim = fc.oneof(
    fc
      .tuple(fc.constantFrom('ada', 'bob'), fc.double({ min: 0, max: 4, noNaN: true }), frames)
      .map((one) => means(...one)),
    fc.constantFrom(...(Object.keys(REASONS) as (keyof typeof REASONS)[])).map((reason) => says(reason)),
  );
  const rules = fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 8 }))
    .map(([agree, more]) => ({ agree, of: agree + more }));

  test('a person is known exactly when the newest of the last frames that says anything means them by enough frames', () => {
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 20 }), rules, (claims, any) => {
        const last = claims.slice(-any.of);
        const newest = last.findLast((one) => one.kind === 'person' || !/^(low-quality|too-small)$/.test(one.reason));
        const known = newest?.kind === 'person' && newest.frames >= any.agree;
        expect(weigh(claims, any)).toMatchObject(known ? { kind: 'person', id: newest.id } : { kind: 'none' });
      }),
    );
  });

  test('is monotone: one more frame that means the same never loses a person; a stricter rule never gains one', () => {
    fc.assert(
      fc.property(fc.array(claim, { minLength: 1, maxLength: 20 }), rules, (claims, any) => {
        const before = weigh(claims, any);
        if (before.kind === 'person')
          expect(weigh([...claims, means(before.id, 0.3, any.agree)], any)).toMatchObject({ id: before.id });
        else if (any.agree < any.of) expect(weigh(claims, { ...any, agree: any.agree + 1 }).kind).toBe('none');
      }),
    );
  });
});

describe('whether the dates of a person allow them in', () => {
  const [from, until] = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'];
  test.each([
    ['a person without dates is always allowed', null, null, '2026-01-15T00:00:00.000Z', undefined],
    ['not before the first moment', from, null, '2025-12-31T23:59:59.999Z', 'not-valid-yet'],
    ['from the first moment on', from, null, from, undefined],
    ['still in the last millisecond', null, until, '2026-01-31T23:59:59.999Z', undefined],
    ['no longer at the end', null, until, until, 'expired'],
    ['dates that exclude each other never allow', until, from, '2026-01-15T00:00:00.000Z', 'not-valid-yet'],
  ])('%s', (_rule, validFrom, validUntil, now, reason) => {
    expect(whyNotValid({ validFrom, validUntil }, wallMs(Date.parse(now)))).toBe(reason);
  });
});
